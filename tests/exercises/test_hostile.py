"""Whatever an answer does, a verdict with a sentence comes back, soon, and nothing else changes."""

import _thread
import functools
import gc
import itertools
import logging
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from labhelpers.exercises import grading
from labhelpers.exercises.check import check
from labhelpers.exercises.grading import Exercise, grade
from labhelpers.exercises.limits import limited_memory


@pytest.fixture(autouse=True)
def double(monkeypatch):
    def double(x):
        return 2 * x

    inputs = [(torch.tensor([1.0, 2.0]),), (torch.tensor([3.0]),)]
    record = Exercise(double, lambda: inputs, ["h"], {"halved": lambda x: x / 2})
    monkeypatch.setattr(grading, "all_exercises", lambda: [record])
    return record


def verdict(function, seconds=2.0):
    function.__name__ = "double"
    return grade(function, seconds)


def endless(x):
    while True:
        pass


def endless_and_deaf(x):
    while True:
        try:
            time.sleep(0.001)
        except:  # noqa: E722  what students write
            x = x + 1


def endless_printing(x):
    while True:
        print("again " * 1000)


def asleep(x):
    time.sleep(3600)


def waits_for_itself(x):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def endless_generator(x):
    return [n for n in itertools.count() if n < 0]


@pytest.mark.parametrize(
    "answer",
    [endless, endless_and_deaf, endless_printing, asleep, waits_for_itself, endless_generator],
)
@pytest.mark.parametrize("in_a_thread", [False, True])
def test_a_loop_without_an_end_is_stopped(answer, in_a_thread):
    found = []

    def work():
        found.append(verdict(lambda x: answer(x), seconds=0.2))

    if in_a_thread:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    else:
        work()
    assert found[0].kind == "timed out"
    assert "no answer to input 1 after 0.2 s" in found[0].message and "loop" in found[0].message


def endless_with_excuses(x):
    while True:
        try:
            for n in range(10**6):
                x = x + n
        except Exception:
            x = 0


def running():
    """The code of all functions that some thread is in."""
    found = []
    for frame in sys._current_frames().values():
        while frame is not None:
            found.append(frame.f_code)
            frame = frame.f_back
    return found


@pytest.mark.parametrize("answer", [endless, endless_with_excuses, endless_printing])
def test_what_is_stopped_does_not_go_on_in_the_background(answer):
    assert verdict(answer, 0.2).kind == "timed out"
    assert answer.__code__ not in running()


@pytest.mark.skipif(sys.platform != "linux", reason="no limit on memory here")
def test_memory_has_a_limit_inside_the_block_alone():
    with limited_memory(2**28), pytest.raises(MemoryError):
        bytearray(2**30)
    assert len(bytearray(2**30)) == 2**30


def test_the_limit_is_for_all_inputs_and_names_the_one_that_hangs():
    message = verdict(lambda x: 2 * x if len(x) == 2 else endless(x), 0.2).message
    assert "no answer to input 2" in message


def leaves(x):
    sys.exit(0)


def leaves_hard(x):
    os._exit(3)


def kills(x):
    os.kill(os.getpid(), 9)


def kills_its_group(x):
    os.killpg(0, 9)


def signals(x):
    signal.raise_signal(signal.SIGTERM)


def becomes_another(x):
    os.execv(sys.executable, ["python", "-c", ""])


def becomes_another_by_name(x):
    os.execlp("true", "true")


def aborts(x):
    os.abort()


def interrupts(x):
    raise KeyboardInterrupt


def asks(x):
    return float(input("x = ")) * x


def debugs(x):
    breakpoint()


def without_end(x):
    return without_end(x)


def without_end_or_limit(x):
    sys.setrecursionlimit(10**9)
    return without_end(x)


class Bottomless:
    def __getattr__(self, name):
        return getattr(self, name + "x")


def without_end_in_c(x):
    sys.setrecursionlimit(10**9)
    return Bottomless().a


def too_much(x):
    return torch.zeros(10**13)


def fills_the_memory(x):
    return [0.0] * 10**10


