"""What the helpers cost: the same training through bare PyTorch, `lab.fit` and others, in one
table.

    python benchmarks/bench.py [PART ...] [--quick] [--rounds 3] [--output FILE]

Within a group the runs take turns, so that a busy machine slows all of them; each number is a
median with the lowest and the highest beside it, and each ratio is one of medians, to the first row
of its group. A full measurement is kept in benchmarks/results.json, which README.md quotes.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import dataclasses
import datetime
import functools
import importlib.util
import io
import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import bench_agents
import bench_growth
import bench_language
import pandas as pd
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

import labhelpers as lab
from labhelpers.engine.checkpoint import CHECKPOINT, RunStore

RESULTS = Path(__file__).with_name("results.json")
PARTS = ("epochs", "validation", "costs", "memory", "study", "language", "agents", "growth")
BATCH, LR = 128, 1e-3
ADAM = functools.partial(torch.optim.Adam, lr=LR, fused=True)


class Pictures(Dataset):
    """What torchvision's MNIST and CIFAR10 do with the arrays that they have read."""

    def __init__(self, split: lab.Split) -> None:
        arrays = split.images.permute(0, 2, 3, 1).cpu().numpy()  # (N, H, W, C)
        self.arrays, self.labels = (
            arrays.squeeze(3) if arrays.shape[3] == 1 else arrays,
            split.labels.tolist(),
        )
        moments = [(moment.flatten() / 255).tolist() for moment in (split.mean, split.std)]
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(*moments)])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.arrays[i])), self.labels[i]


@dataclasses.dataclass(frozen=True)
class Task:
    """A model and the images that it learns from, in each form that a pipeline asks for."""

    name: str
    model: nn.Module
    data: lab.ImageData
    epochs: int = 1  # passes in one call of a pipeline of `QUICK`

    @functools.cached_property
    def tensors(self) -> tuple[Tensor, Tensor]:
        """All training images, normalised beforehand: (N, C, H, W) float32 on the device; labels
        (N,).
        """
        return self.data.train.normalise(self.data.train.images), self.data.train.labels

    @functools.cached_property
    def held_out(self) -> tuple[Tensor, Tensor]:
        """The same of the validation images."""
        return self.data.val.normalise(self.data.val.images), self.data.val.labels

    @functools.cached_property
    def pictures(self) -> Pictures:
        """The same images in torchvision's manner."""
        return Pictures(self.data.train)

    @property
    def device(self) -> torch.device:
        """Where the training runs."""
        return self.data.train.labels.device


