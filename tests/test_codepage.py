"""Under a Windows code page, where text that names no encoding is not UTF-8: imitated by a locale.

Python's own UTF-8 mode is off; ``LC_ALL=C`` would be no test, because Python then switches it on.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCALE = "en_US.CP1252"

WORK = '''
import codecs
import locale
import sys

import torch

assert codecs.lookup(locale.getencoding()).name == "cp1252" and not sys.flags.utf8_mode
# Jupyter's kernels print in UTF-8 everywhere; files are what the code page decides.
sys.stdout.reconfigure(encoding="utf-8")

import labhelpers as lab

for budget in ("smoke", "laptop"):
    session = lab.setup(seed=0, budget=budget)
    data = lab.load_data("digits", train_size=300)

    def experiment(seed, kind):
        """Größe ≤ 1 000 000 · λ → β."""  # no code page has all of these
        torch.manual_seed(seed)
        return {"größe": torch.rand(()).item(), "wort": "→ λ"}

    table = lab.study(experiment, seeds=3, run="99/study", kind=["schön", "β"])
    again = lab.study(experiment, seeds=3, run="99/study", kind=["schön", "β"])
    assert table.equals(again) and list(table["wort"]) == ["→ λ"] * 6

    gain = lab.difference(table, "größe", "β", "schön", by="kind")
    lab.guess("Größe → β", 0.5)
    lab.claim("β is larger than schön – λ ≥ 0", gain, above=0, margin=0.1, unit="größe")
    print(lab.verdict("β is larger than schön – λ ≥ 0", holds="→", refuted="≠", negligible="≈",
                      undecided="β"))
    lab.claims()
    lab.report()

    model = lab.MLP(784, 10)
    run = lab.fit(model, data, epochs=1, lr=1e-3, run="99/run")
    assert lab.fit(model, data, epochs=1, lr=1e-3, run="99/run").history == run.history
    assert list(run.path.glob("events.out.*"))
    lab.save_figure(lab.plot_history(run), "99-history")
    lab.diagram("02")
    lab.hint("signal_sizes")
    lab.solution("signal_sizes")
    lab.load_text("language")
    lab.data.text.PACKAGES = ("joblib",)  # enough, and read in half a second
    lab.load_text("docstrings")
print("done")
'''


@pytest.fixture(scope="module")
def codepage(tmp_path_factory):
    """The environment of a process under the code page."""
    if shutil.which("localedef") is None:
        pytest.skip("localedef is not here; on Windows every other test is this one")
    place = tmp_path_factory.mktemp("locales")
    command = ["localedef", "-f", "CP1252", "-i", "en_US", str(place / LOCALE)]
    if subprocess.run(command, capture_output=True, check=False).returncode > 1:
        pytest.skip("this system has no sources of locales")
    usual = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return usual | {"LOCPATH": str(place), "LC_ALL": LOCALE, "MPLBACKEND": "Agg"}


def test_a_lab_from_its_setup_to_its_report(codepage, tmp_path):
    folder = tmp_path / "Übung – 1"
    folder.mkdir()
    script = folder / "lab.py"
    script.write_text(WORK, encoding="utf-8")
    own = {
        "PYTHONPATH": str(ROOT),
        "LABHELPERS_RUNS": str(folder / "läufe"),
        "LABHELPERS_DATA": str(folder / "data"),
        "LABHELPERS_NOTEBOOK": "99-übung",
    }
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder, env=codepage | own, capture_output=True, text=True, encoding="utf-8",
        errors="replace", check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.rstrip().endswith("done")
