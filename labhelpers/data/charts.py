"""Pictures of charts, eight kinds of them, drawn into a folder of class folders: a small task with
pictures larger than 32 × 32 that needs no download.

Every shape is a distance to its edge, so its edges are smooth, and the same seed gives the same
pixels everywhere. What must not give a kind away (colours, background, grid lines, margins) is
drawn at random for all of them; what makes it is how the marks are arranged.
"""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Rng = np.random.Generator
PARTS = ("train", "val", "test")


def draw_charts(folder: str | Path, train: int, val: int, test: int, size: int = 64) -> Path:
    """Draw pictures of charts as PNG files ``folder/train/<kind>/<number>.png``, and so for ``val``
    and ``test``; return the folder, which :func:`labhelpers.load_data` reads.

    The eight kinds are bars, histogram, line, steps, scatter, stem, pie and heat map. Pictures that
    are already there are kept.

    Args:
        train, val, test: pictures of each kind.
        size: pixels of a side.

    Example:
        >>> folder = lab.setup(budget="smoke").run_folder("00/charts")  # doctest: +ELLIPSIS
        cpu ...
        >>> lab.load_data(lab.draw_charts(folder, train=2, val=1, test=1)).shape
        (3, 64, 64)
    """
    folder = Path(folder)
    for part, number in zip(PARTS, (train, val, test), strict=True):
        for label, kind in enumerate(KINDS):
            home = folder / part / kind
            home.mkdir(parents=True, exist_ok=True)
            for i in range(number):
                path = home / f"{i:04d}.png"
                if not path.exists():
                    seed = [PARTS.index(part), label, i]
                    Image.fromarray(_chart(kind, size, np.random.default_rng(seed))).save(path)
    return folder


def _chart(kind: str, size: int, rng: Rng) -> np.ndarray:
    """One chart, uint8 (size, size, 3)."""
    paper = _Paper(size, rng)
    paper.frame()
    KINDS[kind](paper)
    noisy = paper.pixels + rng.normal(0, 4, paper.pixels.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


class _Paper:
    """A sheet with two axes: places run from 0 to 1, to the right and up."""

    def __init__(self, size: int, rng: Rng) -> None:
        self.rng = rng
        rows, columns = np.mgrid[:size, :size] + 0.5
        left, low = rng.uniform(0.06, 0.2, 2) * size
        right, high = rng.uniform(0.84, 0.96, 2) * size
        self.scale = min(right - left, high - low)  # pixels
        self.x = (columns - left) / (right - left)
        self.y = (size - rows - low) / (high - low)
        self.unit = 1 / self.scale  # one pixel, in places
        self.dark = rng.random() < 0.25
        ground = rng.uniform(10, 60, 3) if self.dark else rng.uniform(215, 255, 3)
        self.pixels = np.broadcast_to(ground, (size, size, 3)).copy()

    def colour(self) -> np.ndarray:
        """A colour that can be told from the ground."""
        colour = self.rng.uniform(0, 255, 3)
        ground = self.pixels[0, 0]
        while np.abs(colour - ground).sum() < 200:
            colour = self.rng.uniform(0, 255, 3)
        return colour

    def ink(self, distance: np.ndarray, colour: np.ndarray, thick: float = 0.0) -> None:
        """Paint where `distance`, in places, is at most `thick`; edges are one pixel wide."""
        cover = np.clip(0.5 - (distance - thick) * self.scale, 0, 1)[:, :, None]
        self.pixels += cover * (colour - self.pixels)

    def segment(
        self, start: tuple[float, float], end: tuple[float, float], colour: np.ndarray, thick: float
    ) -> None:
        """A straight stroke."""
        (x0, y0), (x1, y1) = start, end
        length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-9)
        along = ((self.x - x0) * (x1 - x0) + (self.y - y0) * (y1 - y0)) / length
        along = np.clip(along, 0, 1)
        away = np.hypot(self.x - x0 - along * (x1 - x0), self.y - y0 - along * (y1 - y0))
        self.ink(away, colour, thick)

    def box(self, left: float, right: float, low: float, high: float, colour: np.ndarray) -> None:
        """A filled rectangle."""
        across = np.maximum(left - self.x, self.x - right)
        self.ink(np.maximum(across, np.maximum(low - self.y, self.y - high)), colour)

    def disc(self, x: float, y: float, radius: float, colour: np.ndarray) -> None:
        """A filled circle."""
        self.ink(np.hypot(self.x - x, self.y - y), colour, radius)

    def thin(self) -> float:
        """Half the width of a line: one to two pixels in all."""
        return float(self.rng.uniform(0.5, 1.0)) * self.unit

    def frame(self) -> None:
        """Axes, and grid lines in some pictures."""
        grey = self.pixels[0, 0] + (70 if self.dark else -60)
        if self.rng.random() < 0.5:
            for place in np.linspace(0, 1, self.rng.integers(3, 6)):
                self.segment((0, place), (1, place), grey, 0.3 * self.unit)
                if self.rng.random() < 0.5:
                    self.segment((place, 0), (place, 1), grey, 0.3 * self.unit)
        if self.rng.random() < 0.7:
            black = np.full(3, 230.0 if self.dark else 20.0)
            self.segment((0, 0), (1, 0), black, 0.5 * self.unit)
            self.segment((0, 0), (0, 1), black, 0.5 * self.unit)


