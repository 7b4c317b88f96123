"""A Llama in one file: the layout of SmolLM2 and of most open language models.

Beside `GPT` (GPT-2's layout) four things are new: RMS norm instead of layer norm, rotary positions
with a base of its own, keys and values shared by several heads, and a gated MLP. Nothing has a
bias. The names of the parts are those of the library transformers, so that weights fit both ways.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from labhelpers.store.door import whole_number


class RMSNorm(nn.Module):
    """Divide by the root of the mean square, then scale (Zhang and Sennrich 2019,
    arXiv:1910.07467, equation 4).
    """

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, h: Tensor) -> Tensor:
        """h (…, width) → the same shape."""
        return self.weight * h * (h.square().mean(dim=-1, keepdim=True) + self.eps).rsqrt()


def turned(x: Tensor, base: float) -> Tensor:
    """Rotary positions (Su et al. 2021, arXiv:2104.09864): x (…, T, D), D even, place t turned by
    t × base^(-2i / D) radians in the plane of numbers i and i + D/2.
    """
    places, half = x.shape[-2], x.shape[-1] // 2
    speeds = base ** (-torch.arange(half, device=x.device) / half)
    angles = torch.arange(places, device=x.device)[:, None] * speeds  # (T, D/2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    left, right = x[..., :half], x[..., half:]
    return torch.cat([left * cos - right * sin, left * sin + right * cos], dim=-1)


class GroupedAttention(nn.Module):
    """Causal attention in which `heads` queries share fewer keys and values (Ainslie et al. 2023,
    arXiv:2305.13245).
    """

    def __init__(self, width: int, heads: int, shared: int, base: float) -> None:
        super().__init__()
        self.heads, self.shared, self.base = heads, shared, base
        size = width // heads
        self.q_proj = nn.Linear(width, heads * size, bias=False)
        self.k_proj = nn.Linear(width, shared * size, bias=False)
        self.v_proj = nn.Linear(width, shared * size, bias=False)
        self.o_proj = nn.Linear(heads * size, width, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        """h (N, T, width) → the same shape."""
        q = self.q_proj(h).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (N, heads, T, D)
        k = self.k_proj(h).unflatten(-1, (self.shared, -1)).transpose(1, 2)
        v = self.v_proj(h).unflatten(-1, (self.shared, -1)).transpose(1, 2)
        q, k = turned(q, self.base), turned(k, self.base)
        k, v = (x.repeat_interleave(self.heads // self.shared, dim=1) for x in (k, v))
        read = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(read.transpose(1, 2).flatten(2))


class GatedMLP(nn.Module):
    """SwiGLU: one linear layer decides how much of another passes (Shazeer 2020,
    arXiv:2002.05202, equation 6).
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, hidden, bias=False)
        self.up_proj = nn.Linear(width, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, width, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        """h (…, width) → the same shape."""
        return self.down_proj(F.silu(self.gate_proj(h)) * self.up_proj(h))


class LlamaBlock(nn.Module):
    """Attention and a gated MLP, each behind an RMS norm, each added to the stream."""

    def __init__(
        self, width: int, heads: int, shared: int, hidden: int, base: float, eps: float
    ) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(width, eps)
        self.self_attn = GroupedAttention(width, heads, shared, base)
        self.post_attention_layernorm = RMSNorm(width, eps)
        self.mlp = GatedMLP(width, hidden)

    def forward(self, h: Tensor) -> Tensor:
        """h (N, T, width) → the same shape."""
        h = h + self.self_attn(self.input_layernorm(h))
        return h + self.mlp(self.post_attention_layernorm(h))


class Llama(nn.Module):
    """A decoder in the layout of Llama (Touvron et al. 2023, arXiv:2302.13971), with one matrix
    that reads tokens in and gives the logits.

    Args:
        vocabulary: the number V of different tokens.
        width, layers, heads: of the stream, blocks, and heads of attention in each.
        shared: keys and values of each block; divides `heads`, and is `heads` by default.
        hidden: width inside the MLP, 8/3 of `width` by default.
        context: tokens that it takes at most.
        base, eps: of the rotary positions, and of the norms.

    It is called like a `GPT`: tokens (N, T) → logits (N, T, V). Raises ValueError for sizes that do
    not divide one another.

    Example:
        >>> model = lab.Llama(vocabulary=24, width=32, layers=2, heads=4, shared=2, context=16)
        >>> model(torch.zeros(5, 16, dtype=torch.int64)).shape
        torch.Size([5, 16, 24])
    """

    def __init__(
        self,
        vocabulary: int,
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        shared: int | None = None,
        hidden: int | None = None,
        context: int = 96,
        base: float = 10_000.0,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        sizes = {"vocabulary": vocabulary, "width": width, "layers": layers, "heads": heads}
        for name, size in {**sizes, "context": context}.items():
            whole_number(name, size)
        shared = heads if shared is None else whole_number("shared", shared)
        if width % (2 * heads):
            raise ValueError(f"heads={heads} and width={width}: use a width of k × 2 × heads")
        if heads % shared:
            raise ValueError(f"shared={shared} does not divide heads={heads}: use such as 1")
        self.context = context
        hidden = 8 * width // 3 if hidden is None else whole_number("hidden", hidden)
        self.embed_tokens = nn.Embedding(vocabulary, width)
        blocks = (LlamaBlock(width, heads, shared, hidden, base, eps) for _ in range(layers))
        self.layers = nn.ModuleList(blocks)
        self.norm = RMSNorm(width, eps)
        for parameter in self.parameters():
            if parameter.ndim == 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, T, V) for the next token at each place of x (N, T) int64."""
        if x.shape[1] > self.context:
            fix = f"give the last {self.context}"
            raise ValueError(f"{x.shape[1]} tokens exceed the context of {self.context}: {fix}")
        h = self.embed_tokens(x)
        for block in self.layers:
            h = block(h)
        return F.linear(self.norm(h), self.embed_tokens.weight)

    @classmethod
    def copied(cls, other: Any) -> "Llama":
        """Return a Llama with the weights of a ``LlamaForCausalLM`` of transformers.

        Raises ValueError unless that model uses one matrix for both ends, and no biases.
        """
        config = other.config
        if not config.tie_word_embeddings or config.attention_bias or config.mlp_bias:
            fix = "choose one with tied embeddings and without biases, such as SmolLM2"
            raise ValueError(f"{type(other).__name__} of this kind cannot be copied: {fix}")
        with torch.device("meta"):  # sizes only: the weights come at once
            model = cls(
                config.vocab_size,
                config.hidden_size,
                config.num_hidden_layers,
                config.num_attention_heads,
                config.num_key_value_heads,
                config.intermediate_size,
                config.max_position_embeddings,
                config.rope_parameters["rope_theta"],
                config.rms_norm_eps,
            )
        model.load_state_dict(other.model.state_dict(), assign=True)
        return model
