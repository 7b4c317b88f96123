"""A text as one tensor of tokens on the device, and random windows of it as batches."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from labhelpers import session
from labhelpers.store.door import whole_number


@dataclass(frozen=True)
class Text:
    """A text: tokens (T,) int64, numbers of entries of the `vocabulary`; and, where they are known,
    the true surprisals `bits` (T,) of the tokens.

    ``str(text)`` is the text itself, ``text[:100]`` its first hundred tokens.

    Example:
        >>> from labhelpers.data.characters import Text
        >>> text = Text.from_string("to be or not", tuple(" benort"))
        >>> len(text), str(text[:5])
        (12, 'to be')
    """

    tokens: Tensor
    vocabulary: tuple[str, ...]
    bits: Tensor | None = None
    # The name of the data set. Underscored: what a text is called is no part of a fingerprint.
    _origin: str = field(default="", repr=False, compare=False)

    @property
    def origin(self) -> str:
        """The name of the text that this is a part of."""
        return self._origin

    @classmethod
    def from_string(cls, string: str, alphabet: tuple[str, ...]) -> "Text":
        """Return the characters of `string` as tokens; ValueError for one outside `alphabet`."""
        number = {character: i for i, character in enumerate(alphabet)}
        unknown = sorted(set(string) - set(alphabet))
        if unknown:
            allowed = "".join(alphabet)
            raise ValueError(f"{unknown[0]!r} is not in the alphabet {allowed!r}: replace it first")
        tokens = torch.tensor([number[character] for character in string], dtype=torch.int64)
        return cls(tokens, alphabet)

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, part: slice) -> "Text":
        bits = None if self.bits is None else self.bits[part]
        return Text(self.tokens[part], self.vocabulary, bits, self._origin)

    def __str__(self) -> str:
        return "".join(self.vocabulary[token] for token in self.tokens.tolist())

    def __repr__(self) -> str:
        start = str(self[:40]) + (" …" if len(self) > 40 else "")
        return f"Text of {len(self):,} tokens, {len(self.vocabulary)} different: {start!r}"

    @property
    def lengths(self) -> Tensor:
        """Characters of each token (T,), int64: ones for a text of characters."""
        sizes = torch.tensor([len(entry) for entry in self.vocabulary], device=self.tokens.device)
        return sizes[self.tokens]

    def windows(self, starts: Tensor, length: int) -> Tensor:
        """Return the pieces of `length` tokens that begin at `starts` (N,) as (N, length)."""
        return self.tokens[starts[:, None] + torch.arange(length, device=starts.device)]

    def batches(
        self, batch_size: int, context: int, steps: int | None = None, seed: int | None = None
    ) -> "TextBatches":
        """Return an iterable of ``(x, y)``: random windows x (N, context), and y, which is x one
        token later.

        Args:
            steps: batches in an epoch; by default as many as hold the text once.
            seed: of the windows, the session's by default.

        Raises ValueError unless all are whole numbers from 1 and a window fits into the text.
        """
        batch_size = whole_number("batch_size", batch_size, example="32")
        context = whole_number("context", context, example="64")
        if context >= len(self):
            fix = f"use {len(self) - 1} at most, or a longer text"
            raise ValueError(f"context={context} does not fit into {len(self)} tokens: {fix}")
        if steps is None:
            steps = max(1, len(self) // (batch_size * context))
        seed = session.current().seed if seed is None else whole_number("seed", seed, least=0)
        return TextBatches(self, batch_size, context, whole_number("steps", steps), seed)


@dataclass
class TextBatches:
    """Iterable over windows. What epoch `e` yields depends on ``(seed, e)`` alone."""

    text: Text
    batch_size: int
    context: int
    steps: int
    seed: int
    epoch: int = field(default=0, repr=False)

    def __len__(self) -> int:
        return self.steps

    def set_epoch(self, epoch: int) -> None:
        """Make the next pass the one of `epoch`, counted from 0; passes count on from there."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        # Drawn on the CPU, so that every device sees the same windows.
        generator = torch.Generator().manual_seed((self.seed << 24) + self.epoch)
        self.epoch += 1
        last = len(self.text) - self.context
        for _ in range(self.steps):
            starts = torch.randint(last, (self.batch_size,), generator=generator)
            windows = self.text.windows(starts.to(self.text.tokens.device), self.context + 1)
            yield windows[:, :-1], windows[:, 1:]
