"""The benchmark script measures what it says: no time is asserted here."""

import contextlib
import dataclasses
import importlib.util
import json
import sys

import bench
import bench_agents
import bench_growth
import pytest
import readme
import torch

import labhelpers as lab


@pytest.fixture
def task(session):
    torch.manual_seed(0)
    return bench.Task("MLP on MNIST", lab.MLP(784, 8, 10), lab.load_data("mnist", 300))


def test_ratios_are_those_of_medians_to_the_first_row():
    table = bench.rows("a group", {"base": [2.0, 100.0, 1.0], "other": [3.0, 4.0], "gone": []})
    assert table[0] == {
        "group": "a group",
        "what": "base",
        "median": 2,
        "low": 1,
        "high": 100,
        "n": 3,
        "unit": "s",
        "ratio": 1,
    }
    assert (table[1]["median"], table[1]["ratio"]) == (3.5, 1.75)
    assert table[2] == {"group": "a group", "what": "gone", "unit": "not installed"}


def test_every_pipeline_sees_the_same_pixels(task):
    images, labels = task.tensors
    for i in (0, 7):
        x, y = task.pictures[i]
        torch.testing.assert_close(x, images[i])
        assert y == labels[i]
    task = bench.dataclasses.replace(task, data=lab.load_data("cifar10", 20))
    torch.testing.assert_close(task.pictures[3][0], task.tensors[0][3])


def test_every_pipeline_trains_a_copy_for_an_epoch(task, monkeypatch):
    steps = []
    monkeypatch.setattr(bench, "ADAM", lambda parameters, **_: Counting(parameters, steps))
    before = [parameter.clone() for parameter in task.model.parameters()]
    for run in (bench.bare, bench.loader, *bench.RECORDED.values()):
        steps.clear()
        run(task)
        assert len(steps) == 3, "300 images make batches of 128, 128 and 44"
    assert all(map(torch.equal, before, task.model.parameters()))


class Counting(torch.optim.Adam):
    def __init__(self, parameters, steps):
        super().__init__(parameters)
        self.steps = steps

    def step(self, closure=None):
        self.steps.append(1)
        return super().step(closure)


def test_the_recorder_is_on_the_model_that_is_trained(task):
    found = []

    @contextlib.contextmanager
    def watch(model):
        with lab.record_gradients(model) as gradients:
            yield
        found.append(len(gradients.norms))

    bench.bare(task, watch=watch)
    assert found == [3]  # a row of norms per step


def test_the_loop_that_validates_does_so_after_each_pass(task, monkeypatch):
    found = []
    monkeypatch.setattr(torch, "cat", lambda parts: found.append(parts) or parts[0])
    bench.validated(dataclasses.replace(task, epochs=2))
    assert [sum(map(len, parts)) for parts in found] == [len(task.data.val)] * 2


def test_a_peer_that_is_missing_is_said_to_be(task, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "skorch" else found(name)
    )
    assert not bench.installed("skorch on preloaded tensors") and bench.installed(bench.LOADER)
    monkeypatch.setattr(bench, "SLOW", {"skorch on preloaded tensors": bench.skorch})
    table = bench.epochs(task, rounds=2)
    assert [row["what"] for row in table] == [
        *bench.QUICK,
        "skorch on preloaded tensors",
        *bench.RECORDED,
    ]
    assert (
        table[2]["unit"] == "not installed"
        and table[0]["n"] == table[1]["n"] == 4
        and table[3]["n"] == 2
    )


def test_json_and_printed_table_agree(start, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LABHELPERS_RUNS", "put back afterwards")
    output = tmp_path / "results.json"
    monkeypatch.setattr(
        sys, "argv", ["bench.py", "epochs", "--quick", "--rounds", "1", "--output", str(output)]
    )
    bench.main()
    results, said = json.loads(output.read_text(encoding="utf-8")), capsys.readouterr().out
    wanted = [*bench.QUICK, *bench.SLOW, *bench.RECORDED]
    assert [row["what"] for row in results["rows"]] == 2 * wanted
    assert bench.printed(results) in said and "stand-in" in results["data"]
    for row in results["rows"]:
        numbers = (
            [f"{row['median']:.3g}", f"{row['ratio']:.3f}"] if "n" in row else ["not installed"]
        )
        assert any(
            all(text in line for text in (row["group"], row["what"], *numbers))
            for line in said.splitlines()
        )


def test_growth_is_measured_and_drawn_for_each_kind_of_work(session, tmp_path):
    sizes = [sum(p.numel() for p in bench_growth.wide(n).parameters()) for n in bench_growth.TIMES]
    assert [round(size / sizes[0], 2) for size in sizes] == [1, 2, 4]
    groups = bench_growth.jobs(True, bench.Task, bench.GROWTH)
    table = bench.turns({name: groups[name] for name in list(groups)[-1:]}, rounds=1)
    assert [row["what"] for row in table] == [f"lab.study, × {n}" for n in (1, 2, 4)]
    numbers = {"median": 1.0, "low": 0.5, "high": 2.0}
    rows = [{"group": name, "what": what, **numbers} for name in groups for what in groups[name]]
    bench_growth.draw(rows, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 5_000
    results = json.loads(bench.RESULTS.read_text(encoding="utf-8"))
    said = readme.growth(readme.grouped([*results["rows"], *rows]))
    assert said[0].startswith("Ours takes 1.0 × with four times the images, ")


def test_the_loops_of_the_agents_run(session):
    for kind, ours in {"DQN": "lab 15's DQN", "PPO": "lab 16's PPO"}.items():
        group = next(jobs for name, jobs in bench_agents.jobs(True).items() if kind in name)
        first, plain, *_ = group
        assert first == f"{ours} through lab.train"
        for name in (first, plain):
            group[name]()


def test_an_unknown_part_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench.py", "epoch"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "unknown part epoch: choose from epochs, validation, costs" in capsys.readouterr().err


def test_what_is_committed_is_a_full_measurement_on_real_mnist():
    results = json.loads(bench.RESULTS.read_text(encoding="utf-8"))
    epochs = [
        row for row in results["rows"] if row["group"] == "MLP on MNIST: an epoch of 55,000 images"
    ]
    assert [row["what"] for row in epochs] == [*bench.QUICK, *bench.SLOW, *bench.RECORDED]
    assert "mnist: original files" in results["data"]
    for name in (
        "start",
        "data",
        "checkpoint",
        "peak memory",
        "four runs of MLP",
        "four runs of LeNet-5",
        "GPT",
        "1,000 moves",
        "DQN",
        "PPO",
        "growth with images",
        "growth with parameters",
        "growth with runs",
    ):
        assert any(row["group"].startswith(name) for row in results["rows"]), name


def test_the_readme_quotes_ratios_with_date_and_machine():
    results = json.loads(bench.RESULTS.read_text(encoding="utf-8"))
    text = readme.speed(results)
    for row in results["rows"]:
        if row["what"] == bench.FIT and row["unit"] == "s":
            assert f"{row['ratio']:.2f} ×" in text
    assert results["date"] in text and results["machine"] in text
