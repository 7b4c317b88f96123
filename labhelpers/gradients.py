"""`record_gradients`: how large the gradient of every layer is, at every backward pass."""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.autograd.graph import register_multi_grad_hook

if TYPE_CHECKING:
    import pandas as pd


class Gradients:
    """The gradient norms that `record_gradients` has seen so far, one row per backward pass."""

    def __init__(self, layers: Sequence[str]) -> None:
        self._layers = layers  # in the model's order
        self._passes: list[list[tuple[str, Tensor]]] = []  # norms stay on the model's device: nothing waits for a GPU

    @property
    def norms(self) -> "pd.DataFrame":
        """A table with a row per backward pass ("step", from 1) and a column per layer, in the model's order.

        Each is the Euclidean norm of this pass's gradient for all the layer's parameters; 0 where it got none.
        """
        import pandas as pd

        squares = [dict.fromkeys(self._layers, 0.0) for _ in self._passes]
        for row, seen in zip(squares, self._passes, strict=True):
            for (layer, _), norm in zip(seen, torch.stack([norm for _, norm in seen]).tolist(), strict=True):
                row[layer] += norm**2  # fetched together: one wait for a GPU a pass
        steps = pd.RangeIndex(1, len(squares) + 1, name="step")
        return pd.DataFrame(squares, index=steps, columns=pd.Index(self._layers, name="layer")) ** 0.5

    def _note(self, layer: str, grad: Tensor) -> None:
        exact = None if grad.device.type == "mps" else torch.float64  # in float32 the square of 1e-23 is 0
        self._passes[-1].append((layer, torch.linalg.vector_norm(grad.detach(), dtype=exact)))


@contextlib.contextmanager
def record_gradients(model: nn.Module) -> Iterator[Gradients]:
    """Record the gradient norm of every layer of `model` at each backward pass inside the block.

    A layer is a module with parameters of its own. A module or parameter that is used several times counts
    once, with its total gradient; parameters that are frozen when the block begins are left out. Training
    goes on as without the block, and no hook is left behind.

    Yields `Gradients`, whose ``.norms`` is a DataFrame (passes × layers), inside the block and after it. Raises
    ValueError when no parameter of the model asks for a gradient.
    """
    kind, parameters = type(model).__name__, {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not parameters:
        raise ValueError(f"{kind} has no parameter with requires_grad=True: nothing to record")
    layers = [name.rpartition(".")[0] or kind for name in parameters]
    gradients = Gradients(list(dict.fromkeys(layers)))
    with contextlib.ExitStack() as hooks:
        everything = list(parameters.values())
        begin = register_multi_grad_hook(everything, lambda grad: gradients._passes.append([]), mode="any")
        hooks.callback(begin.remove)  # runs before the others, at the first gradient of each pass
        for layer, parameter in zip(layers, parameters.values(), strict=True):
            hooks.callback(parameter.register_hook(functools.partial(gradients._note, layer)).remove)
        yield gradients
