"""`save_figure`: the one place that shows and saves a figure."""

import base64
import html
import io
import re
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from labhelpers import session
from labhelpers.data.images import ImageData
from labhelpers.store.files import reported, write_atomically

if TYPE_CHECKING:
    import pandas as pd


def save_figure(
    ax: Axes | np.ndarray,
    name: str,
    caption: str = "",
    alt: str = "",
    data: "ImageData | pd.DataFrame | None" = None,
) -> None:
    r"""Save the figure of `ax` (or an array of axes), show it once with its caption, and close it.

    It is shown as a picture with an alternative text for those who cannot see it, and the caption
    as text below it.

    Args:
        name: such as ``"01-history"``; it becomes ``<name>.png`` in ``runs/figures/``, or in
            ``figures/`` under ``make publish``.
        caption: what is seen, with n and the interval; data that is not the original is named
            behind it. A ``$`` in it is a dollar, not mathematics.
        alt: one sentence for those who cannot see the picture; the caption by default.
        data: what the picture is of, where a notebook uses several data sets: one of them, or the
            table of a study, which remembers what it was measured on.

    Raises ValueError for a name that is no plain file name. A folder that cannot be written is
    reported, and the figure is shown all the same.

    Example:
        >>> ax = lab.plot_images(torch.zeros(2, 1, 4, 4))
        >>> lab.save_figure(ax, "00-doc", "Two black squares.")  # doctest: +ELLIPSIS
        <figure: Two black squares....>
    """
    from IPython.display import display

    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_][\w.-]*", name, re.ASCII):
        raise ValueError(
            f'figure name {name!r} is not allowed: use a plain name, as in "01-history"'
        )
    figure = (ax.flat[0] if isinstance(ax, np.ndarray) else ax).get_figure(root=True)
    if not isinstance(figure, Figure):
        raise ValueError("the axes belong to no figure: they were removed from it")
    whole = " ".join([caption, *_sources(data)]).strip()
    try:
        png = _png(figure, alt or whole)
    except ValueError:  # of Matplotlib's mathematics; another one is raised again
        _take_dollars_literally(figure)
        png = _png(figure, alt or whole)
    plt.close(figure)
    path = session.current().figures / f"{name}.png"
    reported(write_atomically, path, png, where=path)
    display(Shown(png, whole, alt or whole))


class Shown:
    """A picture, its caption and its alternative text, as a notebook shows them.

    JupyterLab drops the alternative text of a plain PNG, so the picture stands in an HTML figure.
    The PNG itself goes along, for what shows no HTML; `tools/execute.py` keeps only that in the
    notebooks that are committed, since GitHub shows no picture that is part of HTML.
    """

    def __init__(self, png: bytes, caption: str, alt: str) -> None:
        self.png, self.caption, self.alt = png, caption, alt

    def __repr__(self) -> str:
        return f"<figure: {self.alt}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        encoded = base64.b64encode(self.png).decode("ascii")
        picture = (
            f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(self.alt)}" '
            'style="max-width: 100%">'
        )
        # A dollar by itself in an element begins no formula.
        words = html.escape(self.caption).replace("$", "<span>$</span>")
        below = f"<figcaption>{words}</figcaption>" if words else ""
        data = {
            "text/html": f'<figure style="margin: 0">{picture}{below}</figure>',
            "image/png": encoded,
            "text/plain": repr(self),
        }
        return data, {"image/png": {"alt": self.alt, "caption": self.caption}}


def _png(figure: Figure, description: str) -> bytes:
    buffer = io.BytesIO()
    about = {"Description": description}
    figure.savefig(buffer, format="png", bbox_inches=_bounds(figure), metadata=about)
    return buffer.getvalue()


def _bounds(figure: Figure) -> Bbox:
    """What ``bbox_inches="tight"`` finds, in inches, without drawing everything twice for it."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)  # what was laid out stays, and is not laid out again
    return figure.get_tightbbox().padded(rcParams["savefig.pad_inches"])


def _sources(data: "ImageData | pd.DataFrame | None") -> list[str]:
    """A sentence for each data set that is not the original."""
    used = session.current().sources
    if isinstance(data, ImageData):
        used = {name: source for name, source in used.items() if name == data.name}
    elif data is not None:
        used = data.attrs.get("sources", used)
    return [f"Data: {source}." for source in sorted(used.values())]


def _take_dollars_literally(figure: Figure) -> None:
    """Show text that is no formula as it stands: a class called "$_{" must not end the figure."""
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        axis.get_ticklabels()  # names of categories become text only when they are asked for
    for text in figure.findobj(Text):
        if not all(map(_can_be_drawn, text.get_text().split("\n"))):
            text.set_parse_math(False)


def _can_be_drawn(line: str) -> bool:
    if not is_math_text(line):
        return True
    try:
        MathTextParser("agg").parse(line)
    except ValueError:
        return False
    return True
