"""`diagram`: show the drawing that belongs to a lab."""

import importlib
import pkgutil

from labhelpers.plots import diagrams
from labhelpers.plots.figure import save_figure


def diagram(lab: str) -> None:
    """Show the diagram of a lab, given by its number, and keep it as ``<lab>-diagram.png``.

    Raises ValueError for a lab that has none.

    Example:
        >>> lab.diagram("02")  # doctest: +ELLIPSIS
        <figure: ...>
    """
    known = sorted(
        module.name.removeprefix("lab")
        for module in pkgutil.iter_modules(diagrams.__path__)
        if module.name.startswith("lab")
    )
    if lab not in known:
        raise ValueError(f"there is no diagram for lab {lab!r}: choose from {', '.join(known)}")
    drawing = importlib.import_module(f"{diagrams.__name__}.lab{lab}")
    save_figure(drawing.draw(), f"{lab}-diagram", drawing.CAPTION, drawing.ALT)