def five_lines(
    task: Task,
    passes: Iterable[Iterable],
    watch: Callable = contextlib.nullcontext,
    after: Callable[[nn.Module], object] = lambda model: None,
) -> None:
    """Train a copy of the model with the loop that everybody writes."""
    model = copy.deepcopy(task.model).to(task.device)
    optimizer = ADAM(model.parameters())
    with watch(model):
        for batches in passes:
            for x, y in batches:
                loss = F.cross_entropy(model(x.to(task.device)), y.to(task.device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            after(model)


def bare(task: Task, **options) -> None:
    """(a) The loop on tensors that were normalised beforehand, picked by a permutation; nothing
    else.
    """
    images, labels = task.tensors

    def batches() -> Iterable[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(labels), device=task.device)
        return ((images[index], labels[index]) for index in order.split(BATCH))

    five_lines(task, (batches() for _ in range(task.epochs)), **options)


def validated(task: Task) -> None:
    """The loop of (a) with the validation that everybody adds: loss and accuracy of each pass."""
    images, labels = task.held_out

    @torch.no_grad()
    def after(model: nn.Module) -> tuple[float, float]:
        model.eval()
        logits = torch.cat([model(x) for x in images.split(1000)])
        model.train()
        loss = F.cross_entropy(logits, labels).item()
        return loss, (logits.argmax(1) == labels).float().mean().item()

    bare(task, after=after)


def fit(task: Task) -> None:
    """(b) With accuracy, validation, early stopping, bar, checkpoints, history and events."""
    everything = {"patience": 5, "run": "bench/fit", "fresh": True}
    lab.fit(task.model, task.data, epochs=task.epochs, lr=LR, batch_size=BATCH, **everything)


def loader(task: Task, workers: int = 0) -> None:
    """(c) The loop over torchvision's pictures, transforms and a DataLoader."""
    five_lines(task, [DataLoader(task.pictures, BATCH, shuffle=True, num_workers=workers)])


def lightning(task: Task) -> None:
    """(d) Lightning's Trainer over the loader of (c), with everything that it writes or draws
    switched off.
    """
    from lightning import LightningModule, Trainer

    class Classifier(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = copy.deepcopy(task.model)

        def training_step(self, batch, i):
            x, y = batch
            return F.cross_entropy(self.model(x), y)

        def configure_optimizers(self):
            return ADAM(self.model.parameters())

    off = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the loader has few workers
        trainer = Trainer(max_epochs=1, accelerator=task.device.type, devices=1, **off)
        trainer.fit(Classifier(), DataLoader(task.pictures, BATCH, shuffle=True))


def skorch(task: Task) -> None:
    """(e) skorch's NeuralNetClassifier on the tensors of (a), without validation and without a line
    printed.
    """
    from skorch import NeuralNetClassifier

    net = NeuralNetClassifier(
        copy.deepcopy(task.model),
        criterion=nn.CrossEntropyLoss,
        optimizer=ADAM,
        batch_size=BATCH,
        max_epochs=1,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
        device=task.device,
    )
    net.fit(*task.tensors)


BARE, FIT, LOADER = (
    "bare loop on preloaded tensors",
    "lab.fit, everything on",
    "torchvision + DataLoader, 0 workers",
)
QUICK = {BARE: bare, FIT: fit}
SLOW = {
    LOADER: loader,
    "torchvision + DataLoader, 2 workers": functools.partial(loader, workers=2),
    "Lightning over DataLoader, 0 workers": lightning,
    "skorch on preloaded tensors": skorch,
}
VALIDATED = {"bare loop": validated, FIT: fit}
GROWTH = {"bare loop": bare, "lab.fit": fit}
RECORDED = {
    "bare loop inside record_gradients": functools.partial(bare, watch=lab.record_gradients)
}


def installed(name: str) -> bool:
    """Whether the library that a pipeline of this name needs is there."""
    first = name.split()[0].lower()
    return first not in ("lightning", "skorch") or importlib.util.find_spec(first) is not None


def seconds(function: Callable, *arguments) -> float:
    """Return how long a call takes, a GPU's work included; what it prints is dropped."""
    with contextlib.redirect_stdout(io.StringIO()):
        began = time.perf_counter()
        function(*arguments)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter() - began


def rows(group: str, samples: dict[str, list[float]], unit: str = "s") -> list[dict]:
    """Return a group's rows: median, lowest, highest, and the ratio of its median to that of the
    first row.
    """
    table = []
    for what, found in samples.items():
        if not found:
            table.append({"group": group, "what": what, "unit": "not installed"})
            continue
        median = statistics.median(found)
        numbers = {"median": median, "low": min(found), "high": max(found), "n": len(found)}
        ratio = median / table[0]["median"] if table else 1.0
        table.append({"group": group, "what": what, **numbers, "unit": unit, "ratio": ratio})
    return table


def mnist_task(quick: bool) -> Task:
    """The MLP of lab 01 on MNIST."""
    torch.manual_seed(0)
    data = lab.load_data("mnist", 300 if quick else None)
    return Task("MLP on MNIST", lab.MLP(784, 256, 128, 10), data, epochs=1 if quick else 4)


def cifar_task(quick: bool) -> Task:
    """LeNet-5 on images of CIFAR-10's shape."""
    torch.manual_seed(0)
    data = lab.load_data("cifar10", 300 if quick else 20_000)
    return Task("LeNet-5 on CIFAR-10", lab.LeNet5(3, size=32), data)


def epochs(task: Task, rounds: int) -> list[dict]:
    """Seconds per epoch of every pipeline that is installed; those of `QUICK` run before each of
    the others.
    """
    samples: dict[str, list[float]] = {name: [] for name in (*QUICK, *SLOW, *RECORDED)}
    seconds(fit, task)
    seconds(lambda: (task.tensors, task.pictures[0]))  # the forms are built before the clock runs
    for name in [
        name for _ in range(rounds) for slow in (*SLOW, *RECORDED) for name in (*QUICK, slow)
    ]:
        if installed(name):
            passes = 1 if name in SLOW else task.epochs
            samples[name].append(seconds((QUICK | SLOW | RECORDED)[name], task) / passes)
    return rows(f"{task.name}: an epoch of {len(task.data.train):,} images", samples)


def validation(*tasks: Task) -> dict[str, dict[str, Callable]]:
    """The jobs that tell what `fit` costs beyond a loop that validates, too."""
    return {
        f"With validation, {task.name}, epochs: {task.epochs}": {
            what: functools.partial(job, task) for what, job in VALIDATED.items()
        }
        for task in tasks
    }


def turns(groups: dict[str, dict[str, Callable]], rounds: int) -> list[dict]:
    """Seconds of the jobs of each group, which take turns after one round that does not count."""
    table = []
    for group, jobs in groups.items():
        for job in jobs.values():
            seconds(job)
        table += rows(group, in_turn(jobs, rounds))
    return table


def in_turn(jobs: dict[str, Callable], rounds: int) -> dict[str, list[float]]:
    """Seconds of each job in each round; in a round all have their turn."""
    samples: dict[str, list[float]] = {what: [] for what in jobs}
    for what in [*jobs] * rounds:
        samples[what].append(seconds(jobs[what]))
    return samples


def costs(task: Task, rounds: int) -> list[dict]:
    """Importing, loading the data, and saving a checkpoint compared with an epoch of `fit`."""
    code = "import time; a = time.perf_counter(); import torch; b = time.perf_counter()\n"
    code += "import labhelpers as lab; lab.fit, lab.load_data, lab.study, lab.record_gradients\n"
    code += "print(b - a, time.perf_counter() - b)"
    run = functools.partial(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    imports = [[float(word) for word in run().stdout.split()] for _ in range(rounds)]
    model = copy.deepcopy(task.model)
    optimizer = ADAM(model.parameters())
    F.cross_entropy(model(task.tensors[0][:2]), task.tensors[1][:2]).backward()
    optimizer.step()  # so that it has something to keep
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder), {"model": model, "optimizer": optimizer}, {})
        saves = [seconds(store.save) for _ in range(5 * rounds)]
        size = (Path(folder) / CHECKPOINT).stat().st_size / 1e6
    one = dataclasses.replace(task, epochs=1)
    epoch = [seconds(fit, one) for _ in range(rounds)]
    names = "import torch", "import labhelpers and use it, beyond torch"
    return [
        *rows("start", dict(zip(names, zip(*imports, strict=True), strict=True))),
        *rows(
            "data", {"load_data('mnist')": [seconds(lab.load_data, "mnist") for _ in range(rounds)]}
        ),
        *rows(
            f"checkpoint, {task.name}",
            {"an epoch of lab.fit": epoch, "saving model and optimizer": saves},
        ),
        *rows(f"checkpoint, {task.name}", {"size": [size]}, "MB"),
    ]


def memory(quick: bool) -> list[dict]:
    """The most memory that a process with one pipeline has held, without a loader's workers."""
    if not Path("/proc/self/status").exists():
        print("peak memory is not measured: this system has no /proc")
        return []
    samples: dict[str, list[float]] = {
        "imports alone": [],
        **{name: [] for name in (*QUICK, *SLOW)},
    }
    for name in filter(installed, samples):
        command = [sys.executable, __file__, "--child", name, *(["--quick"] if quick else [])]
        words = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True
        ).stdout.split()
        samples[name].append(float(words[-1]))
    return rows("peak memory, MLP on MNIST", samples, "MB")


def child(name: str, quick: bool) -> None:
    """Run one pipeline, if it is one, and print this process's peak of resident memory in MB."""
    if name in QUICK | SLOW:
        (QUICK | SLOW)[name](dataclasses.replace(mnist_task(quick), epochs=1))
    words = Path("/proc/self/status").read_text(encoding="utf-8").split()
    print(int(words[words.index("VmHWM:") + 1]) / 1e3)


def study(quick: bool, rounds: int) -> list[dict]:
    """Runs in turn with all threads, and `lab.study` in two processes; its rows have to be those of
    one process.
    """
    data, table = lab.load_data("mnist", 300 if quick else 10_000), []
    for name, build in {
        "MLP": functools.partial(lab.MLP, 784, 256, 128, 10),
        "LeNet-5": lab.LeNet5,
    }.items():

        def experiment(seed: int, build: Callable = build) -> dict[str, float]:
            torch.manual_seed(seed)
            return lab.fit(
                build(), data, epochs=1 if quick else 2, batch_size=BATCH, seed=seed
            ).best

        def alone(experiment: Callable = experiment) -> list[dict]:
            return [experiment(seed) for seed in range(4)]

        def spread(workers: int, experiment: Callable = experiment) -> pd.DataFrame:
            return lab.study(
                experiment, seeds=4, fresh=True, run=f"bench/{workers}", workers=workers
            )

        with contextlib.redirect_stdout(io.StringIO()):  # and the worker processes are started
            one, two = spread(1), spread(2)
        pd.testing.assert_frame_equal(two, one, check_exact=True)
        ways = {
            "lab.study in two processes, the rows of one": functools.partial(spread, 2),
            "in turn, all threads": alone,
            "in turn, one thread": functools.partial(spread, 1),
        }
        table += rows(f"four runs of {name} on MNIST", in_turn(ways, rounds))
    return table


def printed(results: dict) -> str:
    """Return the table, below a line that says when and with what it was measured."""
    about = " · ".join(results[key] for key in ("date", "machine", "versions", "data"))
    table = pd.DataFrame(
        results["rows"], columns=["group", "what", "median", "low", "high", "unit", "n", "ratio"]
    )
    text = {name: "{:.3g}".format for name in ("median", "low", "high")} | {
        "n": "{:.0f}".format,
        "ratio": "{:.3f}".format,
    }
    return f"{about}\n{table.to_string(index=False, formatters=text, na_rep='')}"


def machine(device: torch.device) -> str:
    """Return the name of the GPU, or the processor's with its cores and the threads in use."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    about = (
        Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if Path("/proc/cpuinfo").exists()
        else []
    )
    names = [line.split(":")[1].strip() for line in about if line.startswith("model name")]
    name = [*names, platform.machine()][0]
    return f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"


def measure(parts: Iterable[str], quick: bool, rounds: int, output: Path | None) -> dict:
    """Return the measurements of the parts; `output` is written after each of them, so that none is
    lost.
    """
    mnist, cifar = mnist_task(quick), cifar_task(quick)
    results = {
        "date": str(datetime.date.today()),
        "machine": machine(mnist.device),
        "versions": f"Python {platform.python_version()}, torch {torch.__version__.split('+')[0]}",
        "data": "; ".join(f"{task.data.name}: {task.data.source}" for task in (mnist, cifar)),
        "rows": [],
    }
    run = {
        "epochs": lambda: epochs(mnist, rounds) + epochs(cifar, rounds),
        "validation": lambda: turns(validation(mnist, cifar), 3 * rounds),
        "costs": lambda: costs(mnist, rounds),
        "memory": lambda: memory(quick),
        "study": lambda: study(quick, rounds),
        "language": lambda: turns(bench_language.jobs(quick), rounds),
        "agents": lambda: turns(bench_agents.jobs(quick), rounds),
        "growth": lambda: turns(bench_growth.jobs(quick, Task, GROWTH), rounds),
    }
    for part in parts:
        results["rows"] += run[part]()
        if output:
            output.write_text(
                json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            if part == "growth":
                bench_growth.draw(results["rows"], output.with_name("growth.png"))
    return results


def main() -> None:
    """Measure what the command line asks for, print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument(
        "--quick", action="store_true", help="a few hundred stand-in images: a test of this script"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--output", type=Path, help="a JSON file; benchmarks/results.json for a full measurement"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LABHELPERS_RUNS"] = folder
        lab.setup(budget="smoke" if options.quick else "laptop")
        if options.child:
            return child(options.child, options.quick)
        whole = set(options.parts or PARTS) == set(PARTS) and not options.quick
        output = options.output or (RESULTS if whole else None)
        results = measure(options.parts or PARTS, options.quick, options.rounds, output)
    print(printed(results))


if __name__ == "__main__":
    main()