class Grumble(Exception):
    def __str__(self):
        raise RuntimeError


def grumbles(x):
    raise Grumble


def raises_a_base(x):
    raise BaseException("odd")


def stops(x):
    raise StopIteration


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (leaves, "SystemExit on input 1: 0"),
        (leaves, "`return` ends a function"),
        (leaves_hard, "SystemExit"),
        (aborts, "SystemExit"),
        (kills, "SystemExit"),
        (kills_its_group, "SystemExit"),
        (signals, "SystemExit"),
        (becomes_another, "SystemExit"),
        (becomes_another_by_name, "SystemExit"),
        (interrupts, "KeyboardInterrupt"),
        (asks, "nobody to ask"),
        (debugs, "nobody to ask"),
        (without_end, "calls itself without an end"),
        (without_end_or_limit, "calls itself without an end"),
        (without_end_in_c, "calls itself without an end"),
        (too_much, "raised RuntimeError"),
        (fills_the_memory, "more memory than an answer may have"),
        (grumbles, "cannot be shown"),
        (raises_a_base, "odd"),
        (stops, "StopIteration"),
        (lambda: 3, "takes 0 positional arguments but 1 was given"),
    ],
)
def test_an_answer_that_raises_anything_gets_a_sentence(answer, words):
    if words.startswith("more memory") and sys.platform != "linux":
        pytest.skip("no limit on memory here")
    found = verdict(answer)
    assert found.kind == "error" and words in found.message


class Sulky:
    def __eq__(self, other):
        raise RuntimeError("no")

    def __repr__(self):
        raise RuntimeError("no")

    __hash__ = None


class Quitter:
    def __eq__(self, other):
        sys.exit()

    def __repr__(self):
        sys.exit()

    __hash__ = None


class Liar:
    __class__ = property(lambda self: sys.exit())


class Endless:
    def __repr__(self):
        while True:
            pass


class List(list):
    def __len__(self):
        raise RuntimeError("no")

    def __iter__(self):
        raise RuntimeError("no")


def holds_itself():
    values = []
    values += [values, values]
    return values


async def later(x):
    return 2 * x


def one_by_one(x):
    yield from 2 * x


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: Sulky(), "of type Sulky that cannot be shown"),
        (lambda x: [Sulky(), 1], "of type Sulky that cannot be shown"),
        (lambda x: List([1]), "of type List that cannot be shown"),
        (lambda x: holds_itself(), "[…]"),
        (lambda x: x * 1j, "yours is complex, expected real numbers"),
        (lambda x: 2j, "yours is complex"),
        (lambda x: 2 * x + 0j, "yours is complex"),
        (lambda x: (3 * x).to_sparse(), "sparse tensor of shape (2,)"),
        (lambda x: torch.eye(3).to_sparse_csr(), "sparse"),
        (lambda x: torch.sparse_coo_tensor(size=(10**6, 10**6)), "shape (1000000, 1000000)"),
        (lambda x: torch.zeros(1).expand(10**6, 10**7), "shape (1000000, 10000000)"),
        (lambda x: torch.zeros(2, device="meta"), "it lies on the device meta"),
        (lambda x: torch.quantize_per_tensor(3 * x, 1.0, 0, torch.qint8), "yours"),
        (lambda x: x * float("nan"), "nan, nan"),
        (lambda x: float("nan"), "yours     nan"),
        (lambda x: 10**5000, "of type int that cannot be shown"),
        (lambda x: "2" * 10**7, "yours is of type str, expected tensor"),
        (lambda x: list(range(10**6)), "yours is of type list, expected tensor"),
        (lambda x: set(range(10**5)), "yours is of type set"),
        (lambda x: (2 * x).numpy(), "yours is of type ndarray, expected tensor"),
        (lambda x: np.array([object()]), "ndarray"),
        (lambda x: one_by_one(x), "write `return` instead of `yield`"),
        (lambda x: (n for n in x), "put list(…) around it"),
        (lambda x: map(float, x), "this is a map, not run through yet"),
        (lambda x: later(x), "write `def` instead of `async def`"),
        (lambda x: torch.relu, "call it, with brackets"),
        (lambda x: len, "call it, with brackets"),
        (lambda x: (2 * x).long(), "yours holds int64, expected float32"),
        (lambda x: x[:0], "tensor of shape (0,)"),
        (lambda x: x.new_zeros(0, 5), "tensor of shape (0, 5)"),
        (lambda x: 3 * x.half(), "3, 6"),
        (lambda x: torch.nn.LazyLinear(3), "of type LazyLinear"),
        (lambda x: NotImplemented, "NotImplemented"),
        (lambda x: sys, "module 'sys'"),
    ],
)
def test_an_odd_result_is_wrong_and_shown(answer, words):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = verdict(answer)
    assert found.kind == "wrong" and words in found.message
    assert len(found.message) < 1200


