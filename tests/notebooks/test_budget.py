"""The CPU seconds of the notebooks are measured, printed and kept: see notebooks/conftest.py."""

import runpy
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

pytest_plugins = ["pytester"]
CONFTEST = Path(__file__).resolve().parents[2] / "notebooks" / "conftest.py"


@pytest.fixture
def budget(monkeypatch):
    for name in ("LABHELPERS_BUDGET", "LABHELPERS_RUNS"):
        monkeypatch.setenv(name, "changed by the module and put back")
    return runpy.run_path(str(CONFTEST))


def test_each_notebook_has_a_limit(budget):
    assert budget["overspent"]({"99-a.ipynb": 11.9})[0] == []
    assert budget["overspent"]({"99-a.ipynb": 12.1})[0] == ["99-a.ipynb uses too much CPU"]
    assert all(ceiling > budget["LIMIT"] for ceiling in budget["CEILINGS"].values())


def test_on_a_slow_machine_the_limits_grow_with_the_setup_cells(budget):
    budget["_setup"].update({"98-b.ipynb": 3.0, "99-a.ipynb": 6.0})  # of 4.0 on a usual one
    assert budget["limit"]("98-b.ipynb") == 1.5 * budget["LIMIT"]
    budget["_setup"].update({"99-a.ipynb": 2.0})
    assert budget["limit"]("98-b.ipynb") == budget["LIMIT"]


BUSY = "import time\nwhile time.process_time() < 1.5: pass"
IDLE = "import time\ntime.sleep(5)"


def test_pytest_counts_the_cpu_seconds_of_each_kernel(pytester):
    """A kernel without PyTorch starts in well under a second of CPU; sleeping costs none."""
    text = CONFTEST.read_text(encoding="utf-8")
    pytester.makeconftest(f"{text}\nCEILINGS = {{'1': 1.0, '2': 30.0, '3': 4.9}}\n")
    for name, source in {"1-over": BUSY, "2-under": BUSY, "3-idle": IDLE}.items():
        notebook = v4.new_notebook(cells=[v4.new_code_cell(source)])
        nbformat.write(notebook, pytester.path / f"{name}.ipynb")
    command = ("--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider")

    result = pytester.runpytest_subprocess(*command)
    assert result.ret == 1
    result.assert_outcomes(passed=3)
    rows = [rf" +\d+\.\d s +of +\d+  {name}.ipynb" for name in ("1-over", "2-under", "3-idle")]
    result.stdout.re_match_lines([r".* smoke budget: .*", *rows])
    assert result.stdout.str().count("uses too much CPU") == 1
    result.stdout.fnmatch_lines(["FAILED: 1-over.ipynb uses too much CPU*"])

    result = pytester.runpytest_subprocess(*command, "2-under.ipynb")
    assert result.ret == 0
