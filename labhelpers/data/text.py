"""`load_text`: where a text comes from, and its three parts."""

import ast
import difflib
import importlib.util
import random
import re
import urllib.request
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from pathlib import Path

from labhelpers import session
from labhelpers.data import sources
from labhelpers.data.characters import Text
from labhelpers.data.checks import DataError
from labhelpers.data.grammar import Language
from labhelpers.session import writable
from labhelpers.store.door import whole_number

SHAKESPEARE = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
)
SHAKESPEARE_LENGTH = 1_115_394  # characters
TIMEOUT = 10.0  # seconds without a byte until the server counts as dead
PACKAGES = ("numpy", "scipy", "sklearn")  # whose docstrings are read
NAMES = {
    "language": "a drawn language",
    "docstrings": f"English prose from the docstrings of {', '.join(PACKAGES)}, as installed here",
    "shakespeare": "scenes of Shakespeare's plays (public domain)",
}
LEAST = 1_000  # characters of a file
USUAL = {True: 20_000, False: 400_000}  # characters of a drawn training text: smoke budget, else


@dataclass(frozen=True)
class TextData:
    """A text in three parts that follow one another; `source` says in words where it comes from.

    `language` is the grammar of a drawn text, which knows its entropy, else None.

    Example:
        >>> data = lab.load_text("language")
        >>> len(data.train), len(data.vocabulary)
        (20000, 24)
    """

    name: str
    train: Text
    val: Text
    test: Text
    source: str
    stand_in: bool = False
    language: Language | None = field(default=None, repr=False)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The different characters, in order."""
        return self.train.vocabulary

    def __repr__(self) -> str:
        parts = {"train": self.train, "validation": self.val, "test": self.test}
        sizes = " · ".join(f"{len(part):,} {name}" for name, part in parts.items())
        kinds = f"{len(self.vocabulary)} different"
        return f"{self.name}: characters {sizes} · {kinds} · source: {self.source}"


def load_text(name: str | Path = "language", train_size: int | None = None) -> TextData:
    """Load a text onto the session's device, or a stand-in when it cannot be had.

    A file is split in its order: 80 % training, 10 % validation, 10 % test.

    Args:
        name: ``"language"``, drawn from a grammar (see `Language`); ``"docstrings"``, English prose
            from the documentation of installed packages, which needs no network;
            ``"shakespeare"``, downloaded once into the data folder; or the path of a ``.txt`` file
            in UTF-8. Without a network, and with the smoke budget, the drawn language stands in.
        train_size: keep only the first so many characters for training.

    Raises ValueError for an unknown name or a `train_size` that is too large, FileNotFoundError
    without the file, and DataError for a file that is too short or not UTF-8.

    Example:
        >>> lab.load_text("language", train_size=5000)
        language: characters 5,000 train · 20,000 validation · 20,000 test · 24 different · source:
            ...
    """
    current, name = session.current(), str(name)
    if train_size is not None:
        train_size = whole_number("train_size", train_size)
    own = name.endswith(".txt")
    if not own and name not in NAMES:
        near = difflib.get_close_matches(name.lower(), NAMES, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        known = ", ".join(NAMES)
        raise ValueError(
            f"unknown text {name!r}: {meant}choose from {known}, or give the path of a .txt file"
        )
    path = Path(name).expanduser()
    data, reason = (_of_file(path, train_size), "") if own else _known(name, train_size)

    sources.note(data.name, data.source, original=not (own or data.stand_in))
    if data.stand_in and not current.quiet:
        print(f"{name}: {data.source}, because {reason}")
    return data


def _of_file(path: Path, train_size: int | None) -> TextData:
    return _in_parts(path.name, _read(path), path.name, train_size)


def _known(name: str, train_size: int | None) -> tuple[TextData, str]:
    """A text of the series, or the drawn one in its place, and why."""
    current = session.current()
    smoke = current.budget == "smoke"
    reason = "the smoke budget uses no files" if smoke else ""
    if name != "language" and not smoke:
        try:
            string = _docstrings() if name == "docstrings" else _shakespeare(current.data)
            return _in_parts(name, string, NAMES[name], train_size), ""
        except OSError as error:
            reason = f"the original cannot be had ({error})"
    return _drawn(name, train_size or USUAL[smoke]), reason


def _drawn(name: str, size: int) -> TextData:
    language = Language(seed=0)
    held_out = 100_000 if size > USUAL[True] else USUAL[True]
    # Seeds far from those of a study, which are small numbers.
    drawn = (language.text(size, seed=1000), *(language.text(held_out, s) for s in (1001, 1002)))
    train, val, test = (replace(text, _origin=name) for text in drawn)
    stand_in = name != "language"
    source = f"{'stand-in: ' if stand_in else ''}{NAMES['language']}"
    return TextData(name, train, val, test, source, stand_in, language)


def _in_parts(name: str, string: str, source: str, train_size: int | None) -> TextData:
    if len(string) < LEAST:
        raise DataError(f"{name} has {len(string)} characters: use a text of {LEAST:,} or more")
    alphabet = tuple(sorted(set(string)))
    text = Text.from_string(string, alphabet)
    text = replace(text, tokens=text.tokens.to(session.current().device), _origin=name)
    first, second = int(0.8 * len(text)), int(0.9 * len(text))
    if train_size is not None and train_size > first:
        raise ValueError(f"train_size={train_size} is too large: {name} has {first:,} for training")
    train = text[: train_size or first]
    return TextData(name, train, text[first:second], text[second:], source)


def _read(path: Path) -> str:
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}: give the path of a .txt file")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 ({error}): save it again as UTF-8") from error


def _shakespeare(folder: Path) -> str:
    """The text, from the data folder or the network; OSError when it cannot be had."""
    path = folder / "shakespeare.txt"
    if not path.exists():
        try:
            with urllib.request.urlopen(SHAKESPEARE, timeout=TIMEOUT) as response:
                content = response.read()
        except HTTPException as error:  # the connection broke: not an OSError
            raise ConnectionError(f"{SHAKESPEARE} broke off ({error})") from error
        if len(content.decode("utf-8", errors="replace")) != SHAKESPEARE_LENGTH:
            raise ConnectionError(f"{SHAKESPEARE} sent another file or a part of it")
        part = writable(folder, "LABHELPERS_DATA") / "shakespeare.part"
        part.write_bytes(content)
        part.replace(path)
    return _read(path)


def _docstrings() -> str:
    """Paragraphs of plain English from the documentation of packages, in a fixed random order."""
    found: dict[str, None] = {}  # a set that keeps its order
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise FileNotFoundError(f"{package} is not installed")
        for path in sorted(Path(spec.origin).parent.rglob("*.py")):
            if not {"tests", "externals", "_vendor"} & set(path.parts):
                found.update(dict.fromkeys(_prose(path)))
    paragraphs = list(found)
    random.Random(0).shuffle(paragraphs)
    return "\n".join(paragraphs)


def _prose(path: Path) -> Iterator[str]:
    """Yield the paragraphs of a module's docstrings that are sentences in plain ASCII."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    statements = _statements(ast.parse(path.read_bytes()))
    for node in (node for node in statements if isinstance(node, kinds)):
        for paragraph in re.split(r"\n\s*\n", ast.get_docstring(node) or ""):
            line = " ".join(paragraph.split())
            if (
                re.fullmatch(r"[A-Z][ -~]{58,}[.!?]", line)
                and not re.search(r">>>|---|::|==", line)
                and len(re.findall(r"[A-Za-z ]", line)) >= 0.88 * len(line)
            ):
                yield line


def _statements(module: ast.Module) -> Iterator[ast.AST]:
    """What `ast.walk` yields, in its order, without the insides of expressions."""
    waiting: deque[ast.AST] = deque([module])
    while waiting:
        node = waiting.popleft()
        yield node
        waiting.extend(filter(_is_statement, ast.iter_child_nodes(node)))


def _is_statement(node: ast.AST) -> bool:
    return isinstance(node, ast.stmt | ast.excepthandler | ast.match_case)
