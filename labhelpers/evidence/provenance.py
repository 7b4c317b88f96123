"""Which of the data sets that a notebook has loaded an experiment uses."""

import math
import types
from collections.abc import Iterable
from typing import Any

import numpy as np
from torch import Tensor, nn

from labhelpers import session
from labhelpers.data.batches import Split
from labhelpers.data.characters import Text
from labhelpers.data.images import ImageData

DATA = (ImageData, Split, Text)


def sources_of(met: Iterable[Any]) -> dict[str, str]:
    """Return the session's sources, less the data sets that an experiment does not use.

    `met` is all that `describe` has met in it. Numbers that belong to no data set (a tensor, a
    split made by hand, weights, a table) may have been made from any, and a function that loads may
    load any: with one of these, nothing is left out.
    """
    met, sources = list(met), session.current().sources
    of_data_sets = [item for item in met if isinstance(item, DATA) and item.origin]
    inside = {id(value) for item in of_data_sets for value in vars(item).values()}
    if any(_may_hide_a_source(item) for item in met if id(item) not in inside):
        return dict(sources)
    used = {item.origin for item in of_data_sets}
    return {name: source for name, source in sources.items() if name in used}


def _may_hide_a_source(item: Any) -> bool:
    if isinstance(item, DATA):
        return not item.origin
    if isinstance(item, Tensor | np.ndarray):
        return math.prod(item.shape) > 1
    if isinstance(item, nn.Module):
        return next(item.parameters(), None) is not None
    if type(item).__module__.partition(".")[0] == "pandas":
        return True
    ours = isinstance(item, types.FunctionType) and str(item.__module__).startswith("labhelpers.")
    return ours and item.__name__.startswith("load_")
