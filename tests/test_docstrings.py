"""Every public name ends with an example, and each example does what it shows."""

import doctest

import matplotlib
import numpy as np
import pandas as pd
import pytest
import torch
from tqdm import tqdm

import labhelpers as lab

matplotlib.use("Agg")
NAMES = [name for name in lab.__all__ if name != "OPTIMIZERS"]  # a dict explains itself
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def examples(name):
    text = getattr(lab, name).__doc__ or ""
    space = {"lab": lab, "torch": torch, "np": np, "pd": pd}
    return doctest.DocTestParser().get_doctest(text, space, name, None, 0)


def without_bar(**options):
    return tqdm(**options | {"disable": True})


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_an_example(name):
    assert examples(name).examples, f"lab.{name} ends without an example"


@pytest.mark.parametrize("name", NAMES)
def test_examples_do_what_they_show(name, session, monkeypatch):
    monkeypatch.setenv("LABHELPERS_NOTEBOOK", "00-doc")
    monkeypatch.setattr("labhelpers.evidence.claims._claims", {})
    for module in ("engine.train", "evidence.study"):  # bars would stand among the lines
        monkeypatch.setattr(f"labhelpers.{module}.tqdm", without_bar)
    said = []
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    runner.run(examples(name), out=said.append)
    assert runner.failures == 0, "".join(said)