def _bars(paper: _Paper) -> None:
    """Separate bars, standing or lying."""
    rng, n = paper.rng, paper.rng.integers(3, 9)
    lying, colour, one_colour = rng.random() < 0.3, paper.colour(), rng.random() < 0.6
    width = rng.uniform(0.5, 0.85) / n
    for i, height in enumerate(rng.uniform(0.15, 1, n)):
        ink, left = colour if one_colour else paper.colour(), (i + 0.5) / n - width / 2
        if lying:
            paper.box(0, height, left, left + width, ink)
        else:
            paper.box(left, left + width, 0, height, ink)


def _histogram(paper: _Paper) -> None:
    """Touching bars under one or two humps."""
    rng, n = paper.rng, paper.rng.integers(8, 17)
    middle = (np.arange(n) + 0.5) / n
    heights = np.zeros(n)
    for _ in range(rng.integers(1, 3)):
        centre, spread = rng.uniform(0.2, 0.8), rng.uniform(0.08, 0.25)
        heights += rng.uniform(0.5, 1) * np.exp(-(((middle - centre) / spread) ** 2) / 2)
    heights = heights / heights.max() * rng.uniform(0.8, 1) * rng.uniform(0.85, 1, n)
    colour = paper.colour()
    for i, height in enumerate(heights):
        paper.box(i / n, (i + 1) / n, 0, height, colour)


def _walk(rng: Rng, n: int) -> np.ndarray:
    """Heights of a curve that wanders, from 0.05 to 0.95."""
    walk = rng.normal(0, 1, n).cumsum() + rng.normal(0, 1.5) * np.linspace(0, 1, n)
    return 0.05 + 0.9 * (walk - walk.min()) / (np.ptp(walk) + 1e-9)


def _line(paper: _Paper) -> None:
    """One to three curves."""
    for _ in range(paper.rng.integers(1, 4)):
        n = int(paper.rng.integers(5, 13))
        points = list(zip(np.linspace(0, 1, n), _walk(paper.rng, n), strict=True))
        colour, thick = paper.colour(), paper.thin()
        for start, end in itertools.pairwise(points):
            paper.segment(start, end, colour, thick)


def _steps(paper: _Paper) -> None:
    """One or two curves that go level and straight up or down only."""
    for _ in range(paper.rng.integers(1, 3)):
        n = int(paper.rng.integers(5, 13))
        heights, places = _walk(paper.rng, n), np.linspace(0, 1, n + 1)
        colour, thick = paper.colour(), paper.thin()
        for i, height in enumerate(heights):
            paper.segment((places[i], height), (places[i + 1], height), colour, thick)
            if i:
                paper.segment((places[i], heights[i - 1]), (places[i], height), colour, thick)


def _scatter(paper: _Paper) -> None:
    """Points around a slope, in one or two colours."""
    rng = paper.rng
    for _ in range(rng.integers(1, 3)):
        n, colour, radius = rng.integers(8, 30), paper.colour(), rng.uniform(1, 2.4) * paper.unit
        across = rng.uniform(0.03, 0.97, n)
        up = 0.5 + rng.uniform(-1, 1) * (across - 0.5) + rng.normal(0, rng.uniform(0.03, 0.3), n)
        for x, y in zip(across, np.clip(up, 0.03, 0.97), strict=True):
            paper.disc(x, y, radius, colour)


def _stem(paper: _Paper) -> None:
    """Points on stalks."""
    rng, n = paper.rng, int(paper.rng.integers(6, 15))
    colour, thick, radius = paper.colour(), paper.thin() / 2, rng.uniform(1, 2.4) * paper.unit
    heights = _walk(rng, n) if rng.random() < 0.5 else rng.uniform(0.1, 0.95, n)
    for x, y in zip(np.linspace(0.05, 0.95, n), heights, strict=True):
        paper.segment((x, 0), (x, y), colour, thick)
        paper.disc(x, y, radius, colour)


def _pie(paper: _Paper) -> None:
    """Sectors of a circle or of a ring."""
    rng, n = paper.rng, paper.rng.integers(3, 7)
    x, y = rng.uniform(0.42, 0.58, 2)
    radius = rng.uniform(0.3, 0.46)
    turn = (np.arctan2(paper.y - y, paper.x - x) / (2 * np.pi) + rng.random()) % 1
    ends = np.concatenate([[0], np.sort(rng.uniform(0.05, 1, n - 1)), [1]])
    away = np.hypot(paper.x - x, paper.y - y)
    hole = rng.uniform(0.3, 0.6) * radius if rng.random() < 0.3 else -1
    for start, end in itertools.pairwise(ends):
        inside = (turn >= start) & (turn < end)
        paper.ink(np.where(inside, np.maximum(away - radius, hole - away), 1), paper.colour())


def _heat_map(paper: _Paper) -> None:
    """Cells between two colours."""
    rng = paper.rng
    rows, columns = rng.integers(3, 9, 2)
    low, high = paper.colour(), paper.colour()
    smooth = rng.random() < 0.5
    for i in range(rows):
        for j in range(columns):
            share = rng.random()
            if smooth:
                share = (i / rows + j / columns + 0.4 * share) / 2.4
            edges = (j / columns, (j + 1) / columns, i / rows, (i + 1) / rows)
            paper.box(*edges, low + share * (high - low))


KINDS: dict[str, Callable[[_Paper], None]] = {
    "bars": _bars,
    "heat map": _heat_map,
    "histogram": _histogram,
    "line": _line,
    "pie": _pie,
    "scatter": _scatter,
    "stem": _stem,
    "steps": _steps,
}
