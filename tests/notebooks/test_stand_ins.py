"""Every lab gets its data without files and without a network, with the sizes of each budget."""

import ast
import functools
import re
from collections.abc import Iterator

import matplotlib.pyplot as plt
import nbformat
import pytest
import torch
from notebook_code import NOTEBOOKS

import labhelpers as lab
from labhelpers.data import parts, sources

TRAINING = ("fit", "train", "study")


def cells(path) -> list[str]:
    """The code of a notebook's cells, without the lines that only Jupyter can read."""
    found = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    return [re.sub(r"^( *)%", r"\1pass  # %", cell.source, flags=re.M) for cell in found]


LABS = [
    path
    for path in sorted(NOTEBOOKS.glob("*.ipynb"))
    if any("lab.load_data(" in source for source in cells(path))
]


class Stop(Exception):
    """Here the training would begin."""


@pytest.fixture
def offline(start, monkeypatch):
    """No files, no network and no training, and few images.

    Whether a size is allowed is judged as ever; that a stand-in has the size is tested elsewhere.
    """

    def stop(*args, **kwargs):
        raise Stop

    for name in TRAINING:
        monkeypatch.setattr(lab, name, stop, raising=False)
    for place, name in ((torch.Tensor, "backward"), (torch.autograd, "grad")):  # loops by hand
        monkeypatch.setattr(place, name, stop)
    for kind, (draw, words) in sources.DRAWN.items():
        few = functools.partial(lambda draw, size: draw(min(size, 1_000)), draw)
        monkeypatch.setitem(sources.DRAWN, kind, (few, words))
    monkeypatch.setattr(parts, "sampled", lambda arrays, recipe: arrays)
    charts = lab.draw_charts
    monkeypatch.setattr(
        lab, "draw_charts", lambda folder, *counts: charts(folder, *(min(n, 5) for n in counts))
    )
    yield
    plt.close("all")


def statements(source: str, whole: bool) -> Iterator[ast.stmt]:
    """All statements of a cell; or, after the first data, only what loads more of it."""
    for statement in ast.parse(source).body:
        text = ast.unparse(statement)
        loads = "lab.load_data(" in text and "folder" not in text  # not a file that a lab writes
        chooses = "lab.load_data(" in source and "session.pick(" in text
        if whole or loads or chooses:
            yield statement


def run(statement: ast.stmt, names: dict, trained: bool) -> bool:
    """Whether the statement came to its end before any training, or what comes of it.

    Where a lab trains before it loads data (`trained`), what a training gives is missing.
    """
    try:
        exec(compile(ast.Module([statement], []), "<cell>", "exec"), names)
    except Stop:
        return False
    except (NameError, ValueError):
        if not trained:
            raise
        return False
    return True


@pytest.mark.parametrize("budget", ["laptop", "full"])
@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
def test_a_lab_gets_its_data_without_files_and_network(offline, monkeypatch, path, budget):
    monkeypatch.setenv("LABHELPERS_BUDGET", budget)
    loaded = []

    def load_data(*args, **kwargs):
        loaded.append(original(*args, **kwargs))
        return loaded[-1]

    original = lab.load_data
    monkeypatch.setattr(lab, "load_data", load_data)
    names = {"__name__": "__main__", "display": print}
    stopped = False
    for source in cells(path):
        before_data = not loaded
        for statement in statements(source, whole=before_data):
            if not run(statement, names, trained=stopped and not loaded):
                stopped = True
                break
    assert loaded and names["session"].budget == budget
    assert all(data.stand_in or data.name in ("shapes", "charts") for data in loaded)


def test_there_is_a_lab_for_each_data_set():
    assert len(LABS) >= 12
