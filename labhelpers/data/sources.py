"""Where arrays come from: a file of the user's, the original files, a download, a stand-in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from labhelpers import session
from labhelpers.data import files, folders, standins
from labhelpers.data.checks import Arrays

STAND_INS = {"mnist": "digits", "cifar10": "shapes"}  # what stands in for a data set
DRAWN: dict[str, tuple[Callable[[int], Arrays], str]] = {
    "digits": (standins.digits, "scikit-learn's digits, redrawn"),
    "shapes": (standins.shapes, "drawn shapes"),
}
KNOWN = (*STAND_INS, *DRAWN)  # all that has a name; else it is a path of the user's
MOST = {"mnist": 55_000, "cifar10": 45_000}  # training images of the original, and of its stand-in
USUAL = {True: 1_200, False: 4_000}  # drawn training images if no number is asked for: smoke, else


@dataclass(frozen=True)
class Recipe:
    """How a data set was loaded, so that a worker process can load it again."""

    name: str
    place: Path
    smoke: bool
    train_size: int | None
    size: int | None
    device: str
    content: str = ""  # a hash of what came out
    stand_in: bool = False  # what came out was a stand-in: a worker does not try the network again


@dataclass(frozen=True)
class Found:
    """Arrays, and where they come from."""

    arrays: Arrays
    source: str
    original: bool
    stand_in: bool = False
    why: str = ""  # the original could not be had


def find(recipe: Recipe) -> Found:
    """The order of the sources."""
    name, place = recipe.name, recipe.place
    if name in DRAWN:
        return _drawn(name, recipe, original=True)
    if place.is_dir() and name not in STAND_INS:
        return Found(folders.read(place, recipe.size), f"pictures in {place.name}/", False)
    own = place if name not in STAND_INS else place / f"{name}.npz"
    if own == place or (own.exists() and not recipe.smoke and not recipe.stand_in):
        return _own_file(name, own)
    why = ""
    if not recipe.smoke and not recipe.stand_in:
        try:
            return Found(files.fetched(name, place), "original files", True)
        except OSError as error:  # no mirror, no space or no permission: said, and a stand-in drawn
            why = str(error)
    return replace(_drawn(STAND_INS[name], recipe, original=False), why=why)


def _own_file(name: str, path: Path) -> Found:
    """A file of the user's. It is the original only if every pixel is."""
    arrays = files.read_npz(path)
    if "source" in arrays:
        return Found(arrays, str(arrays["source"].item()), False)
    if files.is_original(name, arrays):
        return Found(arrays, "original files", True)
    return Found(arrays, path.name, False)


def _drawn(kind: str, recipe: Recipe, original: bool) -> Found:
    most = MOST.get(recipe.name)
    size = recipe.train_size or USUAL[recipe.smoke]
    if most is not None and size > most:
        raise ValueError(too_many(recipe, most))
    draw, words = DRAWN[kind]
    source = words if original else f"stand-in: {words}"
    return Found(draw(size), source, original, stand_in=not original)


def too_many(recipe: Recipe, most: int) -> str:
    """Say that a data set has fewer training images than were asked for."""
    wrong = f"train_size={recipe.train_size} is not allowed"
    return f"{wrong}: {recipe.name} has {most:,} training images, so use 1 to {most}"


def note(name: str, source: str, original: bool) -> None:
    """Remember what the data called `name` are, for captions and claims; originals need no word.

    A file of the user's, whose source is its name, is named once.
    """
    noted = session.current().sources
    noted.pop(name, None)
    if not original:
        noted[name] = source if source == name else f"{name}, {source}"
