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


@pytest.mark.parametrize(
    ("source", "limit", "status"), [(BUSY, 1.0, 1), (BUSY, 30.0, 0), (IDLE, 4.9, 0)]
)
def test_pytest_counts_the_cpu_seconds_of_the_kernel(pytester, source, limit, status):
    """A kernel without PyTorch starts in well under a second of CPU; sleeping costs none."""
    text = CONFTEST.read_text(encoding="utf-8") + f"\nLIMIT = {limit}\n"
    pytester.makeconftest(text)
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(source)]), pytester.path / "tiny.ipynb")
    result = pytester.runpytest_subprocess(
        "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider"
    )
    assert result.ret == status
    result.assert_outcomes(passed=1)
    result.stdout.re_match_lines([r".* smoke budget: .*", r" +\d+\.\d s +of +\d+  tiny.ipynb"])
    if status:
        result.stdout.fnmatch_lines(["FAILED: tiny.ipynb uses too much CPU*"])
