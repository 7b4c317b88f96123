"""Published rows: loaded if they fit, else measured here; workers see what the notebook sees."""

import importlib.resources
import json
import linecache

import numpy as np
import pandas as pd
import pytest
import torch

import labhelpers as lab
from labhelpers.evidence import rows

BODY = "def experiment(seed, depth):\n    calls.append(seed)\n    return {'value': seed * depth}\n"


class Calls(list):
    """A log that is no choice."""

    fingerprint = "a log"


def experiment(source=BODY):
    """An experiment as a cell defines it, and the log of its calls."""
    calls = Calls()
    name = f"<cell {hash(source)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space = {"__name__": "__main__", "calls": calls}
    exec(compile(source, name, "exec"), space)
    return space["experiment"], calls


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A folder in the place of the package's published rows."""
    folder = tmp_path / "published"
    folder.mkdir()
    monkeypatch.setattr(importlib.resources, "files", lambda name: folder)
    monkeypatch.setattr(rows.session, "home", lambda: tmp_path)
    (tmp_path / "labhelpers").mkdir()
    (tmp_path / "labhelpers" / "published").symlink_to(folder)
    return folder


@pytest.fixture
def published(package, laptop_session, monkeypatch):
    """Twenty published runs of `experiment`, and a runs folder that has none of them."""
    monkeypatch.setenv("LABHELPERS_PUBLISH", "1")
    lab.study(experiment()[0], run="02/x", seeds=10, depth=[1, 2], workers=1)
    monkeypatch.delenv("LABHELPERS_PUBLISH")
    for file in (laptop_session.runs / "02" / "x").iterdir():
        file.unlink()
    return package


def run(function, **more):
    return lab.study(function, **{"run": "02/x", "seeds": 10, "depth": [1, 2], "workers": 1} | more)


def test_rows_that_fit_are_loaded_and_said(published, capsys):
    function, calls = experiment()
    capsys.readouterr()
    table = run(function)
    assert not calls and len(table) == 20
    assert list(table["value"]) == [seed * depth for depth in (1, 2) for seed in range(10)]
    said = capsys.readouterr().out
    assert (
        "20 published (laptop budget, cpu, 0 min of a core; fresh=True measures them here)" in said
    )
    assert table.attrs["budget"] == "laptop" and table.attrs["device"] == "cpu"


@pytest.mark.parametrize(
    "source",
    [BODY.replace("seed * depth", "seed + depth"), BODY.replace("'value'", "'other'")],
)
def test_a_changed_line_makes_them_invalid_and_three_seeds_are_measured(published, source, capsys):
    function, calls = experiment(source)
    table = run(function)
    assert sorted(set(calls)) == [0, 1, 2] and sorted(set(table.seed)) == [0, 1, 2]
    said = capsys.readouterr().out
    assert (
        "no published rows fit: 3 of 10 seeds measured here; live=None measures all, in about"
        in said
    )


@pytest.mark.parametrize(
    "source",
    [
        BODY.replace("    calls", "    # a comment\n    calls"),
        BODY.replace("depth):\n", 'depth):\n    """Say what."""\n'),
        "\n\n" + BODY,
    ],
)
def test_a_comment_does_not(published, source):
    function, calls = experiment(source)
    assert len(run(function)) == 20 and not calls


def test_more_seeds_or_points_than_were_published_are_measured_in_part(published):
    function, calls = experiment()
    table = run(function, depth=[1, 2, 3])
    assert sorted(calls) == [0, 1, 2] and len(table) == 23
    function, calls = experiment(BODY + "\n# other")
    assert len(run(function, seeds=12, live=None)) == 24 and sorted(calls) == [10, 10, 11, 11]


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_fresh_measures_here(published, monkeypatch, how):
    function, calls = experiment()
    if how == "environment":
        monkeypatch.setenv("LABHELPERS_ROWS", "fresh")
    run(function, fresh=how == "argument", live=None)
    assert len(calls) == 20


def test_another_word_in_the_environment_is_refused(published, monkeypatch):
    monkeypatch.setenv("LABHELPERS_ROWS", "old")
    with pytest.raises(ValueError, match="LABHELPERS_ROWS='old' is not allowed"):
        run(experiment()[0])