@pytest.mark.parametrize("kind", [Quitter, Liar])
def test_a_result_that_leaves_python_when_looked_at_is_an_error(kind):
    found = verdict(lambda x: kind())
    assert found.kind == "error" and "SystemExit" in found.message


def test_a_result_that_cannot_be_shown_in_time_is_wrong(monkeypatch):
    monkeypatch.setattr(grading, "SECONDS", 0.2)
    found = verdict(lambda x: Endless())
    assert found.kind == "wrong" and "cannot be compared" in found.message


def test_right_in_another_form_is_right():
    for answer in (
        lambda x: (2 * x).to_sparse(),
        lambda x: (2 * x).double(),
        lambda x: (2 * x).clone().requires_grad_(),
        lambda x: torch.nn.Parameter(2 * x),
        lambda x: x.mul_(2),
    ):
        assert verdict(answer).kind == "right"


def test_nan_is_right_where_it_is_expected(double, monkeypatch):
    nan = torch.tensor([float("nan"), 1.0])
    record = Exercise(double.solution, lambda: [(nan,)], ["h"])
    monkeypatch.setattr(grading, "all_exercises", lambda: [record])
    assert verdict(lambda x: x + x).kind == "right"
    assert verdict(lambda x: torch.tensor([0.0, 2.0])).kind == "wrong"


def test_what_it_prints_is_shown_when_it_is_wrong_and_never_taken_for_the_mark(capsys):
    def double(x):
        print("✔ double: right, on 2 inputs.")
        return 3 * x

    check(double)
    shown = capsys.readouterr().out
    assert shown.startswith("✘ double gives something else") and "printed   '✔ double" in shown


SETTINGS = {
    "dtype": torch.get_default_dtype,
    "grad": torch.is_grad_enabled,
    "inference": torch.is_inference_mode_enabled,
    "threads": torch.get_num_threads,
    "deterministic": torch.are_deterministic_algorithms_enabled,
    "warn only": torch.is_deterministic_algorithms_warn_only_enabled,
    "cudnn": lambda: torch.backends.cudnn.benchmark,
    "precision": torch.get_float32_matmul_precision,
    "anomaly": torch.is_anomaly_enabled,
    "device": lambda: torch.empty(1).device,
    "printing": lambda: repr(torch.tensor([1 / 3])),
    "numpy errors": np.geterr,
    "numpy printing": lambda: repr(np.array([1 / 3])),
    "warnings": lambda: list(warnings.filters),
    "folder": os.getcwd,
    "environment": lambda: dict(os.environ),
    "path": lambda: list(sys.path),
    "recursion": sys.getrecursionlimit,
    "gc": gc.isenabled,
    "log level": lambda: logging.root.level,
    "modules": lambda: (sys.modules["torch"], statistics.fmean, time.sleep),
    "thresholds": gc.get_threshold,
    "logging": lambda: logging.root.isEnabledFor(logging.ERROR),
    "torch random": lambda: torch.get_rng_state().tolist(),
    "numpy random": lambda: np.random.get_state()[1].tolist(),
    "python random": random.getstate,
    "stdout": lambda: sys.stdout,
    "names": lambda: (F.relu, torch.relu, np.mean, os._exit, random.random, torch.Tensor.relu),
    "builtins": lambda: (sum, input, print),
    "package": lambda: (grading.same, grading.grade),
    "class": lambda: hasattr(torch.Tensor, "mine"),
}


