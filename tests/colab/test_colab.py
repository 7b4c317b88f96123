"""Lab 01 in a bare Colab session: the notebook alone in a folder, Colab's versions, labhelpers only through %pip."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = (  # the image of August 2026, on Python 3.13
    "torch==2.11.*", "torchvision==0.26.*", "numpy==2.1.*", "pandas==2.2.*", "matplotlib==3.10.*",
    "tensorboard==2.20.*", "ipython==7.34.*", "ipykernel==6.17.*", "scikit-learn", "seaborn", "tqdm",
)  # fmt: skip
STARTUP = """import subprocess, sys, types

sys.modules["google.colab"] = types.ModuleType("google.colab")

def pip(line):  # what Colab's %pip would do, if the address led to this checkout
    print("pip", line)
    options = [word for word in line.split() if not word.startswith('"git+https://')]
    assert len(options) == len(line.split()) - 1, line
    subprocess.run([sys.executable, "-m", "pip", *options, "{wheel}"], check=True)

get_ipython().register_magic_function(pip)
"""


@pytest.fixture
def wheel(tmp_path):
    """A wheel of the package, built from a copy so that the checkout stays clean."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "labhelpers", copy / "labhelpers", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", tmp_path, copy)
    return next(tmp_path.glob("labhelpers-*.whl"))


@pytest.fixture
def python():
    """An environment with Colab's versions; its interpreter is 3.13 where there is one, else that of the tests."""
    found = [shutil.which("python3.13"), *Path.home().glob(".pyenv/versions/3.13.*/bin/python3.13"), sys.executable]
    base = next(p for p in found if p and not subprocess.run([p, "--version"], capture_output=True).returncode)
    with tempfile.TemporaryDirectory(prefix="colab-") as folder:  # 5 GB, removed at once
        subprocess.run([base, "-m", "venv", folder], check=True)
        python = Path(folder) / "bin" / "python"
        pip(python, "install", "--no-compile", "--no-cache-dir", *VERSIONS)
        yield python


def pip(python, *options):
    subprocess.run([python, "-m", "pip", *options, "-q", "--disable-pip-version-check"], check=True)


def test_lab_01_runs_in_a_bare_session(wheel, python, tmp_path, monkeypatch):
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "colab.py").write_text(STARTUP.replace("{wheel}", str(wheel)))
    kernel = tmp_path / "jupyter" / "kernels" / "colab"
    kernel.mkdir(parents=True)
    arguments = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    environment = {"LABHELPERS_BUDGET": "smoke", "LABHELPERS_NOTEBOOK": "01", "IPYTHONDIR": str(tmp_path / "ipython")}
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": arguments, "display_name": "Colab", "language": "python", "env": environment})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    for name in ("LABHELPERS_RUNS", "LABHELPERS_DATA", "LABHELPERS_PUBLISH", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    content = tmp_path / "content"  # Colab's working folder, with the single notebook
    content.mkdir()
    path = shutil.copy(next((ROOT / "notebooks").glob("01-*.ipynb")), content)

    notebook = nbformat.read(path, 4)
    NotebookClient(
        notebook, timeout=300, kernel_name="colab", coalesce_streams=True, resources={"metadata": {"path": content}}
    ).execute()

    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    first = "".join(output.get("text", "") for output in code[0].outputs)
    assert first.startswith("pip install -q --no-deps") and "smoke budget · torch 2.11.0 · runs/" in first
    assert not [o for cell in code for o in cell.outputs if o.get("name") == "stderr"]
    assert sorted(os.listdir(content)) == [Path(path).name, "runs"]
    assert {"01-history.png", "01-widths.png"} <= set(os.listdir(content / "runs" / "figures"))
    assert (content / "runs" / "01" / "256-128" / "seed-0" / "checkpoint.pt").exists()
    pip(python, "check")  # Colab's versions are within the package's bounds