def test_the_smoke_budget_uses_none(published, start):
    start("smoke")
    function, calls = experiment()
    run(function)
    assert len(calls) == 20


def test_each_budget_has_rows_of_its_own(published, start, monkeypatch):
    laptop = (published / "02-x.json.xz").read_bytes()
    start("full")
    function, calls = experiment()
    monkeypatch.setenv("LABHELPERS_PUBLISH", "1")
    run(function, seeds=12)
    assert len(calls) == 24 and (published / "02-x.json.xz").read_bytes() == laptop
    monkeypatch.delenv("LABHELPERS_PUBLISH")
    for file in (rows.session.current().runs / "02" / "x").iterdir():
        file.unlink()
    function, calls = experiment()
    assert run(function, seeds=12).attrs["budget"] == "full" and not calls
    start("laptop")
    assert run(function).attrs["budget"] == "laptop" and not calls


def test_a_study_of_ones_own_gets_all_its_seeds(published):
    function, calls = experiment()
    lab.study(function, run="02/mine", seeds=7, depth=[1], workers=1)
    assert len(calls) == 7


@pytest.mark.parametrize("content", [b"", b"no xz", None])
def test_a_damaged_file_is_said_and_measured(published, content, capsys):
    file = published / "02-x.json.xz"
    file.write_bytes(file.read_bytes()[:-20] if content is None else content)
    function, calls = experiment()
    run(function)
    assert len(calls) == 20 and "cannot be read" in capsys.readouterr().out


def test_publishing_measures_everything_whatever_lies_there(published, monkeypatch):
    before = (published / "02-x.json.xz").read_bytes()
    monkeypatch.setenv("LABHELPERS_PUBLISH", "1")
    function, calls = experiment()
    run(function)
    assert len(calls) == 20
    told = json.loads(__import__("lzma").decompress((published / "02-x.json.xz").read_bytes()))
    assert told["calls"] == json.loads(__import__("lzma").decompress(before))["calls"]


def test_rows_of_all_kinds_survive(package, laptop_session, monkeypatch):
    made = [{"a": 1, "b": float("nan")}, {"a": True, "c": "ü"}, {"a": None, "b": 1e-300}]

    def experiment(seed):
        return made

    monkeypatch.setenv("LABHELPERS_PUBLISH", "1")
    first = lab.study(experiment, run="02/k", seeds=2, workers=1)
    monkeypatch.delenv("LABHELPERS_PUBLISH")
    for file in (laptop_session.runs / "02" / "k").iterdir():
        file.unlink()
    pd.testing.assert_frame_equal(lab.study(experiment, run="02/k", seeds=2, workers=1), first)


def test_rows_are_small(package, laptop_session, monkeypatch):
    def experiment(seed, depth):
        rng = np.random.default_rng(seed)
        return [{"epoch": i, "loss": float(x)} for i, x in enumerate(rng.random(20))]

    monkeypatch.setenv("LABHELPERS_PUBLISH", "1")
    lab.study(experiment, run="02/s", seeds=10, depth=list(range(10)), workers=1)
    assert (package / "02-s.json.xz").stat().st_size < 30_000  # 2,000 random numbers of 8 bytes


# Rows finished here


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"checksum": "0", "value": 1}', None])
def test_a_damaged_row_is_put_aside_and_measured_again(laptop_session, damage, capsys):
    function, calls = experiment()
    lab.study(function, run="02/y", seeds=3, depth=[1], workers=1)
    file = next((laptop_session.runs / "02" / "y").glob("row-*.json"))
    content = bytearray(file.read_bytes())
    content[-8] ^= 1
    file.write_bytes(bytes(content) if damage is None else damage)
    lab.study(function, run="02/y", seeds=3, depth=[1], workers=1)
    assert len(calls) == 4 and "it is put aside" in capsys.readouterr().out


def test_a_full_disk_costs_the_file_not_the_row(laptop_session, monkeypatch, capsys):
    monkeypatch.setattr("labhelpers.store.files.WAITS", ())
    laptop_session.run_folder("02/z")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("labhelpers.store.files.os.fsync", full)
    assert len(lab.study(experiment()[0], run="02/z", seeds=3, depth=[1], workers=1)) == 3
    assert "NOT saved" in capsys.readouterr().out


