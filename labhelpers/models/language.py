"""A language model in one file, to be read from top to bottom: attention, block, GPT.

A **language model** is here anything that takes tokens (N, T), whole numbers below V, and returns
logits (N, T, V): at each place a guess at the *next* token, made from this token and those before
it. `GPT` is one; `lab.NGram` is another. Both say in ``context`` how many tokens they take at most.

The layout is that of GPT-2 (Radford et al. 2019): each block adds to a stream of vectors first what
attention reads from earlier places, then what two linear layers make of each place alone; each
branch begins with a layer norm.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from labhelpers.store.door import whole_number

POSITIONS = ("rotary", "learned")
Past = tuple[Tensor, Tensor]  # keys and values of earlier places, each (N, heads, T, D)


def rotate(x: Tensor, first: int = 0) -> Tensor:
    """Turn each pair of numbers by an angle that grows with its place (RoPE, Su et al. 2021,
    arXiv:2104.09864, equation 34).

    x is (..., T, D) with even D; the places are `first`, `first` + 1, … Number i and number i + D/2
    make a pair, which is turned by place × 10000^(-2i / D). The scalar product of two turned
    vectors depends only on how far apart they stand.

    Example:
        >>> q, k = torch.randn(2, 1, 8, dtype=torch.float64)  # one place each
        >>> torch.allclose(lab.rotate(q, 3) @ lab.rotate(k, 5).T, q @ lab.rotate(k, 2).T)
        True
    """
    places, half = x.shape[-2], x.shape[-1] // 2
    speeds = 10_000 ** (-torch.arange(half, device=x.device) / half)  # (D/2,), radians a place
    place = torch.arange(first, first + places, device=x.device)
    angles = place[:, None] * speeds  # (T, D/2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    left, right = x[..., :half], x[..., half:]
    return torch.cat([left * cos - right * sin, left * sin + right * cos], dim=-1)


class Attention(nn.Module):
    """Causal self-attention with several heads (Vaswani et al. 2017, arXiv:1706.03762).

    Each place asks with a query, every place up to it answers with a key; the softmax of their
    scalar products over √D says how much of each place's value is read.
    """

    def __init__(self, width: int, heads: int, rotary: bool) -> None:
        super().__init__()
        self.heads = heads
        self.rotary = rotary
        self.qkv = nn.Linear(width, 3 * width)  # queries, keys and values in one product
        self.out = nn.Linear(width, width)

    def forward(self, h: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        """Read from the places up to each: h (N, T, width) → the same shape, and keys and values.

        With `past`, the keys and values of earlier places, h holds only the places behind them.
        """
        q, k, v = self._split(h, 0 if past is None else past[0].shape[2])
        if past is None:
            read = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            k = torch.cat([past[0], k], dim=2)
            v = torch.cat([past[1], v], dim=2)
            visible = _visible(q.shape[2], k.shape[2], h.device)
            read = F.scaled_dot_product_attention(q, k, v, attn_mask=visible)
        return self.out(read.transpose(1, 2).flatten(2)), (k, v)

    def weights(self, h: Tensor) -> Tensor:
        """Return how much each place reads of each: (N, heads, T, T), rows add up to 1."""
        q, k, _ = self._split(h, 0)
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        visible = _visible(q.shape[2], k.shape[2], h.device)
        return scores.masked_fill(~visible, -math.inf).softmax(dim=-1)

    def _split(self, h: Tensor, first: int) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (N, heads, T, D) with D = width / heads."""
        q, k, v = self.qkv(h).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        if self.rotary:
            q, k = rotate(q, first), rotate(k, first)
        return q, k, v


def _visible(queries: int, keys: int, device: torch.device) -> Tensor:
    """True where a query may look: at its own place and before; the queries are the last places."""
    return torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)


