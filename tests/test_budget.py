"""The smoke budget of the notebooks is measured, printed and kept: see notebooks/conftest.py."""

import runpy
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

pytest_plugins = ["pytester"]
CONFTEST = Path(__file__).resolve().parents[1] / "notebooks" / "conftest.py"


@pytest.fixture
def budget(monkeypatch):
    for name in ("LABHELPERS_BUDGET", "LABHELPERS_RUNS"):
        monkeypatch.setenv(name, "changed by the module and put back")
    return runpy.run_path(str(CONFTEST))


def notebook(setup, rest):
    return {"start": 1.0, "Cell 0": setup, "Cell 1": rest}


def test_a_notebook_and_the_series_have_limits(budget):
    assert budget["overspent"]({"a": notebook(2.5, 21.4)})[0] == []
    assert budget["overspent"]({"a": notebook(2.5, 21.6)})[0] == ["a is too slow"]
    passed, lines = budget["overspent"]({str(i): notebook(2.5, 18.0) for i in range(9)})
    assert passed == ["all notebooks together are too slow"] and "193.5 s  of  190  all" in lines[-1]
    assert budget["overspent"]({str(i): notebook(2.5, 13.0) for i in range(12)})[0] == []


def test_a_slow_machine_gets_more_time_and_a_fast_one_the_same(budget):
    for factor in (2, 5):
        assert budget["overspent"]({"a": {k: factor * v for k, v in notebook(2.5, 21.4).items()}})[0] == []
        assert budget["overspent"]({"a": {k: factor * v for k, v in notebook(2.5, 21.6).items()}})[0] != []
    assert budget["overspent"]({"a": notebook(0.5, 23.6)})[0] == ["a is too slow"]


def test_a_moment_of_load_is_forgiven_where_it_shows_and_relaxes_no_other_limit(budget):
    calm = {str(i): notebook(2.5, 5.0) for i in range(5)}
    assert budget["overspent"](calm | {"busy": notebook(5.0, 30.0)})[0] == []
    assert budget["overspent"](calm | {"busy": notebook(5.0, 30.0), "a": notebook(2.5, 22.0)})[0] == ["a is too slow"]


@pytest.mark.parametrize(("limits", "status"), [("", 0), ("NOTEBOOK_SECONDS", 1), ("SERIES_SECONDS", 1)])
def test_pytest_prints_the_seconds_and_fails_past_the_limit(pytester, limits, status):
    tiny = f"\n{limits} = 1e-3\n" if limits else ""
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8") + tiny)
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell("1 + 1")]), pytester.path / "tiny.ipynb")
    result = pytester.runpytest_subprocess("--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider")
    assert result.ret == status
    result.assert_outcomes(passed=1)
    result.stdout.re_match_lines(
        [r".* smoke budget .*", r" +\d+\.\d s +of +\d+  tiny.ipynb", r".* all; machine × 1.00"]
    )
    if limits:
        result.stdout.fnmatch_lines(["FAILED: * too slow; cells by time*"])
