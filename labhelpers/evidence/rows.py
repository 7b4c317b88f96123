"""A study's rows on disk: those finished here, and those that were published with the package."""

import importlib.resources
import json
import lzma
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from labhelpers import session
from labhelpers.store.files import (
    put_aside,
    read_checked_json,
    reported,
    write_atomically,
    write_checked_json,
)

Rows = list[dict[str, Any]]
FORMAT = 1  # of the published files


@dataclass
class Done:
    """What one call returned, and where: data sources, device and versions."""

    rows: Rows
    seconds: float
    about: dict[str, Any] = field(default_factory=dict)


def about_now() -> dict[str, Any]:
    """Return what rows measured at this moment are to remember."""
    current = session.current()
    return {
        "budget": current.budget,
        "sources": dict(current.sources),
        "device": session.device_name(),
        "versions": session.versions(),
    }


def path_of(folder: Path, digest: str) -> Path:
    """Return the file of a finished call in a run's folder."""
    return folder / f"row-{digest[1:]}.json"


def read(folder: Path, digest: str) -> Done | None:
    """Return a call that was finished here before; None if it was not, or its file is damaged."""
    path = path_of(folder, digest)
    if not path.exists():
        return None
    try:
        found = read_checked_json(path)
        return Done(found["rows"], found["seconds"], found["about"])
    except (ValueError, KeyError, TypeError) as error:
        put_aside(path)
        print(f"{error}: it is put aside, and this call is made again")
        return None


def write(folder: Path, digest: str, done: Done) -> None:
    """Keep a finished call; a disk that is full is reported, and costs the file, not the result."""
    path = path_of(folder, digest)
    reported(write_checked_json, path, vars(done), where=path)


def is_publishing() -> bool:
    """Whether `make publish` runs this notebook: then everything is measured, and published.

    Not with `make refresh`, which writes the figures again from the rows that were published.
    """
    return os.environ.get("LABHELPERS_PUBLISH", "") not in ("", "refresh")


def published(run: str) -> tuple[dict[str, Done], dict[str, Any]]:
    """Return the published calls of a study by digest, and what they tell: budget, device, minutes.

    Nothing with the smoke budget, while publishing, or with ``LABHELPERS_ROWS=fresh``. A file of
    another format, or a damaged one, is none.
    """
    asked = os.environ.get("LABHELPERS_ROWS", "")
    if asked not in ("", "fresh"):
        raise ValueError(
            f'LABHELPERS_ROWS={asked!r} is not allowed: use "fresh", or leave it unset'
        )
    if asked == "fresh" or is_publishing() or session.current().budget == "smoke":
        return {}, {}
    name = file_name(run, session.current().budget)
    file = importlib.resources.files("labhelpers.published") / name
    if not file.is_file():
        return {}, {}
    try:
        told = json.loads(lzma.decompress(file.read_bytes()))
    except (lzma.LZMAError, ValueError, EOFError) as error:
        print(f"the published rows of {run} cannot be read ({error}): measuring instead")
        return {}, {}
    if told["format"] != FORMAT:
        return {}, {}
    return _unpacked(told), told


def publish(run: str, calls: dict[str, Done]) -> None:
    """Write a study's rows into the package, compressed, column by column."""
    about = next(iter(calls.values())).about
    columns: dict[str, list] = {}
    lengths, seconds = [], []
    rows = [row for done in calls.values() for row in done.rows]
    for done in calls.values():
        lengths.append(len(done.rows))
        seconds.append(round(done.seconds, 3))
    for name in dict.fromkeys(name for row in rows for name in row):
        columns[name] = [row.get(name, MISSING) for row in rows]
    told = {
        "format": FORMAT,
        "run": run,
        **about,
        "date": date.today().isoformat(),
        "minutes": round(sum(seconds) / 60, 2),  # of one core
        "calls": list(calls),
        "lengths": lengths,
        "seconds": seconds,
        "columns": columns,
    }
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    target = session.home() / "labhelpers" / "published" / file_name(run, about["budget"])
    write_atomically(target, lzma.compress(text.encode("utf-8"), preset=9))


MISSING = "\x00missing"  # a column that a row does not have; no experiment returns it


def _unpacked(told: dict[str, Any]) -> dict[str, Done]:
    about = {key: told[key] for key in ("budget", "sources", "device", "versions")}
    names = list(told["columns"])
    whole = [
        {name: value for name, value in zip(names, values, strict=True) if value != MISSING}
        for values in zip(*told["columns"].values(), strict=True)
    ]
    found, start = {}, 0
    for digest, length, seconds in zip(
        told["calls"], told["lengths"], told["seconds"], strict=True
    ):
        found[digest] = Done(whole[start : start + length], seconds, about)
        start += length
    return found


def file_name(run: str, budget: str = "laptop") -> str:
    """Return the name of a study's published file, one for each budget.

    ``"02/depth"`` gives ``"02-depth.json.xz"``, with the full budget ``"02-depth.full.json.xz"``.
    """
    return run.replace("/", "-") + ("" if budget == "laptop" else f".{budget}") + ".json.xz"


def merged(abouts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what a whole table is to remember, of what its calls do: all sources, each device
    named.
    """
    sources: dict[str, str] = {}
    for about in abouts:
        sources |= about.get("sources", {})
    devices = list(dict.fromkeys(about["device"] for about in abouts if about.get("device")))
    budgets = list(dict.fromkeys(about["budget"] for about in abouts if about.get("budget")))
    return {
        "sources": sources,
        "device": ", ".join(devices),
        "budget": ", ".join(budgets),
        "versions": abouts[-1].get("versions", {}) if abouts else {},
    }
