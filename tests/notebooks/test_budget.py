"""The CPU seconds of the notebooks are measured, printed and kept: see notebooks/conftest.py."""

import os
import runpy
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[2]
CONFTEST = ROOT / "notebooks" / "conftest.py"


@pytest.fixture
def budget(monkeypatch):
    for name in ("LABHELPERS_BUDGET", "LABHELPERS_RUNS"):
        monkeypatch.setenv(name, "changed by the module and put back")
    return runpy.run_path(str(CONFTEST))


def test_each_notebook_has_a_limit(budget):
    most = 12.0 - budget["SAVED"]
    assert budget["overspent"]({"99-a.ipynb": most - 0.1})[0] == []
    assert budget["overspent"]({"99-a.ipynb": most + 0.1})[0] == ["99-a.ipynb uses too much CPU"]
    assert all(ceiling > budget["LIMIT"] for ceiling in budget["CEILINGS"].values())


def test_on_a_slow_machine_the_limits_grow_with_the_same_work(budget):
    most, usual = 12.0 - budget["SAVED"], budget["SETUP"]
    budget["_setup"].update({"98-b.ipynb": 0.8 * usual, "99-a.ipynb": 1.5 * usual})
    assert budget["limit"]("98-b.ipynb") == pytest.approx(1.5 * most)
    budget["_setup"].update({"99-a.ipynb": 0.5 * usual})
    assert budget["limit"]("98-b.ipynb") == most


BUSY = "import time\nwhile time.process_time() < 1.5: pass"
IDLE = "import time\ntime.sleep(3)"
FRESH = """import os, signal, sys, time
import numpy as np
assert sys.modules["__main__"].__dict__ is globals() and os.getpid() == os.getpgid(0)
assert os.environ["LABHELPERS_BUDGET"] == "smoke" and os.path.exists("1-over.ipynb")
assert os.environ["NOTEBOOK"] == "{}.ipynb"
open("drawn", "a").write(str(np.random.rand()) + " ")
try:
    os.killpg(0, signal.SIGINT)  # the stop button
    time.sleep(60)
except KeyboardInterrupt:
    stopped = True
assert stopped"""


@pytest.fixture
def notebooks(pytester, monkeypatch):
    """Return a function that writes notebooks beside a conftest whose kernels load NumPy alone."""
    text = CONFTEST.read_text(encoding="utf-8")
    text += "\nforked_kernels.LOADED, SETUP, SAVED = ['numpy.random'], 60.0, 0.0\n"
    text += "\n@pytest.hookimpl(tryfirst=True)\ndef pytest_runtest_setup(item):"
    text += "\n    os.environ['NOTEBOOK'] = item.path.name\n"
    pytester.makeconftest(f"{text}\nCEILINGS = {{'1': 1.0, '2': 30.0, '3': 2.9}}\n")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"), prepend=os.pathsep)

    def write(**sources):
        for name, cells in sources.items():
            notebook = v4.new_notebook(
                cells=[v4.new_code_cell(cell.replace("{}", name)) for cell in cells]
            )
            nbformat.write(notebook, pytester.path / f"{name}.ipynb")

    return write


def test_pytest_counts_the_cpu_seconds_of_each_kernel(pytester, notebooks):
    """A kernel without PyTorch starts in well under a second of CPU; sleeping costs none."""
    notebooks(**{"1-over": [BUSY], "2-under": [BUSY, FRESH], "3-idle": [IDLE, FRESH]})
    command = ("-p", "light", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider")

    result = pytester.runpytest_subprocess(*command)
    assert result.ret == 1
    result.assert_outcomes(passed=5)
    rows = [rf" +\d+\.\d s +of +\d+  {name}.ipynb" for name in ("1-over", "2-under", "3-idle")]
    result.stdout.re_match_lines([r".* smoke budget: .*", *rows])
    assert result.stdout.str().count("uses too much CPU") == 1
    result.stdout.fnmatch_lines(["FAILED: 1-over.ipynb uses too much CPU*"])
    drawn = (pytester.path / "drawn").read_text(encoding="utf-8").split()
    assert len(set(drawn)) == 2, "two kernels drew the same random numbers"

    result = pytester.runpytest_subprocess(*command, "2-under.ipynb")
    assert result.ret == 0
