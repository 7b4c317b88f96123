"""Data flows one way: each room of the package imports only from those before it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "labhelpers"
ORDER = [
    "theme",
    "seeds",
    "session",
    "store",
    "data",
    "models",
    "measures",
    "engine",
    "evidence",
    "plots",
    "exercises",
    "classroom",
]
FILES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path.parent != PACKAGE and path.parent.name != "published"  # rows, no code
)
FILES += [PACKAGE / "theme.py", PACKAGE / "seeds.py", PACKAGE / "session.py"]


def imported(path):
    """Yield the dotted names inside the package that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("labhelpers.") for name in names if "labhelpers" in name)


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_from_those_before_it(path):
    own = ORDER.index(room(path))
    for name in imported(path):
        assert ORDER.index(name.split(".")[0]) <= own, f"{path.name} imports {name}"


@pytest.mark.parametrize("name", sorted({room(path) for path in FILES}))
def test_no_circle_inside_a_room(name):
    files = {path.stem: path for path in FILES if room(path) == name}
    needs = {
        stem: {part.split(".")[1] for part in imported(path) if part.startswith(f"{name}.")}
        for stem, path in files.items()
    }
    while needs:
        free = [stem for stem, wanted in needs.items() if not wanted & needs.keys() - {stem}]
        assert free, f"a circle among {', '.join(needs)}"
        for stem in free:
            del needs[stem]


def test_no_file_is_long():
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert not {str(path): count for path, count in lines.items() if count > 250}
