"""What a frozen model makes of texts: one vector a text from each layer, and surprisals."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

BATCH = 16  # texts at a time
_kept: dict[tuple, dict[int, Tensor]] = {}  # the last call's, in each process


def mean_features(
    pretrained: Any, texts: list[str], layers: list[int], tokens: int = 32
) -> dict[int, Tensor]:
    """Return, for each of the `layers`, the mean over tokens of each text's hidden states, (N, D).

    Layer 0 is the embedding, layer L what the L-th block leaves. Texts are cut at `tokens`; padding
    does not count. The model is one of `load_pretrained`. What was asked for last is kept.

    Raises ValueError for a layer that the model does not have.

    Example:
        >>> small = lab.load_pretrained("the cat sat. " * 50, teach=lambda model, tokens: None)
        stand-in ...
        >>> lab.mean_features(small, ["a cat", "the mat"], layers=[0])[0].shape
        torch.Size([2, 96])
    """
    deepest = pretrained.model.config.num_hidden_layers
    wrong = [layer for layer in layers if not 0 <= layer <= deepest]
    if wrong:
        raise ValueError(f"layer {wrong[0]} does not exist: choose from 0 to {deepest}")
    key = (id(pretrained), tuple(texts), tuple(layers), tokens)
    if key not in _kept:
        _kept.clear()
        _kept[key] = _mean_features(pretrained, texts, layers, tokens)
    return _kept[key]


@torch.no_grad()
def _mean_features(
    pretrained: Any, texts: list[str], layers: list[int], tokens: int
) -> dict[int, Tensor]:
    tokenizer, model = pretrained.tokenizer, pretrained.model
    encoded = [tokenizer(text).input_ids[:tokens] for text in texts]
    # Texts of like length together, so that little is padded.
    order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
    found = {layer: torch.zeros(len(texts), model.config.hidden_size) for layer in layers}
    for begin in range(0, len(order), BATCH):
        some = order[begin : begin + BATCH]
        longest = len(encoded[some[-1]])
        x = torch.zeros(len(some), longest, dtype=torch.int64)
        mask = torch.zeros_like(x)
        for row, i in enumerate(some):
            x[row, : len(encoded[i])] = torch.tensor(encoded[i])
            mask[row, : len(encoded[i])] = 1
        x, mask = x.to(model.device), mask.to(model.device)
        states = model.model(input_ids=x, attention_mask=mask, output_hidden_states=True)
        for layer in layers:
            h = states.hidden_states[layer] * mask[..., None]  # (n, T, D), padding is 0
            found[layer][some] = (h.sum(dim=1) / mask.sum(dim=1, keepdim=True)).cpu()
    return found


@torch.no_grad()
def token_bits(pretrained: Any, text: str, context: str = "") -> tuple[Tensor, int]:
    """Return the surprisal in bits of each token of `text` behind `context`, and the number of
    characters that these tokens spell.

    Without a context the first token is read, but not scored, and its characters are not counted.
    All has to fit into the model's context.

    Example:
        >>> small = lab.load_pretrained("the cat sat. " * 50, teach=lambda model, tokens: None)
        stand-in ...
        >>> bits, characters = lab.token_bits(small, "sat on the mat", context="the cat ")
        >>> characters
        14
    """
    tokenizer, model = pretrained.tokenizer, pretrained.model
    before = tokenizer(context).input_ids if context else []
    own = tokenizer(text).input_ids
    if not context:
        before, own = own[:1], own[1:]
    x = torch.tensor([before + own], device=model.device)
    logits = model(x).logits[0, len(before) - 1 : -1]  # (T, V): the guess at each own token
    nats = F.cross_entropy(logits, x[0, len(before) :], reduction="none")
    return nats.cpu() / math.log(2), len(tokenizer.decode(own))
