"""Functions as a notebook defines them: in `__main__`, with their source in linecache."""

import itertools
import linecache
import types

import numpy as np
import torch
from torch import nn

CELLS = itertools.count()


def cell(source, **names):
    """Run a cell as a notebook does, and return its namespace."""
    name = f"<cell of a test {next(CELLS)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space = {"__name__": "__main__", "np": np, "torch": torch, "nn": nn, **names}
    exec(compile(source, name, "exec", dont_inherit=True), space)
    return space


def step(body, before="", **names):
    """A step with `body`, after `before` has run in the same cell."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return cell(f"{before}\ndef step(batch):\n{lines}\n", **names)["step"]


def module(name, **names):
    """A module made by hand."""
    made = types.ModuleType(name)
    vars(made).update(names)
    return made