class Block(nn.Module):
    """Attention, then two linear layers with GELU; each branch is normalised first, and added.

    Without `mlp` the second branch is left out (as in Elhage et al. 2021).
    """

    def __init__(self, width: int, heads: int, rotary: bool, mlp: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads, rotary)
        self.mlp = mlp
        if mlp:
            self.norm2 = nn.LayerNorm(width)
            self.up = nn.Linear(width, 4 * width)
            self.down = nn.Linear(4 * width, width)

    def forward(self, h: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        """h (N, T, width) → the same shape, and the keys and values for `past`."""
        read, past = self.attention(self.norm1(h), past)
        h = h + read
        if self.mlp:
            h = h + self.down(F.gelu(self.up(self.norm2(h)), approximate="tanh"))
        return h, past


class GPT(nn.Module):
    """A decoder-only transformer in the layout of GPT-2, small enough for a laptop.

    Args:
        vocabulary: the number V of different tokens.
        width: numbers in the vector of each place.
        layers, heads: blocks, and heads of attention in each; `heads` divides `width`.
        context: tokens that it takes at most.
        positions: ``"rotary"`` turns queries and keys (see `rotate`); ``"learned"`` adds a vector
            for each place to the first stream, as GPT-2 does.
        mlp: False leaves the linear layers of each block out: attention only.

    The matrix that reads tokens in is also the one that gives the logits. Raises ValueError for
    sizes below 1, heads that do not divide the width (or, with rotary positions, leave an odd
    number), or unknown positions.

    Example:
        >>> model = lab.GPT(vocabulary=24, width=32, layers=2, heads=4, context=16)
        >>> model(torch.zeros(5, 16, dtype=torch.int64)).shape
        torch.Size([5, 16, 24])
    """

    def __init__(
        self,
        vocabulary: int,
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        context: int = 96,
        positions: str = "rotary",
        mlp: bool = True,
    ) -> None:
        super().__init__()
        _require_sizes(vocabulary, width, layers, heads, context, positions)
        self.context = context
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Embedding(context, width) if positions == "learned" else None
        rotary = positions == "rotary"
        self.blocks = nn.ModuleList(Block(width, heads, rotary, mlp) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self._initialise(layers)

    def _initialise(self, layers: int) -> None:
        """As in GPT-2: deviation 0.02, and less where a branch ends, since 2 × layers branches add
        up.
        """
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                ends = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * layers) if ends else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, T, V) for the next token at each place of x (N, T) int64."""
        return self.step(x)[0]

    def step(self, x: Tensor, past: list[Past] | None = None) -> tuple[Tensor, list[Past]]:
        """Return logits for x (N, T) behind the places whose keys and values `past` holds, and the
        keys and values of all places: those to give along with the next token.
        """
        first = past[0][0].shape[2] if past else 0
        self._require_room(first + x.shape[1])
        h = self.tokens(x)  # (N, T, width)
        if self.places is not None:
            h = h + self.places.weight[first : first + x.shape[1]]
        kept = []
        for i, block in enumerate(self.blocks):
            h, own = block(h, past[i] if past else None)
            kept.append(own)
        return F.linear(self.norm(h), self.tokens.weight), kept

    @torch.no_grad()
    def attention_weights(self, x: Tensor) -> Tensor:
        """Return how much each place of x (N, T) reads of each: (layers, N, heads, T, T)."""
        h = self.tokens(x)
        if self.places is not None:
            h = h + self.places.weight[: x.shape[1]]
        weights = []
        for block in self.blocks:
            assert isinstance(block, Block)  # a ModuleList does not tell
            weights.append(block.attention.weights(block.norm1(h)))
            h, _ = block(h)
        return torch.stack(weights)

    def _require_room(self, places: int) -> None:
        if places > self.context:
            fix = f"give the last {self.context}, x[:, -{self.context}:]"
            raise ValueError(f"{places} tokens are more than the context of {self.context}: {fix}")


def _require_sizes(
    vocabulary: int, width: int, layers: int, heads: int, context: int, positions: str
) -> None:
    sizes = {
        "vocabulary": vocabulary,
        "width": width,
        "layers": layers,
        "heads": heads,
        "context": context,
    }
    for name, size in sizes.items():
        whole_number(name, size)
    if positions not in POSITIONS:
        raise ValueError(f"positions={positions!r} is unknown: choose from {', '.join(POSITIONS)}")
    if width % heads:
        raise ValueError(f"heads={heads} do not divide width={width}: use such as heads=1")
    if positions == "rotary" and (width // heads) % 2:
        fix = f"use fewer heads, or width={2 * width}"
        raise ValueError(f"width / heads is {width // heads}, and rotation needs pairs: {fix}")
