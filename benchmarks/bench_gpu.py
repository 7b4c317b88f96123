"""The part of the benchmark on a GPU: seconds per step of the labs' models, and ways to train
several seeds on one card.

    python benchmarks/bench_gpu.py [--quick] [--output FILE]

Also without a GPU, for the column of the CPU. Every number is a median over repeats.
"""

from __future__ import annotations

import argparse
import copy
import functools
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

import labhelpers as lab

# By lab: a model, the images in a batch, and their shape, as in the full budget.
IMAGE, PHOTO = (1, 28, 28), (3, 32, 32)

CLASSIFIERS: dict[str, tuple[Callable[[], nn.Module], int, tuple[int, ...]]] = {
    "01 MLP 784-256-128-10": (lambda: lab.MLP(784, 256, 128, 10), 128, IMAGE),
    "02 residual MLP of 40 layers": (lambda: lab.DeepMLP(40, residual=True), 128, IMAGE),
    "03 ResNet-20, width 16": (lambda: lab.ResNet(9), 128, PHOTO),
    "03 ResNet-56, width 16": (lambda: lab.ResNet(27), 128, PHOTO),
    "05 ResNet-8, width 16": (lambda: lab.ResNet(3), 128, PHOTO),
    "09 LeNet-5": (lab.LeNet5, 128, IMAGE),
    "10 ResNet-18 of torchvision": (
        lambda: torchvision.models.resnet18(num_classes=10),
        128,
        PHOTO,
    ),
}


def stepper(model: nn.Module, adam: Callable, x: Tensor, y: Tensor) -> Callable:
    """Return one step of training on a batch: logits (…, K) for labels (…,)."""
    optimizer = adam(model.parameters(), lr=1e-3, fused=True)

    def step() -> None:
        loss = F.cross_entropy(model(x).flatten(0, -2), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def classifier(
    build: Callable[[], nn.Module], batch: int, shape: tuple[int, ...], **options: bool
) -> Callable:
    """Return one step of training on noise; the options are Adam's."""
    device = lab.session.current().device
    torch.manual_seed(0)
    model = build().to(device)
    if any(parameter.ndim == 4 for parameter in model.parameters()):
        model = model.to(memory_format=torch.channels_last)
    x, y = torch.randn(batch, *shape, device=device), torch.randint(10, (batch,), device=device)
    return stepper(model, functools.partial(torch.optim.Adam, **options), x, y)


def language(**options: bool) -> Callable:
    """Return one step of lab 13's GPT; the options are AdamW's."""
    device = lab.session.current().device
    torch.manual_seed(0)
    model = lab.GPT(40, width=64, layers=2, heads=4, context=64).to(device)
    letters = torch.randint(40, (32, 65), device=device)
    adam = functools.partial(torch.optim.AdamW, **options)
    return stepper(model, adam, letters[:, :-1], letters[:, 1:])


def graphed(step: Callable) -> Callable:
    """Return the step recorded as one CUDA graph: one launch for all its kernels."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def seconds(step: Callable, least: float) -> float:
    """Return the median seconds of a step, over five bursts that take `least` seconds together."""
    wait = torch.cuda.synchronize if torch.cuda.is_available() else (lambda: None)
    for _ in range(3):
        step()
    wait()
    began = time.perf_counter()
    step()
    wait()
    burst = max(1, int(least / 5 / max(time.perf_counter() - began, 1e-6)))
    found = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(burst):
            step()
        wait()
        found.append((time.perf_counter() - began) / burst)
    return statistics.median(found)


def models(least: float) -> Iterator[dict]:
    """Milliseconds per step of each model, launched kernel by kernel and as one graph."""
    steps = {name: functools.partial(classifier, *rest) for name, rest in CLASSIFIERS.items()}
    steps["13 GPT of 2 layers, 32 × 64 letters"] = language
    gpu = lab.session.current().device.type == "cuda"
    for name, build in steps.items():
        row = {"part": "models", "model": name, "ms": 1e3 * seconds(build(), least)}
        if gpu:
            try:
                row["graph ms"] = 1e3 * seconds(graphed(build(capturable=True)), least)
            except RuntimeError as error:
                row["graph ms"] = None
                row["error"] = str(error).splitlines()[0]
        yield row


def stacked(build: Callable, batch: int, shape: tuple[int, ...], seeds: int) -> Callable:
    """Return one step of several seeds whose weights are stacked, by torch.func.vmap."""
    device = lab.session.current().device
    nets = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        nets.append(build().to(device))
    weights, buffers = torch.func.stack_module_state(nets)
    base = copy.deepcopy(nets[0]).to("meta")
    optimizer = torch.optim.Adam(list(weights.values()), lr=1e-3, fused=True)
    x = torch.randn(seeds, batch, *shape, device=device)
    y = torch.randint(10, (seeds, batch), device=device)

    def loss(weight: dict, buffer: dict, x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(torch.func.functional_call(base, (weight, buffer), (x,)), y)

    gradients = torch.func.vmap(torch.func.grad(loss), randomness="different")

    def step() -> None:
        found = gradients(weights, buffers, x, y)
        for name, weight in weights.items():
            weight.grad = found[name]
        optimizer.step()

    return step


def seeds_together(least: float, counts: list[int]) -> Iterator[dict]:
    """Milliseconds per step of all seeds, with stacked weights: models without batch norm."""
    for name in ("01 MLP 784-256-128-10", "09 LeNet-5"):
        for count in counts:
            step = stacked(*CLASSIFIERS[name], count)
            row = {"part": "stacked", "model": name, "seeds": count}
            yield row | {"ms": 1e3 * seconds(step, least)}


def seeds_in_processes(size: int, counts: list[int]) -> Iterator[dict]:
    """Seconds of a study of so many seeds, each in a process of its own on the same card."""
    passes = {"01 MLP 784-256-128-10": 40, "09 LeNet-5": 16, "03 ResNet-20, width 16": 5}
    for name, epochs in passes.items():
        build, batch, shape = CLASSIFIERS[name]
        data = lab.load_data("mnist" if shape == IMAGE else "cifar10", train_size=size)
        experiment = functools.partial(one_seed, build, data, epochs, batch)
        for count in counts:
            options = {"seeds": count, "fresh": True, "workers": count}
            lab.study(nothing, run="bench/warm", **options)  # the processes and the card are ready
            began = time.perf_counter()
            lab.study(experiment, run="bench/seeds", **options)
            took = time.perf_counter() - began
            yield {"part": "processes", "model": name, "seeds": count, "seconds": took}


def one_seed(build: Callable, data: lab.ImageData, epochs: int, batch: int, seed: int) -> dict:
    """Train with `lab.fit`."""
    torch.manual_seed(seed)
    run = lab.fit(build(), data, epochs=epochs, batch_size=batch)
    return {"loss": run.history[-1]["loss"]}


def nothing(seed: int) -> dict:
    """Start a process and its context on the card."""
    return {"x": float(torch.zeros(1, device=lab.session.current().device))}


def main() -> None:
    """Measure, and write each row as it comes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a test of this script")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    session = lab.setup(budget="laptop")
    least = 0.05 if options.quick else 1.0
    gpu = session.device.type == "cuda"
    counts = [1, 2] if options.quick else [1, 2, 5, 10]
    work = [models(least), seeds_together(least, counts)]
    if gpu or options.quick:
        work.append(seeds_in_processes(128 if options.quick else 10_000, counts))
    rows = []
    for part in work:
        for row in part:
            rows.append(row)
            print(json.dumps(row), flush=True)
            if options.output:
                about = {"device": lab.session.device_name(), "torch": torch.__version__}
                options.output.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
