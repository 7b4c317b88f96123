"""Where the time of the labs goes: the share of each kind of work, over a notebook's process and
its workers.

    python benchmarks/lab_profile.py [03 …] [--budget laptop]

Each lab is executed into runs/executed/, from nothing, while py-spy looks at all Python stacks
twenty times a second. Each sample counts once, for the first kind below that its stack belongs to;
a process that waits counts nothing.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RATE = 20  # samples a second, of each process
# Kind of work: parts of a frame that may stand anywhere on the stack; the first kind counts
ANYWHERE = {
    "waiting": ("Parallel._retrieve (", "Condition.wait ("),
    "import": ("_find_and_load (<frozen importlib",),
    "picture": ("(matplotlib/", "(seaborn/", "(labhelpers/plots/"),
    "validation": (
        "predict (labhelpers/measures/metrics.py",
        "fit.<locals>.evaluate (labhelpers/engine/fit.py",
    ),
    "save": (
        "(labhelpers/engine/checkpoint.py",
        "(labhelpers/store/",
        "(torch/utils/tensorboard/",
    ),
    "batch": ("(labhelpers/data/batches.py",),
    "file": ("(labhelpers/data/",),
    "optimizer": ("(torch/optim/",),
    "backward": ("_engine_run_backward (",),
}
INNERMOST = {
    "forward": ("(torch/nn/", "forward ("),
    "loop": ("(labhelpers/", "(tqdm/"),
}  # if none of those does
SHOWN = [*ANYWHERE, *INNERMOST, "notebook"][1:]  # notebook: what its cells compute themselves
RESULTS = Path(__file__).with_suffix(".md")
ABOUT = """# Where the time of each lab goes

Measured with py-spy on {date}, {budget} budget: seconds of work over all processes, and the share
of each kind.
What the kinds are stands in [lab_profile.py](lab_profile.py); `make profile` measures again.

"""


def shares(raw: str) -> dict[str, float]:
    """Return seconds over all processes, and each kind's share of them in 0…1, from py-spy's raw
    format.

    A line is a stack, outermost frame first, joined by semicolons, then a space and its number of
    samples.
    """
    samples: collections.Counter[str] = collections.Counter()
    for line in raw.splitlines():
        stack, number = line.rsplit(" ", 1)
        samples[kind_of(stack)] += int(number)
    samples.pop("waiting", None)
    total = samples.total()
    return {"seconds": total / RATE} | {kind: samples[kind] / total for kind in SHOWN}


def kind_of(stack: str) -> str:
    """Return what a stack is at work on: a kind of `ANYWHERE` or `INNERMOST`, or "notebook"."""
    for kinds, frames in ((ANYWHERE, stack), (INNERMOST, stack.rsplit(";", 1)[-1])):
        for kind, parts in kinds.items():
            if any(part in frames for part in parts):
                return kind
    return "notebook"


def profile(lab: str, budget: str) -> dict[str, float]:
    """Execute a lab from nothing under py-spy and return its `shares`."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "stacks.txt"
        recorder = [
            "py-spy",
            "record",
            "--subprocesses",
            "--nonblocking",
            "-r",
            str(RATE),
            "-f",
            "raw",
            "-o",
            str(raw),
        ]
        execute = [sys.executable, str(ROOT / "tools/execute.py"), "--budget", budget, lab]
        subprocess.run(
            [*recorder, "--", *execute], env=os.environ | {"LABHELPERS_RUNS": folder}, check=True
        )
        return shares(raw.read_text(encoding="utf-8"))


def table(found: dict[str, dict[str, float]]) -> str:
    """Return a Markdown table, a line per lab: seconds over all processes, shares in per cent."""
    lines = [["lab", "seconds", *SHOWN], ["---:"] * (2 + len(SHOWN))]
    for lab, row in found.items():
        lines.append([lab, f"{row['seconds']:.0f}", *(f"{row[kind]:.0%}" for kind in SHOWN)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Profile the labs that the command line names; or all, and then keep the table in
    benchmarks/lab_profile.md.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lab", nargs="*", help="numbers such as 03; all labs by default")
    parser.add_argument("--budget", choices=("smoke", "laptop", "full"), default="laptop")
    options = parser.parse_args()
    labs = options.lab or [
        path.name.partition("-")[0]
        for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]*-*.ipynb"))
    ]
    text = table({lab: profile(lab, options.budget) for lab in labs})
    if not options.lab:
        RESULTS.write_text(
            ABOUT.format(date=datetime.date.today(), budget=options.budget) + text, encoding="utf-8"
        )
    print(text)


if __name__ == "__main__":
    main()
