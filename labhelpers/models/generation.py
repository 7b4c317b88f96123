"""Text from a language model: one token after the other."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from labhelpers.models.language import GPT
from labhelpers.store.door import whole_number


@torch.no_grad()
def generate(
    model: Callable[[Tensor], Tensor],
    start: Tensor,
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    cache: bool = True,
) -> Tensor:
    """Draw `length` tokens behind `start` (N, T), one after the other: (N, T + length).

    Args:
        model: a `GPT`, or any language model with a ``context``.
        temperature: logits are divided by it; 0 always takes the most probable token (greedy).
        top_k: draw from the k most probable tokens only (Fan et al. 2018, arXiv:1805.04833).
        top_p: draw from the fewest tokens whose probabilities reach this sum together (nucleus,
            Holtzman et al. 2020, arXiv:1904.09751).
        seed: of the draws; equal seeds give equal texts.
        cache: keep the keys and values of earlier places instead of computing them again with each
            token. The text is the same up to rounding. It needs a `GPT`, and `start` and `length`
            have to fit into its context together; without it the model sees the last ``context``
            tokens.

    Raises ValueError for a temperature below 0, `top_k` below 1, `top_p` outside 0…1, or a text
    that does not fit.

    Example:
        >>> model = lab.GPT(vocabulary=24, width=32, context=16)
        >>> lab.generate(model, torch.zeros(2, 1, dtype=torch.int64), length=15).shape
        torch.Size([2, 16])
    """
    length = whole_number("length", length)
    if not temperature >= 0:
        raise ValueError(f"temperature={temperature!r} is not allowed: use 0 (greedy) or more")
    if top_k is not None:
        top_k = whole_number("top_k", top_k)
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p={top_p!r} is not allowed: use a share above 0, up to 1")
    context: int = getattr(model, "context", 0)
    cached = model if cache and isinstance(model, GPT) else None
    if cached is not None and start.shape[1] + length > context + 1:
        fix = f"use length={context + 1 - start.shape[1]} at most, or cache=False"
        raise ValueError(f"start and length do not fit into the context of {context}: {fix}")

    generator = torch.Generator(start.device).manual_seed(seed)
    x, past = start, None
    for _ in range(length):
        if cached is not None:
            logits, past = cached.step(x if past is None else x[:, -1:], past)
        else:
            logits = model(x[:, -context:])
        probabilities = token_probabilities(logits[:, -1], temperature, top_k, top_p)
        x = torch.cat([x, torch.multinomial(probabilities, 1, generator=generator)], dim=1)
    return x


def token_probabilities(
    logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """Return the probabilities (N, V) that `generate` draws from."""
    if temperature == 0:
        return F.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
    probabilities = (logits / temperature).softmax(dim=-1)
    ranked, order = probabilities.sort(dim=-1, descending=True)
    if top_k is not None:
        ranked[:, top_k:] = 0
    if top_p is not None:
        # A token stays if those before it have not reached the sum: the one that crosses it stays.
        before = ranked.cumsum(dim=-1) - ranked
        ranked = ranked.masked_fill(before >= top_p, 0)
    kept = torch.zeros_like(probabilities).scatter(-1, order, ranked)
    return kept / kept.sum(dim=-1, keepdim=True)
