"""`record_gradients`: how large the gradient of every layer is, at every backward pass."""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    import pandas as pd


class Gradients:
    """The gradient norms that `record_gradients` has seen so far, one row per backward pass."""

    def __init__(self, layers: Sequence[str]) -> None:
        self._layers = layers  # of each parameter
        self._rows: list[Tensor] = []  # (parameters,) each, left on the model's device: nothing waits for a GPU
        self._row: dict[int, Tensor] = {}  # of the newest pass, by the parameter's position

    @property
    def norms(self) -> "pd.DataFrame":
        """A table with a row per backward pass ("step", from 1) and a column per layer, in the model's order.

        Each is the Euclidean norm of this pass's gradient for all the layer's parameters; 0 where it got none.
        """
        import pandas as pd

        self._close_row()
        names = list(dict.fromkeys(self._layers))
        owner = torch.tensor([names.index(name) for name in self._layers])
        values = torch.stack(self._rows).cpu().double() if self._rows else torch.zeros(0, len(owner)).double()
        squares = values.new_zeros(len(values), len(names)).index_add_(1, owner, values.square())
        table = pd.DataFrame(squares.sqrt().numpy(), columns=pd.Index(names, name="layer"))
        return table.set_index(pd.RangeIndex(1, len(table) + 1, name="step"))

    def _close_row(self, *_: Tensor) -> None:
        if self._row:
            zero = torch.zeros_like(next(iter(self._row.values())))
            self._rows.append(torch.stack([self._row.get(i, zero).to(zero) for i in range(len(self._layers))]))
            self._row = {}

    def _note(self, position: int, grad: Tensor) -> None:
        exact = None if grad.device.type == "mps" else torch.float64  # in float32 the square of 1e-23 is 0
        self._row[position] = torch.linalg.vector_norm(grad.detach(), dtype=exact)


@contextlib.contextmanager
def record_gradients(model: nn.Module) -> Iterator[Gradients]:
    """Record the gradient norm of every layer of `model` at each backward pass inside the block.

    A layer is a module with parameters of its own. A module or parameter that is used several times counts
    once, with its total gradient; parameters that are frozen when the block begins are left out. Training
    goes on as without the block, and no hook is left behind.

    Yields `Gradients`, whose ``.norms`` is a DataFrame (passes × layers), inside the block and after it. Raises
    ValueError when no parameter of the model asks for a gradient.
    """
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    kind, everything = type(model).__name__, list(parameters.values())
    if not everything:
        raise ValueError(f"{kind} has no parameter with requires_grad=True: nothing to record")
    gradients = Gradients([name.rpartition(".")[0] or kind for name in parameters])
    with contextlib.ExitStack() as hooks:
        first = torch.autograd.graph.register_multi_grad_hook(everything, gradients._close_row, mode="any")
        hooks.callback(first.remove)  # runs before the others, at the first gradient of each pass
        for position, parameter in enumerate(everything):
            hooks.callback(parameter.register_hook(functools.partial(gradients._note, position)).remove)
        yield gradients
