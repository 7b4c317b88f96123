"""`study` on a real cluster of worker processes: the rows of the serial run, also when a worker is
killed.
"""

import glob
import os
import re
import signal
import time
from collections import Counter
from pathlib import Path

import distributed
import joblib
import pandas as pd
import pytest

import labhelpers as lab

pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # sockets of a dead worker


@pytest.fixture(scope="module")
def cluster():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def calls(tmp_path):
    """The folder in which every call leaves a file, also one whose worker dies."""
    (tmp_path / "calls").mkdir()
    return tmp_path / "calls"


def trained(calls, data, kill=None, rows=None):
    """A small training, which writes that it was called.

    The first call of seed `kill` kills its worker as soon as two files lie in the folder `rows`.
    """
    calls = str(calls)

    def experiment(seed, width):
        path = f"{calls}/width {width} seed {seed}"
        first = not os.path.exists(path)
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
        if first and seed == kill:
            while len(glob.glob(f"{rows}/row-*.json")) < 2:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        run = lab.fit(lab.MLP(784, width, 10, dropout=0.1), data, epochs=1, lr=0.01)
        return {"loss": run.history[-1]["loss"], "val_loss": run.best["val_loss"]}

    return experiment


def count(calls):
    return Counter({path.name: len(path.read_text().split()) for path in calls.iterdir()})


def processes(calls):
    return {pid for path in calls.iterdir() for pid in path.read_text().split()}


def test_a_cluster_gives_the_rows_of_the_serial_run(session, calls, cluster):
    experiment = trained(calls, lab.load_data("mnist", train_size=500))
    serial = lab.study(experiment, seeds=3, run="serial", workers=1, width=[8, 16])
    assert processes(calls) == {str(os.getpid())}
    with joblib.parallel_config("dask"):
        spread = lab.study(experiment, seeds=3, run="spread", width=[8, 16])
    pd.testing.assert_frame_equal(spread, serial, check_exact=True)
    workers = {str(worker["pid"]) for worker in cluster.run(lambda: {"pid": os.getpid()}).values()}
    assert processes(calls) - {str(os.getpid())} == workers and len(workers) == 2
    assert set(count(calls).values()) == {2} and len(serial) == 6
    with joblib.parallel_config("dask"):
        lab.study(experiment, seeds=4, run="spread", width=[8, 16])
    assert sum(count(calls).values()) == 12 + 2  # the two new ones: finished rows are not run again


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_study_survives_a_worker_that_is_killed(session, calls, cluster):
    data = lab.load_data("mnist", train_size=500)
    experiment = trained(calls, data, kill=2, rows=session.runs / "killed")
    with joblib.parallel_config("dask"):
        table = lab.study(experiment, seeds=5, run="killed", width=[8])
    called = count(calls)
    assert called["width 8 seed 2"] == 2, "the call whose worker died is run once more"
    assert sorted(called.values())[:2] == [1, 1], "what was finished is not"
    with joblib.parallel_config("dask"):
        again = lab.study(experiment, seeds=5, run="killed", width=[8])
    assert count(calls) == called  # all rows were on disk
    pd.testing.assert_frame_equal(again, table, check_exact=True)
    serial = lab.study(trained(calls, data), seeds=5, run="killed-serial", workers=1, width=[8])
    pd.testing.assert_frame_equal(table, serial, check_exact=True)


def test_a_cluster_as_in_the_readme(session, cluster):
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    snippet = next(
        code
        for code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
        if "parallel_config" in code
    )
    address = cluster.scheduler_info()["address"]
    names = {"lab": lab, "experiment": lambda seed, depth: {"value": seed * depth}}
    exec(snippet.replace("tcp://scheduler:8786", address), names)
    names["client"].close()
    assert list(names["table"]["value"]) == [
        seed * depth for depth in (2, 10, 40) for seed in range(5)
    ]
