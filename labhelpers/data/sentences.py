"""`labelled_sentences`: which package's documentation does a sentence come from?"""

import importlib.util
import random
import re
from pathlib import Path

from labhelpers import session
from labhelpers.data.checks import DataError
from labhelpers.data.grammar import Language
from labhelpers.data.text import _prose

SHORTEST, LONGEST = 60, 220  # characters
# A sentence that names a package would give the answer away.
NAMES = re.compile("numpy|scipy|sklearn|scikit|pandas|matplotlib|seaborn|torch|plt|mpl", re.I)


def labelled_sentences(packages: list[str], each: int) -> tuple[list[str], list[int]]:
    """Return `each` sentences of every package's docstrings, and the package's number for each.

    The sentences of a package follow one another, in a fixed random order. None names a package.
    With the smoke budget they are drawn from `Language`, one for each class.

    Raises DataError for a package that is not installed, or has too few sentences.

    Example:
        >>> texts, labels = lab.labelled_sentences(["numpy", "scipy"], each=3)
        >>> labels
        [0, 0, 0, 1, 1, 1]
    """
    texts: list[str] = []
    labels: list[int] = []
    for label, package in enumerate(packages):
        drawn = session.current().budget == "smoke"
        found = _drawn(label, each) if drawn else _sentences(package)
        if len(found) < each:
            raise DataError(f"{package} has {len(found)} sentences: use each={len(found)} at most")
        texts += random.Random(0).sample(found, each)
        labels += [label] * each
    return texts, labels


def _sentences(package: str) -> list[str]:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise DataError(f"{package} is not installed: choose packages that are")
    found: dict[str, None] = {}
    for path in sorted(Path(spec.origin).parent.rglob("*.py")):
        if not {"tests", "externals", "_vendor"} & set(path.parts):
            found.update(dict.fromkeys(_prose(path)))
    return [text for text in found if SHORTEST <= len(text) <= LONGEST and not NAMES.search(text)]


def _drawn(label: int, each: int) -> list[str]:
    text = str(Language(seed=label).text(80 * each, seed=1))
    return [text[80 * i : 80 * (i + 1)] for i in range(each)]
