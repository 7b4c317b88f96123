"""The processes of a study: what they see is what the notebook sees."""

import contextlib
import copyreg
import importlib
import linecache
import os
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from labhelpers import session
from labhelpers.engine import fit
from labhelpers.evidence.rows import Done, Rows, about_now
from labhelpers.store import code
from labhelpers.store.files import checksum
from labhelpers.store.own import is_own_module

# Threads of one process share its generators and its session: one call at a time.
_TURN = threading.RLock()


@dataclass(frozen=True)
class Surroundings:
    """What stands around an experiment and can change its numbers."""

    process: int
    environment: dict[str, str]
    folder: str
    search_path: list[str]
    default_dtype: torch.dtype
    deterministic: tuple[bool, bool]
    matmul_precision: str
    flags: dict[str, bool]
    numpy_errors: Any
    optimizers: dict[str, Any]
    modules: dict[str, str]  # the user's own, by name: a hash of the file
    sources: list[tuple[str, ...]]  # the lines of cells and modules: a fingerprint reads them

    @classmethod
    def here(cls) -> "Surroundings":
        """Return those of this process."""
        import numpy as np

        warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
        return cls(
            process=os.getpid(),
            environment=dict(os.environ),
            folder=os.getcwd(),
            search_path=list(sys.path),
            default_dtype=torch.get_default_dtype(),
            deterministic=(torch.are_deterministic_algorithms_enabled(), warn_only),
            matmul_precision=torch.get_float32_matmul_precision(),
            flags={name: getattr(torch.backends.cudnn, name) for name in _FLAGS},
            numpy_errors=np.geterr(),
            optimizers=dict(fit.OPTIMIZERS),
            modules={module.__name__: _file_hash(module) for module in _own_modules()},
            sources=_sources(),
        )

    def apply(self) -> None:
        """Make this process's the same, unless it is the notebook's own."""
        import numpy as np

        if os.getpid() == self.process:
            return

        os.environ.clear()
        os.environ.update(self.environment)
        with contextlib.suppress(
            FileNotFoundError
        ):  # a folder that only the notebook's machine has
            os.chdir(self.folder)
        sys.path[:] = self.search_path
        torch.set_default_dtype(self.default_dtype)
        enabled, warn_only = self.deterministic
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        torch.set_float32_matmul_precision(self.matmul_precision)
        for name, value in self.flags.items():
            setattr(torch.backends.cudnn, name, value)
        np.seterr(**self.numpy_errors)
        fit.OPTIMIZERS.clear()
        fit.OPTIMIZERS.update(self.optimizers)
        code.carried[:] = self.sources
        self._reload()

    def _reload(self) -> None:
        """Read again what was edited since this process has imported it."""
        for name, found in self.modules.items():
            if name in sys.modules and _imported.get(name, found) != found:
                importlib.reload(sys.modules[name])
            _imported[name] = found


_imported: dict[str, str] = {}  # in a worker: modules by name, as they were when last looked at
_FLAGS = ("benchmark", "deterministic", "allow_tf32", "enabled")


class Failed(Exception):
    """A call that raised, so that the others go on."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.error = error


def call(
    experiment: Callable,
    current: session.Session,
    around: Surroundings | None,
    i: int,
    arguments: dict[str, Any],
) -> tuple[int, Done | Failed]:
    """Make one call as in the notebook, with the session's seed set to the call's.

    `around` is None in the notebook's own process.
    """
    with _TURN:
        if around is not None:
            around.apply()
        # Rows are measured on what the experiment uses, and on what this call loads.
        own = replace(current, seed=int(arguments["seed"]), sources=dict(current.sources))
        began = time.monotonic()
        try:
            with session.hushed(own), session.isolated_random_state(own.seed):
                rows = plain_rows(experiment(**arguments), arguments)
                about = about_now()
        except (
            Exception
        ) as error:  # the experiment's own: named, and raised once the others are done
            return i, Failed(error)
        return i, Done(rows, time.monotonic() - began, about)


def plain_rows(result: Any, arguments: dict[str, Any]) -> Rows:
    """Return an experiment's result as a list of dicts of plain values, or say what is wrong."""
    rows = result if isinstance(result, list) else [result]
    for row in rows:
        if not isinstance(row, dict):
            fix = "return a dict of plain numbers or strings, or a list of such dicts"
            raise TypeError(f"the experiment returned {row!r}: {fix}")
        taken = sorted(set(row) & set(arguments))
        if taken:
            raise ValueError(
                f"the experiment returned {taken[0]!r}, which is a factor of the study: "
                "give the result another name"
            )
    return [{str(name): _plain(name, value) for name, value in row.items()} for row in rows]


