"""The n-gram: a language model that only counts."""

import torch
from torch import Tensor

from labhelpers.store.door import whole_number


class NGram:
    """Counts which token followed each history of up to `order` tokens (Witten and Bell 1991).

    With n(h, c) the number of times that c followed the history h, n(h) their sum over c, and t(h)
    the number of *different* c,

        p(c | h) = (n(h, c) + t(h) p(c | h')) / (n(h) + t(h)),

    where h' is h without its oldest token; a history never met leaves the word to h' (Witten and
    Bell 1991, method C, interpolated as in Chen and Goodman 1998). Below order 0 stands 1 / V.

    It is called like a `GPT`, with tokens (N, T), and returns log probabilities (N, T, V).

    Args:
        tokens: the text to count, (T,) int64.
        vocabulary: the number V of different tokens.
        order: the longest history; order 8 is known as a 9-gram.

    Raises ValueError for an order below 0 or so high that histories cannot be numbered, or a text
    that is not longer than the order.

    Example:
        >>> model = lab.NGram(torch.tensor([0, 1, 0, 1, 0]), vocabulary=2, order=1)
        >>> model(torch.tensor([[0, 1]])).exp().round(decimals=2)
        tensor([[[0.1900, 0.8100],
                 [0.8600, 0.1400]]])
    """

    context = 128  # tokens in one call; it looks at the last `order` of them only

    def __init__(self, tokens: Tensor, vocabulary: int, order: int) -> None:
        self.order = whole_number("order", order, least=0)
        self.vocabulary = whole_number("vocabulary", vocabulary)
        if self.vocabulary ** (self.order + 1) >= 2**63:
            raise ValueError(f"order={order} is too high for {vocabulary} tokens: use a lower one")
        if len(tokens) <= self.order:
            raise ValueError(f"{len(tokens)} tokens hold no history of {order}: use a lower order")
        self.pairs: list[tuple[Tensor, Tensor]] = []  # history with next token, and its count
        self.histories: list[tuple[Tensor, Tensor, Tensor]] = []  # history, count, different nexts
        for k in range(self.order + 1):
            codes, counts = self._numbers(tokens, k + 1).unique(return_counts=True)
            owners = codes.div(self.vocabulary, rounding_mode="floor")
            histories, owner, kinds = owners.unique(return_inverse=True, return_counts=True)
            totals = torch.zeros_like(kinds).index_add(0, owner, counts)
            self.pairs.append((codes, counts))
            self.histories.append((histories, totals, kinds))

    def __call__(self, x: Tensor) -> Tensor:
        """Return log probabilities (N, T, V) of the next token at each place of x (N, T)."""
        n, places = x.shape
        following = torch.arange(self.vocabulary, device=x.device)
        p = torch.full((n, places, self.vocabulary), 1 / self.vocabulary, device=x.device)
        for k in range(min(self.order, places) + 1):
            # The first k - 1 places have a shorter history: they keep what the lower orders say.
            first = max(k - 1, 0)
            history = self._numbers(x, k) if k else x.new_zeros(n, places)
            (total, kinds) = _looked_up(history, *self.histories[k])
            (count,) = _looked_up(history[..., None] * self.vocabulary + following, *self.pairs[k])
            mixed = (count + kinds[..., None] * p[:, first:]) / (total + kinds)[..., None]
            p[:, first:] = torch.where(total[..., None] > 0, mixed, p[:, first:])
        return p.log()

    def _numbers(self, tokens: Tensor, length: int) -> Tensor:
        """Number each piece of `length` tokens, read as digits in base V: (..., T - length + 1)."""
        pieces = tokens.unfold(-1, length, 1)
        digits = torch.arange(length - 1, -1, -1, device=tokens.device)
        return (pieces * self.vocabulary**digits).sum(dim=-1)


def _looked_up(codes: Tensor, keys: Tensor, *values: Tensor) -> list[Tensor]:
    """The values that belong to `codes` in the sorted table `keys`; 0 for a code not there."""
    place = torch.searchsorted(keys, codes).clamp(max=len(keys) - 1)
    found = keys[place] == codes
    return [torch.where(found, value[place], 0) for value in values]
