"""The user's own files: what is imported, how, and what is written there since."""

import importlib
import itertools
import os
import sys

import pytest
from cells import step

from labhelpers.store import own
from labhelpers.store.fingerprint import describe, digest

TIMES = itertools.count(10**9)  # a new one for each version of a file, whatever the disk's clock


def write(path, text):
    path.write_text(text, encoding="utf-8")
    os.utime(path, (next(TIMES),) * 2)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder of the user's modules, that imports what is written there anew."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def fresh(*names):
    for name in names:
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    return importlib.import_module(names[0])


def told(function):
    return digest(describe(function))


def test_a_module_that_was_edited_and_reloaded_is_read_again(files):
    found = []
    for number in (1, 2, 1):
        write(files / "mine_reloaded.py", f"def f(x): return x * {number}\n")
        mine = importlib.reload(fresh("mine_reloaded"))
        found.append(told(step("return mine.f(batch)", mine=mine)))
    assert found[0] == found[2] != found[1]


def test_what_runs_counts_not_what_was_written_since(files):
    write(files / "mine_edited.py", "def f(x):\n    return x * 1\n")
    mine = fresh("mine_edited")
    f = step("return f(batch)", f=mine.f)
    write(files / "mine_edited.py", "def f(x):\n    return x * 2\n")
    old = told(f)  # runs 1, the file says 2
    importlib.reload(mine)
    assert told(step("return f(batch)", f=mine.f)) != old


def test_comments_written_since_change_nothing(files):
    write(files / "mine_said.py", "def f(x):\n    return x * 1\n")
    f = step("return f(batch)", f=fresh("mine_said").f)
    write(files / "mine_said.py", "# why\n\n\ndef f(x):\n    # so\n    return x * 1\n")
    first = told(f)
    assert told(step("return f(batch)", f=fresh("mine_said").f)) == first


PACKAGE = {
    "a module of the package": "def f(x):\n    from . import b\n    return b.K\n",
    "a name of a module": "def f(x):\n    from .b import g\n    return g()\n",
}


@pytest.mark.parametrize("text", PACKAGE.values(), ids=PACKAGE)
def test_relative_imports_are_followed(files, text):
    (files / "pack").mkdir()
    write(files / "pack" / "__init__.py", "")
    write(files / "pack" / "a.py", text)
    found = []
    for number in (1, 1, 2):
        write(files / "pack" / "b.py", f"K = {number}\ndef g(): return {number}\n")
        f = fresh("pack.a", "pack", "pack.b").f
        found.append(told(step("return f(batch)", f=f)))
    assert found[0] == found[1] != found[2]


IMPORTS = [
    "from packed import b\nreturn b.K",
    "import packed.b\nreturn packed.b.K",
    "import packed.b as c\nreturn c.g()",
]


@pytest.mark.parametrize("body", IMPORTS)
def test_imports_of_packages_inside_a_function_are_followed(files, body):
    (files / "packed").mkdir()
    write(files / "packed" / "__init__.py", "")
    found = []
    for number in (1, 1, 2):
        write(files / "packed" / "b.py", f"K = {number}\ndef g(): return {number}\n")
        fresh("packed", "packed.b")
        found.append(told(step(body)))
    assert found[0] == found[1] != found[2]


def test_a_file_named_like_the_package_is_the_users(files):
    found = []
    for number in (1, 2):
        write(files / "my_labhelpers.py", f"def f(x): return x * {number}\n")
        fresh("my_labhelpers")
        found.append(told(step("from my_labhelpers import f\nreturn f(batch)")))
    assert found[0] != found[1]


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_packages_of_another_environment_are_a_library(files, monkeypatch, folder):
    """As with --system-site-packages, or pip's --user: not among this environment's folders."""
    place = files / "elsewhere" / folder
    place.mkdir(parents=True)
    write(place / "their_package.py", "def f(x): return x\n")
    monkeypatch.syspath_prepend(place)
    their = fresh("their_package")
    assert not own.is_own(their.f) and describe(their.f) == "their_package.f"
