"""The part of the benchmark on language models: a training step, and writing with a cache."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import labhelpers as lab

VOCABULARY, BATCH = 24, 32
ADAM = functools.partial(torch.optim.AdamW, lr=1e-3, fused=True)


def ours(context: int) -> nn.Module:
    """The GPT of lab 13."""
    return lab.GPT(VOCABULARY, width=64, layers=2, heads=4, context=context, positions="learned")


def theirs(context: int) -> nn.Module:
    """transformers' GPT-2 with the same sizes and without dropout, as `ours` has none."""
    from transformers import GPT2Config, GPT2LMHeadModel

    off = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
    sizes = {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": context}
    config = GPT2Config(vocab_size=VOCABULARY, use_cache=False, **sizes, **off)
    return _Logits(GPT2LMHeadModel(config))


class _Logits(nn.Module):
    """A model of transformers that returns its logits and nothing else."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x).logits


def stepper(model: nn.Module, optimizer: torch.optim.Optimizer) -> Callable:
    """The step of every loop here: x (N, T + 1) → its loss."""

    def step(x: Tensor) -> dict[str, Tensor]:
        loss = F.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss}

    return step


def bare(model: nn.Module, batches: list[Tensor]) -> None:
    """The loop that everybody writes."""
    step = stepper(model, ADAM(model.parameters()))
    for x in batches:
        step(x)


def train(model: nn.Module, batches: list[Tensor]) -> None:
    """`lab.train` with history, bar, event files and checkpoints."""
    optimizer = ADAM(model.parameters())
    state = {"model": model, "optimizer": optimizer}
    step = stepper(model, optimizer)
    lab.train(step, batches, epochs=1, state=state, run="bench/language", fresh=True)


def jobs(quick: bool) -> dict[str, dict[str, Callable[[], object]]]:
    """The groups: what is timed against what, the first of each being the measure of the others."""
    context, steps, new = (16, 2, 8) if quick else (96, 60, 80)
    draw = torch.Generator().manual_seed(0)
    size = (steps, BATCH, context + 1)
    batches = list(torch.randint(VOCABULARY, size, generator=draw))
    torch.manual_seed(0)
    model, start = ours(context), torch.zeros(8, 4, dtype=torch.int64)
    loops = {
        "bare loop over lab.GPT": lambda: bare(ours(context), batches),
        "lab.train over lab.GPT, everything on": lambda: train(ours(context), batches),
    }
    if importlib.util.find_spec("transformers"):
        loops["bare loop over transformers' GPT-2"] = lambda: bare(theirs(context), batches)
    writing = {
        "with the cache of keys and values": lambda: lab.generate(model, start, new),
        "without": lambda: lab.generate(model, start, new, cache=False),
    }
    return {
        f"GPT: {steps} steps of {BATCH} × {context} letters": loops,
        f"GPT: 8 texts of {new} letters": writing,
    }
