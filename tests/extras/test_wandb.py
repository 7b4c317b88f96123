"""Weights & Biases, offline: it must follow the events of every run, and leave results and folders
as they are.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BODY = """
import torch
import labhelpers as lab

for _ in range(2):  # a setup cell may be run again
    session = lab.setup(budget="smoke", device="cpu", wandb="labs")
digits = lab.load_data("mnist", train_size=64)
torch.manual_seed(0)
for name in ("01/a", "01/b"):
    lab.fit(lab.MLP(784, 10), digits, epochs=3, run=name)
import wandb
assert wandb.run.project == "labs"
wandb.finish()
"""


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The runs folder after a session of two runs, in a process of its own: the client keeps
    threads and a service.
    """
    runs = tmp_path_factory.mktemp("runs")
    environment = os.environ | {
        "LABHELPERS_RUNS": str(runs),
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
    }
    done = subprocess.run(
        [sys.executable, "-c", BODY], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return runs


def test_both_runs_are_in_the_record_under_their_own_names(followed):
    (record,) = followed.glob("wandb/offline-run-*/*.wandb")
    content = record.read_bytes()
    for metric in (b"01/a/loss", b"01/b/loss", b"01/b/val_accuracy"):
        assert metric in content


def test_the_runs_keep_what_they_always_keep(followed):
    for name in ("a", "b"):
        kept = {path.name.split(".")[0] for path in Path(followed, "01", name).iterdir()}
        assert kept == {"checkpoint", "history", "events", "lock"}
