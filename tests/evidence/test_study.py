"""`study`: rows, processes, and what is kept."""

import dataclasses
import importlib
import linecache
import os
import sys

import joblib
import pandas as pd
import pytest
import torch

import labhelpers as lab
from labhelpers.evidence import study, workers


def test_without_a_word_a_study_leaves_this_process_on_a_cpu_with_cores(
    laptop_session, monkeypatch
):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 2)
    table = lab.study(lambda seed: {"process": os.getpid()}, seeds=2, run="processes")
    assert os.getpid() not in set(table["process"])


def counted(calls, fail_at=None):
    def experiment(seed, depth, kind="a"):
        if len(calls) == fail_at:
            raise RuntimeError("cut off")
        calls.append((seed, depth))
        return {"draw": torch.rand(()).item(), "product": seed * depth}

    return experiment


def test_rows_are_in_the_order_of_grid_and_seeds_and_draw_from_their_seed(session):
    table = lab.study(counted([]), seeds=[3, 1], run="order", depth=[2, 5], kind=["a", "b"])
    assert list(table.columns) == ["depth", "kind", "seed", "draw", "product"]
    rows = [
        (2, "a", 3),
        (2, "a", 1),
        (2, "b", 3),
        (2, "b", 1),
        (5, "a", 3),
        (5, "a", 1),
        (5, "b", 3),
        (5, "b", 1),
    ]
    assert list(table[["depth", "kind", "seed"]].itertuples(index=False, name=None)) == rows
    torch.manual_seed(3)
    assert table["draw"][0] == torch.rand(()).item()


def test_a_study_that_was_cut_off_computes_only_what_is_left(session):
    source = "def f(seed, depth):\n    if go.stop == len(go.calls): raise RuntimeError('cut off')\n"
    source += "    go.calls.append(seed)\n    return {'value': seed * depth}"

    class Go:
        stop, calls, fingerprint = 3, [], "not a choice"

    go = Go()
    space = {"__name__": "__main__", "go": go}
    exec(source, space)
    with pytest.raises(RuntimeError, match="cut off"):
        lab.study(space["f"], seeds=3, run="cut", depth=[1, 2])
    assert len(go.calls) == 3
    go.stop = None
    table = lab.study(space["f"], seeds=3, run="cut", depth=[1, 2])
    assert go.calls == [0, 1, 2, 0, 1, 2] and list(table["value"]) == [0, 1, 2, 0, 2, 4]
    lab.study(space["f"], seeds=3, run="cut", depth=[2, 1])
    assert len(go.calls) == 6
    lab.study(space["f"], seeds=4, run="cut", depth=[1])
    assert len(go.calls) == 7
    lab.study(space["f"], seeds=3, run="cut", depth=[1], fresh=True)
    assert len(go.calls) == 10


def test_the_line_counts_in_english(session, capsys):
    lab.study(lambda seed: {"loss": 1.0}, seeds=1, run="one")
    lab.study(lambda seed, depth: {"loss": 1.0}, seeds=2, run="four", depth=[1, 2])
    said = capsys.readouterr().out
    assert "one: 1 setting × 1 seed = 1 run" in said and "1 runs" not in said
    assert "four: 2 settings × 2 seeds = 4 runs" in said


def test_a_changed_experiment_is_computed_anew(session):
    for factor in (1, 2):
        table = lab.study(lambda seed: {"value": factor * (seed + 1)}, run="changed")  # noqa: B023
        assert list(table["value"]) == [factor, 2 * factor, 3 * factor]


def test_lists_of_dicts_become_rows(session):
    table = lab.study(
        lambda seed: [{"epoch": i, "loss": torch.tensor(0.5)} for i in (1, 2)], seeds=2, run="list"
    )
    expected = pd.DataFrame({"seed": [0, 0, 1, 1], "epoch": [1, 2, 1, 2], "loss": [0.5] * 4})
    pd.testing.assert_frame_equal(table, expected)


def test_fit_in_a_call_draws_its_orders_from_the_calls_seed(session):
    table = lab.study(
        lambda seed: {"session": lab.session.current().seed}, seeds=[4, 5], run="seeds"
    )
    assert list(table["session"]) == [4, 5]


@pytest.mark.parametrize("value", [torch.ones(2), [1], {"a": 1}, object])
def test_what_is_not_plain_is_refused_by_name(value, session):
    words = (
        r"seed=0: TypeError: the experiment returned accuracy=.*: return plain numbers or strings"
    )
    with pytest.raises(RuntimeError, match=words):
        lab.study(lambda seed: {"accuracy": value}, run="plain")
    with pytest.raises(RuntimeError, match=r"the experiment returned 0.5: return a dict"):
        lab.study(lambda seed: 0.5, run="plain")


