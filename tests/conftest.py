"""Sessions of their own for the tests: nothing is read from or written to the checkout."""

import os
import random

# A second thread gains nothing at these sizes, and where the cores are shared it costs a lot: it
# waits for work at full speed. Processes that a test starts take this over.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import torch

from labhelpers import session as sessions
from labhelpers.data import files as datafiles
from labhelpers.engine import checkpoint, epoch

# Files of half a minute and more go first, so that at the end no process works alone on one.
LONG = (
    "test_exercises.py",
    "test_marks.py",
    "test_resume.py",
    "test_processes.py",
    "test_stand_ins.py",
    "test_codepage.py",
    "test_door.py",
)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name not in LONG)


def no_network(name, folder):
    raise ConnectionError("tests use no network")


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Return a function that starts a cpu session of a given budget below `tmp_path`."""
    monkeypatch.setenv("LABHELPERS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("LABHELPERS_DATA", str(tmp_path / "data"))
    for name in ("LABHELPERS_BUDGET", "LABHELPERS_PUBLISH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sessions, "_session", None)
    monkeypatch.setattr(datafiles, "download", no_network)  # tests never touch the network
    threads = torch.get_num_threads()
    generators = random.getstate(), np.random.get_state(), torch.get_rng_state()

    def start(budget):
        return sessions.setup(
            seed=0, device=os.environ.get("LABHELPERS_TEST_DEVICE", "cpu"), budget=budget
        )

    yield start
    torch.set_num_threads(threads)
    random.setstate(generators[0])
    np.random.set_state(generators[1])
    torch.set_rng_state(generators[2])


@pytest.fixture
def session(start):
    """A smoke-budget session: stand-in data, seconds."""
    return start("smoke")


@pytest.fixture
def saved_every_step(monkeypatch):
    """Runs write a checkpoint after every step, whatever that costs."""
    monkeypatch.setattr(epoch, "FETCH_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "SAVE_SHARE", 1e9)


@pytest.fixture
def laptop_session(start):
    """A laptop-budget session in the same folders: claims are judged, studies use processes."""
    return start("laptop")