def test_points_that_fail_are_named_the_others_kept_and_all_tried_again(laptop_session):
    source = BODY.replace(
        "    return", "    if seed == 1 and broken: raise OSError('gone')\n    return"
    )
    function, calls = experiment(source)
    function.__globals__["broken"] = Broken(True)
    with pytest.raises(
        RuntimeError,
        match=r"2 of 6 runs failed .*other 4 are kept.*\n  depth=1, seed=1: OSError: gone",
    ):
        lab.study(function, run="02/f", seeds=3, depth=[1, 2], workers=1)
    function.__globals__["broken"] = Broken(False)
    assert len(lab.study(function, run="02/f", seeds=3, depth=[1, 2], workers=1)) == 6
    assert len(calls) == 8


class Broken:
    """Whether something outside is broken, which is no choice."""

    fingerprint = "outside"

    def __init__(self, is_broken):
        self.is_broken = is_broken

    def __bool__(self):
        return self.is_broken


def test_rows_remember_their_sources(laptop_session):
    def experiment(seed):
        lab.load_data("mnist", train_size=50)
        return {"value": 1}

    first = lab.study(experiment, run="02/s", seeds=1, workers=1)
    assert "stand-in" in first.attrs["sources"]["mnist"]
    laptop_session.sources.clear()
    second = lab.study(experiment, run="02/s", seeds=1, workers=1)  # loaded
    assert second.attrs == first.attrs and "mnist" in laptop_session.sources


# The door


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"seeds": 0}, ValueError, "seeds=0 is not allowed"),
        ({"seeds": True}, ValueError, "seeds=True is not allowed"),
        ({"seeds": 2.0}, ValueError, "seeds=2.0 is not allowed"),
        ({"seeds": "12"}, ValueError, "seeds='12' is not allowed"),
        ({"seeds": [-1]}, ValueError, "a seed=-1 is not allowed"),
        ({"seeds": [0.5]}, ValueError, "a seed=0.5 is not allowed"),
        ({"seeds": []}, ValueError, "seeds is empty"),
        ({"seeds": [1, 1]}, ValueError, "look the same"),
        (
            {"depth": "abc"},
            ValueError,
            r"depth='abc' is not allowed: give a list of values, \['abc'\]",
        ),
        ({"depth": 3}, ValueError, "depth=3 is not allowed"),
        ({"depth": []}, ValueError, "depth is empty"),
        ({"seed": [1]}, ValueError, "seed is no factor"),
        (
            {"width": [1]},
            TypeError,
            "the experiment does not fit the study .*depth=…, width=…, seed=…",
        ),
        ({"workers": 0}, ValueError, "workers=0 is not allowed"),
        ({"run": "../x"}, ValueError, "run name '../x' is not allowed"),
    ],
)
def test_bad_input_gets_a_sentence_before_any_work(laptop_session, change, error, words):
    function, calls = experiment()
    with pytest.raises(error, match=words):
        lab.study(function, **{"run": "02/d", "seeds": 2, "depth": [1], "workers": 1} | change)
    assert not calls


@pytest.mark.parametrize(
    "seeds", [np.int64(2), range(2), np.arange(2), (0, 1), iter([0, 1]), torch.arange(2)]
)
def test_seeds_of_any_kind_are_taken(laptop_session, seeds):
    table = lab.study(experiment()[0], run="02/d", seeds=seeds, depth=iter([1, 2]), workers=1)
    assert list(table.seed) == [0, 1, 0, 1]


@pytest.mark.parametrize("name", ["depth", "seed"])
def test_a_result_named_like_a_factor_is_refused(laptop_session, name):
    with pytest.raises(RuntimeError, match=f"returned '{name}', which is a factor of the study"):
        lab.study(lambda seed, depth: {name: 1}, run="02/n", seeds=1, depth=[1], workers=1)


def test_what_cannot_travel_is_named(laptop_session):
    import threading

    lock = threading.Lock()
    with pytest.raises(TypeError, match="lock, a lock, cannot travel to a worker"):
        lab.study(lambda seed: {"a": str(lock)}, run="02/l", seeds=2, workers=2)