def _plain(name: str, value: Any) -> str | int | float | bool | None:
    plain = value.item() if getattr(value, "ndim", None) == 0 else value  # NumPy's and tensors
    if not isinstance(plain, str | int | float | bool | type(None)):
        fix = "return plain numbers or strings, such as float(x)"
        raise TypeError(f"the experiment returned {name}={value!r}: {fix}")
    return plain


def _by_name(module: types.ModuleType) -> tuple[Callable, tuple[str]]:
    return importlib.import_module, (module.__name__,)


# Where an experiment uses `torch` and a name of its own such as `classes`, the pickler takes along
# the module torch.classes, which refuses to be pickled.
for _odd in (torch.classes, torch.ops):
    copyreg.pickle(type(_odd), _by_name)


@contextlib.contextmanager
def carried() -> Iterator[None]:
    """Send the user's own modules to the workers as they are in memory, not as a worker reads them.

    Processes are used again, and a module that was edited and reloaded in the notebook would stay
    old there.
    """
    cloudpickle = _cloudpickle()
    own = _own_modules()
    for module in own:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in own:
            cloudpickle.unregister_pickle_by_value(module)


def _cloudpickle() -> Any:
    """The pickler that joblib uses: its own copy before version 1.6, the package since."""
    try:
        from joblib.externals import cloudpickle
    except ImportError:
        import cloudpickle
    return cloudpickle


def _sources() -> list[tuple[str, ...]]:
    """The lines of the user's modules and of the notebook's cells, the newest last.

    A pickler need not keep the names of files: version 3.1.3 of cloudpickle drops them.
    """
    files = [linecache.getlines(str(module.__file__)) for module in _own_modules()]
    entries = list(linecache.cache.values())  # one without a time stands in no file: a cell
    cells = [entry[2] for entry in entries if len(entry) == 4 and entry[1] is None]
    return [tuple(lines) for lines in [*files, *cells] if lines]


def _own_modules() -> list[types.ModuleType]:
    return [module for module in list(sys.modules.values()) if _is_own(module)]


def _file_hash(module: types.ModuleType) -> str:
    path = Path(str(module.__file__))
    return checksum(path.read_bytes()) if path.exists() else ""


def _is_own(module: types.ModuleType) -> bool:
    name = getattr(module, "__name__", "__main__")
    if name == "__main__" or name.partition(".")[0] in ("labhelpers", "ipykernel_launcher"):
        return False
    loaded = getattr(module, "__file__", None) and sys.modules.get(name) is module
    return bool(loaded) and is_own_module(name)


def require_portable(experiment: Callable) -> None:
    """Raise a TypeError that names what cannot travel to another process."""
    cloudpickle = _cloudpickle()
    try:
        cloudpickle.dumps(experiment)
    except Exception as whole:  # pickling raises what each object likes
        used = code.captured(experiment) if isinstance(experiment, types.FunctionType) else {}
        for name, item in used.items():
            try:
                cloudpickle.dumps(item)
            except Exception as error:
                kind = type(item).__name__
                fix = "build it inside the experiment, or use workers=1"
                raise TypeError(
                    f"{name}, a {kind}, cannot travel to a worker ({error}): {fix}"
                ) from error
        raise TypeError(
            f"the experiment cannot travel to a worker ({whole}): use workers=1"
        ) from whole
