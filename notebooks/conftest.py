"""Under pytest every notebook runs with the smoke budget, in its own folder, and is measured."""

import os
import sys
import tempfile
from pathlib import Path

import forked_kernels
import psutil
import pytest
from jupyter_client.provisioning import local_provisioner

collect_ignore = ["TEMPLATE.ipynb"]  # the start of a new lab: see CONTRIBUTING.md

_runs = tempfile.TemporaryDirectory(prefix="labs-smoke-")  # removed when pytest ends
os.environ.update(LABHELPERS_BUDGET="smoke", LABHELPERS_RUNS=_runs.name)
os.environ.pop("LABHELPERS_PUBLISH", None)
# A second thread gains nothing at these sizes, and burns time while it waits for work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A home that cannot be written must not stop a kernel: IPython, Jupyter and matplotlib keep files.
if not os.access(Path.home(), os.W_OK):
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "MPLCONFIGDIR"):
        os.environ.setdefault(name, str(Path(_runs.name) / name.lower()))

# With more threads than one, a kernel that was forked would lack those that stood by.
FORKED = sys.platform == "linux" and os.environ["OMP_NUM_THREADS"] == "1"
if FORKED:
    local_provisioner.launch_kernel = forked_kernels.Kernel

# Seconds of CPU that a notebook's kernel may use, importing PyTorch included: not wall time, which
# grows on a busy machine. Even CPU seconds do where two threads share a core: every notebook begins
# with the same work, its setup cell, and where that takes longer the limits grow in proportion.
# On a shared machine this same work took 4.0 to 6.2 s within one run, so the slowest counts: a
# notebook is above its limit where no such slowness explains it.
# Forked kernels find the packages loaded, which saves them 5.5 s. Their same work is that loading,
# in each process of pytest: it takes 1.1 (a quiet machine) to 1.5 times (a busy one) as long as a
# setup cell, here 1.25.
LIMIT, SETUP, SAVED = (12.0, 5.0, 5.5) if FORKED else (12.0, 4.0, 0.0)
# Labs that are above it, or near it on a busy machine: their ceilings may only shrink.
CEILINGS = {
    "01": 19,
    "02": 18,
    "03": 20,
    "04": 19,
    "05": 19,
    "06": 18,
    "07": 19,
    "08": 19,
    "09": 16,
    "10": 24,
    "11": 22,
    "12": 23,
    "13": 18,
    "14": 21,
}

_used: dict[str, float] = {}  # notebook → seconds of CPU
_setup: dict[str, float] = {}  # the same after its first cell, or what loading has taken


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    """Read the kernel's clock after each cell, while it lives."""
    kernel = getattr(item.parent, "kernel", None)
    process = getattr(getattr(kernel, "km", None), "provisioner", None)
    if process is None or getattr(process, "pid", None) is None:
        return
    try:
        times = psutil.Process(process.pid).cpu_times()
    except psutil.NoSuchProcess:  # a kernel that died fails its cell
        return
    name = Path(item.parent.path).name
    _used[name] = sum(times[:4])  # user, system, and those of its children
    _setup.setdefault(name, forked_kernels.server()[1] if FORKED else _used[name])


def limit(notebook):
    """Return the seconds that a notebook may use."""
    usual = CEILINGS.get(notebook.partition("-")[0], LIMIT) - SAVED
    return usual * max([SETUP, *_setup.values()]) / SETUP


def overspent(used):
    """Return a sentence for each notebook above its limit, and the lines of the table."""
    lines = [f"{seconds:6.1f} s  of {limit(name):4.0f}  {name}" for name, seconds in used.items()]
    lines += [f"{sum(used.values()):6.1f} s  in all"]
    passed = [
        f"{name} uses too much CPU" for name, seconds in used.items() if seconds > limit(name)
    ]
    return passed, lines


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take over what a process of pytest-xdist has measured (``-n 2 --dist loadfile``)."""
    told = getattr(node, "workeroutput", {})
    _used.update(told.get("used", {}))
    _setup.update(told.get("setup", {}))


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # such a process: the first one judges
        session.config.workeroutput.update(used=_used, setup=_setup)
        return
    if _used and overspent(_used)[0] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if not _used:
        return
    passed, lines = overspent(_used)
    terminalreporter.section("smoke budget: seconds of CPU")
    for line in lines:
        terminalreporter.write_line(line)
    for line in passed:
        terminalreporter.write_line(f"FAILED: {line}; cells by time: --durations=20", red=True)
