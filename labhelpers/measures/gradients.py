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
        # Norms stay on the model's device, so that nothing waits for a GPU.
        self._passes: list[list[tuple[str, Tensor]]] = []

    @property
    def norms(self) -> "pd.DataFrame":
        """A table with a row per backward pass ("step", from 1) and a column per layer, in order.

        Each is the Euclidean norm of this pass's gradient for all the layer's parameters; 0 where
        it got none.
        """
        import pandas as pd

        squares = [dict.fromkeys(self._layers, 0.0) for _ in self._passes]
        for row, seen in zip(squares, self._passes, strict=True):
            # Fetched together: one wait for a GPU a pass.
            norms = torch.stack([norm for _, norm in seen]).tolist()
            for (layer, _), norm in zip(seen, norms, strict=True):
                row[layer] += norm**2

        steps = pd.RangeIndex(1, len(squares) + 1, name="step")
        layers = pd.Index(self._layers, name="layer")
        return pd.DataFrame(squares, index=steps, columns=layers) ** 0.5

    def _begin(self, grad: Tensor) -> None:
        self._passes.append([])

    def _note(self, layer: str, grad: Tensor) -> None:
        # In float32 the square of 1e-23 is 0; but Apple's GPU has no float64.
        exact = None if grad.device.type == "mps" else torch.float64
        self._passes[-1].append((layer, torch.linalg.vector_norm(grad.detach(), dtype=exact)))


@contextlib.contextmanager
def record_gradients(model: nn.Module) -> Iterator[Gradients]:
    """Record the gradient norm of every layer of `model` at each backward pass inside the block.

    A layer is a module with parameters of its own. A module or parameter that is used several times
    counts once, with its total gradient; parameters that are frozen when the block begins are left
    out. Training goes on as without the block, and no hook is left behind.

    Yields `Gradients`, whose ``.norms`` is a DataFrame (passes × layers), inside the block and
    after it. Raises ValueError when no parameter of the model asks for a gradient.

    Example:
        >>> model = torch.nn.Linear(2, 1)
        >>> with lab.record_gradients(model) as gradients:
        ...     model(torch.ones(1, 2)).sum().backward()
        >>> gradients.norms.shape
        (1, 1)
    """
    kind = type(model).__name__
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not parameters:
        raise ValueError(f"{kind} has no parameter with requires_grad=True: nothing to record")
    layers = [name.rpartition(".")[0] or kind for name in parameters]
    gradients = Gradients(list(dict.fromkeys(layers)))

    with contextlib.ExitStack() as hooks:
        everything = list(parameters.values())
        # Runs before the others, at the first gradient of each pass.
        begin = register_multi_grad_hook(everything, gradients._begin, mode="any")
        hooks.callback(begin.remove)

        for layer, parameter in zip(layers, everything, strict=True):
            hook = parameter.register_hook(functools.partial(gradients._note, layer))
            hooks.callback(hook.remove)

        yield gradients
