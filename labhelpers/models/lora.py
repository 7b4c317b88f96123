"""LoRA: a low-rank addition to frozen linear layers (Hu et al. 2021, arXiv:2106.09685)."""

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from labhelpers.store.door import whole_number


class LoRALinear(nn.Module):
    """A frozen linear layer W, and beside it α/r · B A with A (r, in) and B (out, r), equation 3.

    B starts at zero, so that the layer starts as it was; A starts at random, so that B gets a
    gradient. `merge` adds the product to W for good.
    """

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.scale = alpha / rank
        like = linear.weight
        self.A = nn.Parameter(torch.empty(rank, linear.in_features).to(like))
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank).to(like))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        """x (…, in) → (…, out)."""
        return self.linear(x) + self.scale * F.linear(F.linear(x, self.A), self.B)

    @torch.no_grad()
    def merge(self) -> nn.Linear:
        """Return the linear layer, with the addition in its weights."""
        self.linear.weight += self.scale * (self.B @ self.A)
        return self.linear


def add_lora(
    model: nn.Module, rank: int, alpha: float | None = None, names: Iterable[str] = ()
) -> list[nn.Parameter]:
    """Freeze a model, put a `LoRALinear` in place of its linear layers, and return what trains.

    Args:
        rank, alpha: the addition is α/r · B A; α is 2 r by default.
        names: last parts of the names of the layers, such as ``["q_proj", "v_proj"]``; all if none.

    Raises ValueError when no layer has such a name, or there are additions already.

    Example:
        >>> model = lab.Llama(24, width=16, layers=1)
        >>> sum(p.numel() for p in lab.add_lora(model, rank=2, names=["q_proj"]))  # 2 × 2 × 16
        64
    """
    rank = whole_number("rank", rank)
    wanted = set(names)
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("this model has additions already: lab.remove_lora(model) first")
    found = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and (not wanted or name.rpartition(".")[2] in wanted)
    ]
    if not found:
        raise ValueError(f"no linear layer is named {', '.join(sorted(wanted))}: see model")
    model.requires_grad_(False)
    added = []
    for name in found:
        parent, _, last = name.rpartition(".")
        owner = model.get_submodule(parent)
        layer = LoRALinear(getattr(owner, last), rank, 2 * rank if alpha is None else alpha)
        setattr(owner, last, layer)
        added += [layer.A, layer.B]
    return added


def remove_lora(model: nn.Module, merge: bool = False) -> nn.Module:
    """Take the additions out again and return the model: as it was, or with them merged in.

    Example:
        >>> model = lab.Llama(24, width=16, layers=1)
        >>> added = lab.add_lora(model, rank=2)
        >>> any("A" in name for name, _ in lab.remove_lora(model).named_parameters())
        False
    """
    for name, module in list(model.named_modules()):
        if isinstance(module, LoRALinear):
            parent, _, last = name.rpartition(".")
            linear = module.merge() if merge else module.linear
            setattr(model.get_submodule(parent), last, linear)
    return model.requires_grad_(True)