def meddles(x):
    import builtins

    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.set_num_threads(torch.get_num_threads() + 1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = not torch.backends.cudnn.benchmark
    torch.set_float32_matmul_precision("medium")
    torch.autograd.set_detect_anomaly(True)
    torch.set_default_device("meta")
    torch.set_printoptions(precision=1)
    np.seterr(all="raise")
    np.set_printoptions(precision=1)
    warnings.simplefilter("error")
    os.chdir("/")
    os.environ["HOME"] = "elsewhere"
    os.environ["NEW"] = "1"
    os.environ.pop("PATH", None)
    sys.path.insert(0, "elsewhere")
    sys.setrecursionlimit(500)
    gc.disable()
    logging.disable(logging.CRITICAL)
    logging.root.setLevel(3)
    statistics.fmean = time.sleep = None
    gc.set_threshold(500)
    torch.manual_seed(9)
    np.random.seed(9)
    random.seed(9)
    sys.stdout = None
    F.relu = torch.relu = np.mean = torch.Tensor.relu = random.random = os._exit = None
    torch.Tensor.mine = 3
    builtins.sum = builtins.input = builtins.print = None
    grading.same = grading.grade = lambda *args: True
    sys.modules["torch"] = None
    return 3 * x


@pytest.mark.parametrize("after", ["returns", "raises", "hangs"])
def test_settings_are_as_they_were(after):
    def answer(x):
        result = meddles(x)
        if after == "raises":
            raise ValueError
        while after == "hangs":
            pass
        return result

    torch.use_deterministic_algorithms(False)  # loads PyTorch's compiler, for seconds
    before = {name: read() for name, read in SETTINGS.items()}
    kind = verdict(answer, seconds=0.5).kind
    changed = [name for name, read in SETTINGS.items() if read() != before[name]]
    assert kind == {"returns": "wrong", "raises": "error", "hangs": "timed out"}[after]
    assert not changed


def test_a_result_that_draws_random_numbers_when_looked_at_leaves_them_as_they_were():
    class Gambler:
        def __repr__(self):
            return str(random.random() + np.random.rand() + torch.rand(1).item())

    before = [SETTINGS[f"{name} random"]() for name in ("python", "numpy", "torch")]
    assert verdict(lambda x: Gambler()).kind == "wrong"
    assert before == [SETTINGS[f"{name} random"]() for name in ("python", "numpy", "torch")]


def test_the_stop_button_stops_the_answer_and_is_passed_on():
    started = threading.Event()

    def answer(x):
        started.set()
        endless(x)

    def press():
        started.wait()
        while not stopped.is_set():
            _thread.interrupt_main()
            stopped.wait(5)  # Python drops one that arrives while it collects garbage: press again

    stopped = threading.Event()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever ran before
    threading.Thread(target=press, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            verdict(answer, seconds=30)
    finally:
        stopped.set()
        signal.signal(signal.SIGINT, before)
    assert answer.__code__ not in running()


def test_other_processes_end_as_they_always_did():
    def answer(x):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        os.kill(child.pid, 9)
        child.wait()
        if hasattr(os, "fork") and os.fork() == 0:
            os._exit(0)
        return 2 * x

    assert verdict(answer).kind == "right"


def test_a_function_with_a_cache_around_it_is_a_function(capsys):
    @functools.cache
    def double(x):
        return 3 * x if len(x) == 2 else x.y

    check(double)
    assert "gives something else" in capsys.readouterr().out


def test_arguments_are_copies(double):
    def answer(x):
        x.zero_()
        return x

    assert verdict(answer).kind == "wrong"
    assert double.inputs()[0][0].tolist() == [1.0, 2.0]


def test_two_mistakes_with_one_sentence_are_refused(double):
    with pytest.raises(ValueError, match="double: two mistakes share the sentence 'halved'"):
        double.mistake("halved")
