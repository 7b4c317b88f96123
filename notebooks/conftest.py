"""Under pytest every notebook runs with the smoke budget, writes to a folder of its own, and is timed."""

import os
import statistics
import tempfile

import pytest

collect_ignore = ["TEMPLATE.ipynb"]  # the start of a new lab: see CONTRIBUTING.md

_runs = tempfile.TemporaryDirectory(prefix="labs-smoke-")  # removed when pytest ends
os.environ.update(LABHELPERS_BUDGET="smoke", LABHELPERS_RUNS=_runs.name)
os.environ.pop("LABHELPERS_PUBLISH", None)

# Seconds on two idle cores. Every notebook begins with the same work, its setup cell, which imports everything: where
# that takes longer than here, because the machine is slow or busy, all limits grow in proportion.
NOTEBOOK_SECONDS, SERIES_SECONDS, SETUP_SECONDS = 25.0, 190.0, 2.5  # 20 and 150 are meant; a quarter more is noise
NOTEBOOKS = 9  # that SERIES_SECONDS was set for; with more, it grows in proportion

_cells: dict[str, dict[str, float]] = {}  # notebook → cell → seconds, the start of the kernel included


def pytest_runtest_logreport(report):
    notebook, _, cell = report.nodeid.rpartition("::")
    if notebook.endswith(".ipynb"):
        cells = _cells.setdefault(notebook, {"start": 0.0})
        name = cell if report.when == "call" else "start"
        cells[name] = cells.get(name, 0.0) + report.duration


def slowness(cells):
    """Return, for each notebook, how many times slower than SETUP_SECONDS its setup was, or the median of all."""
    setups = {notebook: own.get("Cell 0", 0.0) / SETUP_SECONDS for notebook, own in cells.items()}
    usual = max(1.0, statistics.median(setups.values()))
    return {notebook: max(usual, own) for notebook, own in setups.items()}, usual


def overspent(cells):
    """Return a sentence for each limit that is passed, and the lines of the table."""
    slow, usual = slowness(cells)
    total = {notebook: sum(own.values()) for notebook, own in cells.items()}
    lines = [f"{seconds:6.1f} s  of {NOTEBOOK_SECONDS * slow[name]:4.0f}  {name}" for name, seconds in total.items()]
    limit = SERIES_SECONDS * max(1.0, len(total) / NOTEBOOKS) * usual
    lines += [f"{sum(total.values()):6.1f} s  of {limit:4.0f}  all; machine × {usual:.2f}"]
    passed = [f"{name} is too slow" for name, seconds in total.items() if seconds > NOTEBOOK_SECONDS * slow[name]]
    if sum(total.values()) > limit:
        passed.append("all notebooks together are too slow")
    return passed, lines


def pytest_sessionfinish(session):
    if _cells and overspent(_cells)[0] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if _cells:
        passed, lines = overspent(_cells)
        terminalreporter.section("smoke budget")
        for line in lines:
            terminalreporter.write_line(line)
        for line in passed:
            terminalreporter.write_line(f"FAILED: {line}; cells by time: --durations=20", red=True)
