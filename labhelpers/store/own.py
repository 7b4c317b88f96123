"""What is the user's own, from the notebook or the user's files, and what is a library's."""

import functools
import importlib.util
import pathlib
import sys
import sysconfig
import types
from typing import Any

OWN_MODELS = "labhelpers.models"  # their code is part of a description, like the user's own
LIBRARIES = tuple({sysconfig.get_path(n) for n in ("stdlib", "platstdlib", "purelib", "platlib")})
# Folders of packages, wherever they lie: of another environment, of the user, of Debian
_PACKAGES = {"site-packages", "dist-packages"}


def is_own(value: Any) -> bool:
    """Whether a function or class is from the notebook or the user's files, not a library."""
    if _is_own_name(value.__module__):
        return True
    # functools.wraps gives a function the module's name of the one that it stands for
    return isinstance(value, types.FunctionType) and _is_own_name(value.__globals__.get("__name__"))


def is_own_module(name: str) -> bool:
    """Whether a module, imported or not, is a file of the user's."""
    if name in sys.modules:
        return _is_own_name(name)
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return _is_own_file(name, spec.origin if spec else None)


def is_of_user(module: types.ModuleType) -> bool:
    """Whether a module is a file of the user's, or made by hand: types.ModuleType("settings")."""
    in_memory = getattr(module, "__spec__", None) is None and not hasattr(module, "__file__")
    return in_memory or is_own_module(module.__name__)


def _is_own_name(module: str | None) -> bool:
    if module in (None, "__main__") or str(module).startswith(OWN_MODELS):
        return True
    return _is_own_file(str(module), getattr(sys.modules.get(str(module)), "__file__", None))


@functools.cache  # asked of some 3,000 modules by each study
def _is_own_file(module: str, file: str | None) -> bool:
    if file is None or module.partition(".")[0] == "labhelpers":
        return False
    path = pathlib.Path(file)
    if not path.is_absolute():  # "built-in", "frozen"
        return False
    if str(path).startswith(LIBRARIES) or _PACKAGES & set(path.parts):
        return False
    depth = module.count(".") + (path.stem == "__init__")
    folder = path.parents[min(depth, len(path.parents) - 1)]
    return module.partition(".")[0] not in _installed(folder)


@functools.cache
def _installed(folder: pathlib.Path) -> set[str]:
    """The modules that an installer has put into a folder, such as ``pip install --target``'s."""
    records = (path.read_text(encoding="utf-8") for path in folder.glob("*.dist-info/RECORD"))
    files = (line.partition("/")[0] for record in records for line in record.splitlines())
    return {file.partition(".")[0] for file in files}
