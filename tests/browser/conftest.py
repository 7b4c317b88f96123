"""JupyterLab on a free loopback port, in a folder of its own, and a headless Chromium that looks at
it.
"""

import os
import shutil
import socket
import subprocess
import sysconfig
import time
import urllib.request
from pathlib import Path

import pytest
from labpage import Notebook
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "runs" / "browser"  # kept by CI as artefacts
SECONDS = 60  # that JupyterLab may take to answer


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory):
    """JupyterLab on a copy of the notebooks, with the smoke budget and with settings of its own;
    gives its address.
    """
    home = tmp_path_factory.mktemp("jupyter")
    (home / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("[0-9][0-9]*-*.ipynb"):
        shutil.copy(path, home / "notebooks")
    names = (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
    )
    names += ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "TMPDIR", "LABHELPERS_DATA", "LABHELPERS_RUNS")
    environment = {name: str(home / name.lower()) for name in names} | {
        "LABHELPERS_BUDGET": "smoke"
    }
    programs = sysconfig.get_path(
        "scripts"
    )  # first in PATH, as in an active environment and under `make lab`
    environment["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
    (home / "tmpdir").mkdir()
    quiet = (
        home
        / "jupyterlab_settings_dir"
        / "@jupyterlab"
        / "apputils-extension"
        / "notification.jupyterlab-settings"
    )
    quiet.parent.mkdir(parents=True)
    quiet.write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )  # no network, no question over the picture
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
    ]
    options += ["--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"]
    url = f"http://127.0.0.1:{port}"
    with open(home / "jupyter.log", "wb") as log:
        server = subprocess.Popen(
            [f"{programs}/jupyter", "lab", *options],
            cwd=home, env=os.environ | environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_for(url, server, home / "jupyter.log")
        yield url
    finally:
        server.terminate()  # and with it the kernels
        server.wait(30)
        for info in (home / "tmpdir" / ".tensorboard-info").glob("pid-*.info"):
            os.kill(
                int(info.stem.removeprefix("pid-")), 15
            )  # TensorBoard outlives the kernel that started it


def wait_for(url, server, log):
    """Return once JupyterLab answers; fail with its log if it ends or takes too long."""
    for _ in range(SECONDS * 5):
        try:
            urllib.request.urlopen(f"{url}/api", timeout=5).close()
            return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.2)
    pytest.fail(f"JupyterLab does not answer:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium where there is one, else the one that `playwright install chromium`
    fetched.
    """
    quiet = ["--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=quiet, chromium_sandbox=False
        )
        yield chromium
        chromium.close()


def chosen():
    """Lab 01 and one generative lab: 06, or 04 while there is none."""
    labs = {path.name[:2]: path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb")}
    return [labs["01"], labs.get("06") or labs["04"]]


@pytest.fixture(scope="session", params=chosen())
def lab(request, jupyter, browser):
    """A lab, opened and run from its first cell to its last."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(120_000)
    notebook = Notebook(
        page, f"{jupyter}/lab/tree/notebooks/{request.param}.ipynb?reset", PICTURES / request.param
    )
    notebook.run_all()
    yield notebook
    notebook.picture("last")
    page.close()
