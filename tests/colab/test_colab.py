"""Labs 01 and 15 in a bare Colab session: the notebook alone in a folder, Colab's versions,
labhelpers only through %pip; lab 15 fetches gymnasium besides.
"""

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
    "tensorboard==2.20.*", "ipython==7.34.*", "ipykernel==6.17.*", "scikit-learn", "seaborn",
    "tqdm", "nbformat",
)  # fmt: skip
STARTUP = """import shlex, subprocess, sys, types

sys.modules["google.colab"] = types.ModuleType("google.colab")

def pip(line):  # what Colab's %pip would do, if the address led to this checkout
    print("pip", line)
    words = shlex.split(line)
    options = ["{wheel}" if word.startswith("git+https://") else word for word in words]
    assert options != words or "gymnasium" in line, line
    subprocess.run([sys.executable, "-m", "pip", *options], check=True)

get_ipython().register_magic_function(pip)
"""


@pytest.fixture
def wheel(tmp_path):
    """A wheel of the package, built from a copy so that the checkout stays clean."""
    copy = tmp_path / "copy"
    shutil.copytree(
        ROOT / "labhelpers", copy / "labhelpers", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", tmp_path, copy)
    return next(tmp_path.glob("labhelpers-*.whl"))


@pytest.fixture
def python():
    """An environment with Colab's versions; its interpreter is 3.13 where there is one, else that
    of the tests.
    """
    found = [
        shutil.which("python3.13"),
        *Path.home().glob(".pyenv/versions/3.13.*/bin/python3.13"),
        sys.executable,
    ]
    base = next(
        p
        for p in found
        if p and not subprocess.run([p, "--version"], capture_output=True).returncode
    )
    with tempfile.TemporaryDirectory(prefix="colab-") as folder:  # 5 GB, removed at once
        subprocess.run([base, "-m", "venv", folder], check=True)
        python = Path(folder) / "bin" / "python"
        pip(python, "install", "--no-compile", "--no-cache-dir", *VERSIONS)
        yield python


def pip(python, *options):
    subprocess.run([python, "-m", "pip", *options, "-q", "--disable-pip-version-check"], check=True)


def test_labs_run_in_a_bare_session(wheel, python, tmp_path, monkeypatch):
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "colab.py").write_text(STARTUP.replace("{wheel}", str(wheel)))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    for name in ("LABHELPERS_RUNS", "LABHELPERS_DATA", "LABHELPERS_PUBLISH", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)

    content = executed("01", python, tmp_path)
    assert {"01-history.png", "01-widths.png"} <= set(os.listdir(content / "runs" / "figures"))
    assert list((content / "runs" / "01" / "overfitting").glob("row-*.json"))

    content = executed("15", python, tmp_path)
    assert {"15-lake.png", "15-target.png"} <= set(os.listdir(content / "runs" / "figures"))
    pip(python, "check")  # Colab's versions are within the package's bounds


def executed(number, python, tmp_path):
    """Execute a lab, alone in a folder, by a kernel of its own; return the folder."""
    kernel = tmp_path / "jupyter" / "kernels" / f"colab{number}"
    kernel.mkdir(parents=True)
    arguments = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    environment = {
        "LABHELPERS_BUDGET": "smoke",
        "LABHELPERS_NOTEBOOK": number,
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    (kernel / "kernel.json").write_text(
        json.dumps(
            {"argv": arguments, "display_name": "Colab", "language": "python", "env": environment}
        )
    )
    content = tmp_path / f"content{number}"  # Colab's working folder, with the single notebook
    content.mkdir()
    path = shutil.copy(next((ROOT / "notebooks").glob(f"{number}-*.ipynb")), content)

    notebook = nbformat.read(path, 4)
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name=f"colab{number}",
        coalesce_streams=True,
        resources={"metadata": {"path": content}},
    ).execute()

    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    first = "".join(output.get("text", "") for output in code[0].outputs)
    assert (
        first.startswith("pip install -q --no-deps")
        and "smoke budget · torch 2.11.0 · runs/" in first
    )
    assert not [o for cell in code for o in cell.outputs if o.get("name") == "stderr"]
    assert sorted(os.listdir(content)) == [Path(path).name, "runs"]
    return content
