"""Guesses: written down before the run, kept, drawn into the figure, compared with what was
measured.
"""

import math
import numbers
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from labhelpers import session
from labhelpers.evidence.intervals import Interval
from labhelpers.store.files import read_json, update_json

GUESS_COLOR = "C3"


def guess(what: str, *value: Any, unit: str = "", **values: Any) -> None:
    """Keep your guess of a number, or of several by name, until it can be compared.

    The cell comes with dots in it. Replace them by numbers and run it; as long as there are dots,
    one line asks for the guess and nothing else happens. Guesses are kept in ``runs/guesses.json``,
    under the notebook's name: a later guess of the same thing takes the place of the earlier one.

    Args:
        what: what is guessed, in a few words; `compare` and `plot_guess` take the same words.
        value: one number, in `unit`.
        unit: such as ``"%"`` or ``"nats"``.
        values: several numbers, by name.

    Example:
        >>> lab.guess("accuracy", ..., unit="%")
        accuracy: what is your guess, in %? Replace the dots and run this cell again.
        >>> lab.guess("accuracy", 90, unit="%")
        accuracy: you guess 90 %. It is kept, and compared later.
    """
    given = _by_name(value, values)
    in_unit = f", in {unit}" if unit else ""
    if any(number is ... for number in given.values()):
        print(f"{what}: what is your guess{in_unit}? Replace the dots and run this cell again.")
        return
    odd = [number for number in given.values() if not _is_number(number)]
    if odd or not given:
        shown = f"{odd[0]!r} is not a number" if odd else "nothing is given"
        print(f"{what}: {shown}. Write a number{in_unit}, such as 12.5, without quotes.")
        return
    kept = {name: float(number) for name, number in given.items()}
    _keep(what, "guess", {"values": kept, "unit": unit})
    print(f"{what}: you guess {_words(kept, unit)}. It is kept, and compared later.")


def compare(what: str, *measured: Interval, **several: Interval) -> None:
    """Put the guess of `what` beside the interval that was measured, and say how far it is off.

    Give one interval, or several by the names that the guess has, in the guess's unit. Without a
    guess only the measured values are shown. Both are kept for `report`.

    Raises TypeError for anything but intervals.

    Example:
        >>> lab.guess("accuracy", 90, unit="%")
        accuracy: you guess 90 %. It is kept, and compared later.
        >>> lab.compare("accuracy", lab.interval([80.0, 82.0, 84.0]))
        accuracy: you guessed 90 %, measured 82 [77, 87]: too high by 3.03 %
    """
    given = _by_name(measured, several)
    for name, found in given.items():
        if not isinstance(found, Interval):
            said = f"{name}={found!r}" if name else repr(found)
            raise TypeError(f"{said} is no interval: give one from lab.interval or lab.difference")
    entry = _kept().get(what, {})
    guesses, unit = _guess_in(entry)
    for name, found in given.items():
        label = f"{what}, {name}" if name else what
        print(f"{label}: {_judged(guesses.get(name), found, unit)}")
    bounds = {name: [found.mean, found.low, found.high] for name, found in given.items()}
    _keep(what, "measured", {"values": bounds, "n": next(iter(given.values())).n if given else 0})


def plot_guess(what: str, ax: Axes | None = None, axis: str = "y", x: float | None = None) -> Axes:
    """Draw the guess of `what` into a figure: a line labelled "your guess", or a dot where `x` is
    given.

    Args:
        axis: the axis that the guess is measured along, ``"y"`` or ``"x"``.
        x: where on the other axis the dot stands; without it a line crosses the figure.

    Without a guess nothing is drawn. Raises ValueError for another `axis`.

    Example:
        >>> lab.guess("accuracy", 90, unit="%")
        accuracy: you guess 90 %. It is kept, and compared later.
        >>> ax = lab.plot_guess("accuracy")
    """
    if axis not in ("x", "y"):
        raise ValueError(f'axis={axis!r} is not allowed: choose "x" or "y"')
    ax = ax or plt.subplots()[1]
    for name, number in _guess_in(_kept().get(what, {}))[0].items():
        label = f"your guess: {name}" if name else "your guess"
        if x is not None:
            place = (x, number) if axis == "y" else (number, x)
            ax.plot(*place, "D", color=GUESS_COLOR, label=label)
            ax.annotate(label, place, (6, 6), textcoords="offset points", color=GUESS_COLOR)
        elif axis == "y":
            ax.axhline(number, color=GUESS_COLOR, linestyle="--", linewidth=1)
            ax.text(
                0.01,
                number,
                label,
                transform=ax.get_yaxis_transform(),
                color=GUESS_COLOR,
                va="bottom",
            )
        else:
            ax.axvline(number, color=GUESS_COLOR, linestyle="--", linewidth=1)
            ax.text(
                number, 0.99, label, transform=ax.get_xaxis_transform(), color=GUESS_COLOR, va="top"
            )
    return ax


def all_guesses() -> dict[str, dict]:
    """Return this notebook's guesses and measurements, by what was guessed."""
    return _kept()


def _by_name(single: tuple, several: dict[str, Any]) -> dict[str, Any]:
    """One value under the name "", several under their own."""
    if len(single) > 1:
        raise TypeError(
            f"{len(single)} values without names: give one, or name them, as in plain=…"
        )
    return {"": single[0], **several} if single else several


def _is_number(value: Any) -> bool:
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return real and math.isfinite(value)


def _words(values: dict[str, float], unit: str) -> str:
    shown = {name: f"{number:g} {unit}".strip() for name, number in values.items()}
    return ", ".join(f"{name} {words}" if name else words for name, words in shown.items())


def _guess_in(entry: dict) -> tuple[dict[str, float], str]:
    kept = entry.get("guess", {"values": {}, "unit": ""})
    return kept["values"], kept["unit"]


def _judged(number: float | None, found: Interval, unit: str) -> str:
    """The guess beside the interval, in words."""
    measured = f"measured {found.mean:.3g} [{found.low:.3g}, {found.high:.3g}]"
    if number is None:
        return f"{measured} {unit}".strip() + "; you made no guess"
    guessed = f"you guessed {number:g} {unit}".strip()
    if found.low <= number <= found.high:
        return f"{guessed}, {measured}: inside the interval"
    high = number > found.high
    off = number - found.high if high else found.low - number
    return f"{guessed}, {measured}: too {'high' if high else 'low'} by {off:.3g} {unit}".rstrip()


def _path():
    return session.current().runs / "guesses.json"


def _kept() -> dict[str, dict]:
    return read_json(_path(), {}).get(session.notebook_name(), {})


def _keep(what: str, part: str, value: dict) -> None:
    """Put `value` into the file, beside what other notebooks keep there."""

    def change(everything: dict) -> None:
        own = everything.setdefault(session.notebook_name(), {})
        own.setdefault(what, {})[part] = value

    update_json(_path(), change)
