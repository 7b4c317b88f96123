"""A study's processes: one pair of them, which takes seconds to start, serves all that is asked."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import importlib, os, sys
from dataclasses import replace
from joblib.externals.loky.backend.reduction import dumps  # as study does
import joblib, numpy as np, torch
import labhelpers as lab

def in_turn_and_not(experiment, run, **options):
    tables = [lab.study(experiment, run=f"{run}-{n}", workers=n, **options) for n in (1, 2)]
    assert tables[0].attrs == tables[1].attrs, tables[1].attrs
    return tables

def same(tables, told=()):
    first, *others = (table.drop(columns=list(told)) for table in tables)
    assert all(first.equals(other) for other in others), tables
    return first

# A data set travels as a name, and training gives the same rows, bit for bit.

lab.setup(budget="smoke")
mnist, text = lab.load_data("mnist"), lab.load_text("shakespeare")

def training(seed, width):
    torch.manual_seed(seed)
    run = lab.fit(lab.MLP(784, width, 10, dropout=0.1), mnist, epochs=1, batch_size=64, lr=0.01)
    loss = run.history[-1]["loss"]
    return {"loss": loss, "noise": torch.rand(()), "calls": torch.get_num_threads()}

print("pickled in", len(dumps(training)), "bytes")
options = {"seeds": 2, "width": [8, 16]}
tables = in_turn_and_not(training, "fit", **options)
with joblib.parallel_config("loky", n_jobs=2):
    tables.append(lab.study(training, run="loky", **options))
rows = same(tables)
assert rows["loss"].nunique() == 4 and set(rows["calls"]) == {1}
assert set(tables[1].attrs["sources"]) == {"mnist"}
print("the same rows")

# What surrounds an experiment is the same, before it is changed and after.

lab.setup(budget="laptop")
here = os.environ["HERE"]
sys.path.insert(0, here)
import mine

def look(seed):
    import mine as inside
    return {
        "module": mine.f(), "inside": inside.f(), "dtype": str(torch.get_default_dtype()),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "precision": torch.get_float32_matmul_precision(),
        "variable": os.environ.get("MY_CHOICE", ""),
        "folder": os.getcwd(), "divide": np.geterr()["divide"],
        "optimizer": str("odd" in lab.OPTIMIZERS),
        "labels": int(digits.train.labels.sum()),
        "seed of the session": lab.session.current().seed, "budget": lab.session.current().budget,
        "worker": os.getpid(),
    }

def compare(run):
    tables = in_turn_and_not(look, run, seeds=2)
    assert os.getpid() not in set(tables[1]["worker"])
    return same(tables, told=["worker"]).iloc[0]

digits = lab.load_data("digits", train_size=100)
before = compare("before")
open(here + "/mine.py", "w").write("def f(): return 2\\n")
importlib.reload(mine)
torch.set_default_dtype(torch.float64)
torch.use_deterministic_algorithms(True)
torch.set_float32_matmul_precision("high")
os.environ["MY_CHOICE"] = "yes"
os.makedirs(here + "/sub")
os.chdir(here + "/sub")
np.seterr(divide="ignore")
lab.OPTIMIZERS["odd"] = torch.optim.Adadelta
noisy = digits.train.labels.clone()
noisy[:50] = 0
digits = replace(digits, train=replace(digits.train, labels=noisy))
after = compare("after")
changed = [name for name in before.index if before[name] != after[name]]
assert changed == ["module", "inside", "dtype", "deterministic", "precision", "variable", "folder",
                   "divide", "optimizer", "labels"], changed
digits.train.labels.numpy()[:10] = 9  # in place, and uncounted
assert compare("in-place")["labels"] == after["labels"] + 90
print("the same surroundings")
"""


@pytest.fixture(scope="module")
def child(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    (folder / "mine.py").write_text("def f(): return 1\n", encoding="utf-8")
    (folder / "script.py").write_text(SCRIPT, encoding="utf-8")
    told = {"LABHELPERS_RUNS": str(folder / "runs"), "LABHELPERS_DATA": str(folder / "none")}
    # No bytecode: what is edited within the same second would not be read again.
    environment = os.environ | told | {"HERE": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, folder / "script.py"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)


def test_they_give_the_rows_of_calls_in_turn_and_the_data_travel_as_a_name(child):
    assert "the same rows" in child.stdout, child.stderr[-3000:]
    assert int(child.stdout.split("pickled in ")[1].split()[0]) < 10_000


def test_they_see_what_the_notebook_sees(child):
    assert "the same surroundings" in child.stdout, child.stderr[-3000:]
