"""What a language model's guesses are worth: bits per character, excess bits, agreement."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from labhelpers.data.characters import Text
from labhelpers.data.grammar import ENDINGS, Language
from labhelpers.store.door import whole_number

BATCH = 64  # windows at a time
Model = Callable[[Tensor], Tensor]  # tokens (N, T) → logits (N, T, V); with a .context


def bits_per_character(model: Model, text: Text) -> float:
    """Return the mean surprisal of `text` under a language model, in bits per character.

    The text is read in overlapping windows, so that each scored token is guessed from at least half
    a context; the first half context of the text is read, but not scored. Bits are summed over
    tokens and divided by the number of *characters*, so that vocabularies can be compared.

    Raises ValueError for a text that is not longer than the context.

    Example:
        >>> text = lab.Language(seed=0).text(1000, seed=1)
        >>> round(lab.bits_per_character(lab.NGram(text.tokens, 24, order=0), text), 1)
        4.1
    """
    bits, scored = surprisals(model, text)
    # On the CPU, here and below, because Apple's GPU has no float64.
    return bits.cpu().double().sum().item() / text.lengths[scored].sum().item()


def excess_bits(model: Model, text: Text) -> float:
    """Return by how many bits per character a model's surprisal exceeds the *true* one.

    Both are taken over the same characters, so that the luck of the text cancels. In the mean over
    texts that the model has not seen it is above 0, whatever the model: it is the Kullback-Leibler
    divergence of the model from the language. On its own training text a model can go below.

    Raises ValueError for a text whose true surprisals are not known; else as `bits_per_character`.

    Example:
        >>> text = lab.Language(seed=0).text(1000, seed=1)
        >>> lab.excess_bits(lab.NGram(text.tokens, 24, order=8), text) < 0  # its own training text
        True
    """
    if text.bits is None:
        fix = "only a text drawn from lab.Language has them"
        raise ValueError(f"the true surprisals of this text are not known: {fix}")
    bits, scored = surprisals(model, text)
    return (bits - text.bits[scored]).cpu().double().mean().item()


@torch.no_grad()
def surprisals(model: Model, text: Text) -> tuple[Tensor, slice]:
    """Return the surprisal of each scored token, in bits, and which part of the text is scored."""
    context = _context(model, text)
    stride = max(1, context // 2)
    last = len(text) - context - 1
    # The last window is moved back so that it ends with the text; what it scores twice is cut.
    starts = torch.arange(0, last + stride, stride).clamp(max=last).unique()
    found = []
    with _evaluating(model):
        for some in starts.split(BATCH):
            windows = text.windows(some.to(text.tokens.device), context + 1)
            logits = model(windows[:, :-1])[:, -stride:]
            nats = nn.functional.cross_entropy(
                logits.transpose(1, 2), windows[:, -stride:], reduction="none"
            )
            found.append(nats / math.log(2))
    bits = torch.cat(found)
    overlap = stride - int(last - starts[-2]) if len(starts) > 1 else 0
    flat = torch.cat([bits[:-1].flatten(), bits[-1, overlap:]])
    return flat, slice(len(text) - len(flat), len(text))


@torch.no_grad()
def agreement(model: Model, language: Language, text: Text, most: int = 300) -> dict[int, float]:
    """Return the share of verbs whose ending the model expects to be the right one, by the number
    of nouns that stand between the verb and the noun it agrees with (0 to 3).

    At each verb of `text` the model sees a context of characters up to the verb's ending; it is
    right if it gives the right ending a higher probability than the other one (Linzen, Dupoux and
    Goldberg 2016, arXiv:1611.01368). Guessing gives 0.5.

    Args:
        most: verbs of each kind, the first ones of the text.

    Raises ValueError if a kind is missing in the text.

    Example:
        >>> language = lab.Language(seed=0)
        >>> text = language.text(20_000, seed=1)
        >>> lab.agreement(lab.NGram(text.tokens, 24, order=8), language, text)[0] > 0.9
        True
    """
    most = whole_number("most", most)
    context = _context(model, text)
    verbs = language.verbs_in(text).to(text.tokens.device)
    verbs = verbs[verbs[:, 0] >= context]
    number = {character: i for i, character in enumerate(text.vocabulary)}
    endings = [number[ending] for ending in ENDINGS]
    shares = {}
    for between in range(4):
        places = verbs[verbs[:, 1] == between, 0][:most]
        if not len(places):
            fix = "use a longer text"
            raise ValueError(f"no verb has {between} nouns before it in this text: {fix}")
        right = text.tokens[places]
        wrong = sum(endings) - right
        with _evaluating(model):
            ends = [
                model(text.windows(some - context, context))[:, -1] for some in places.split(BATCH)
            ]
        logits = torch.cat(ends)
        row = torch.arange(len(places), device=places.device)
        hits = int((logits[row, right] > logits[row, wrong]).sum())
        shares[between] = hits / len(places)
    return shares


def _context(model: Model, text: Text) -> int:
    context = getattr(model, "context", None)
    if context is None:
        raise TypeError(f"{model!r} is no language model: it has no context, as lab.GPT has")
    if len(text) <= context + 1:
        fix = f"use more than {context + 1}"
        raise ValueError(f"{len(text)} tokens are too few for a context of {context}: {fix}")
    return context


class _evaluating:
    """Put a module into evaluation mode for the block, and back into the mode it was in."""

    def __init__(self, model: Model) -> None:
        self.module = model if isinstance(model, nn.Module) else None

    def __enter__(self) -> None:
        if self.module is not None:
            self.training = self.module.training
            self.module.eval()

    def __exit__(self, *error: object) -> None:
        if self.module is not None:
            self.module.train(self.training)