def test_bad_grids_are_refused(session):
    with pytest.raises(ValueError, match="seeds=0 is not allowed"):
        lab.study(counted([]), seeds=0, run="x", depth=[1])
    with pytest.raises(ValueError, match="depth is empty"):
        lab.study(counted([]), run="x", depth=[])
    for grid in ({"depth": [1, 1]}, {"depth": [object(), object()]}):
        with pytest.raises(ValueError, match="look the same: give each value once"):
            lab.study(counted([]), run="x", **grid)


def test_threads_do_not_mix_up_generators_and_sessions(laptop_session):
    def experiment(seed):
        draws = [torch.rand(1000).sum().item() for _ in range(50)]
        return {"sum": sum(draws), "session": lab.session.current().seed}

    with joblib.parallel_config("threading", n_jobs=4):
        threads = lab.study(experiment, seeds=8, run="threads")
    pd.testing.assert_frame_equal(threads, lab.study(experiment, seeds=8, run="turn", workers=1))
    assert lab.session.current() is laptop_session


CELL = """
import dataclasses, json, torch
import labhelpers as lab
from labhelpers.evidence import study, workers
from labhelpers.store.fingerprint import describe

@dataclasses.dataclass
class Settings:
    width: int = 3

    def doubled(self):
        return 2 * self.width  # a comment

class Net(torch.nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.settings, self.layer = settings, torch.nn.Linear(settings.doubled(), 2)

    def forward(self, x):
        return twice(self.layer(x))

def twice(x):
    return 2 * x

def experiment(seed):
    model = Net(Settings())
    return {"told": json.dumps(describe([model, Settings, twice, lambda x: x + seed]))}
"""


def test_a_fingerprint_is_the_same_in_a_study_s_process(laptop_session):
    """A notebook's classes have no file there; a run that a study made is found again here."""
    linecache.cache["<cell 77>"] = (len(CELL), None, CELL.splitlines(keepends=True), "<cell 77>")
    space = {"__name__": "__main__"}
    exec(compile(CELL, "<cell 77>", "exec"), space)
    there = lab.study(space["experiment"], seeds=2, run="00/told", workers=2)
    assert list(there.told) == [space["experiment"](seed)["told"] for seed in range(2)]


@pytest.mark.parametrize(
    ("device", "cores", "expected"), [("cuda", 2, 2), ("cuda", 64, 8), ("mps", 8, 1)]
)
def test_an_nvidia_gpu_is_shared_by_a_few_processes(session, monkeypatch, device, cores, expected):
    there = dataclasses.replace(session, device=torch.device(device), budget="full")
    monkeypatch.setattr(study.session, "current", lambda: there)
    monkeypatch.setattr(joblib, "cpu_count", lambda: cores)
    assert study._workers(None) == expected and study._workers(3) == 3


classes = [1, 2, 3]  # also the name of a module, torch.classes, which cannot be pickled


def test_a_name_that_is_also_a_module_of_torch_travels(laptop_session):
    ops = {"double": 2}

    def experiment(seed):
        return {"total": float(torch.tensor(classes).sum()) * ops["double"]}

    table = lab.study(experiment, seeds=2, run="99/classes", workers=2)
    assert list(table["total"]) == [12, 12]


@pytest.mark.parametrize("folder", ["site-packages", "target"])
def test_an_installed_package_goes_to_the_processes_by_its_name(folder, tmp_path, monkeypatch):
    place = tmp_path / folder
    for path, text in {
        "deep/__init__.py": "value = 1\n",
        "deep-1.0.dist-info/RECORD": "deep/__init__.py,,\ndeep-1.0.dist-info/RECORD,,\n",
    }.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text, encoding="utf-8")
    beside = (place if folder == "target" else tmp_path) / "mine.py"  # not the installer's
    beside.write_text("value = 3\n", encoding="utf-8")
    for path in (place, tmp_path):
        monkeypatch.syspath_prepend(str(path))
    for name in ("deep", "mine"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    deep, mine = importlib.import_module("deep"), importlib.import_module("mine")
    assert not workers._is_own(deep) and workers._is_own(mine)
    for name in ("deep", "mine"):
        monkeypatch.delitem(sys.modules, name)
