"""Kind 1 of faults: a change that can change a result shows. Kind 2: one that cannot does not."""

import collections
import datetime
import enum
import fractions
import functools
import linecache
import math
import pathlib
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from cells import cell, module, step
from torch import nn
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from labhelpers.store import code
from labhelpers.store.fingerprint import describe, differences, digest


class Color(enum.Enum):
    RED, BLUE = 1, 2


Point = collections.namedtuple("Point", "x y")


def changed(values, position):
    copy = values.copy() if hasattr(values, "copy") else values
    copy[position] = copy[position] + 1
    return copy


# Values

ARRAY = np.arange(6.0)
FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
VALUES = [
    ({1, 2}, {1, 3}),
    ({"a", 1}, {"a", 2}),
    (frozenset({1}), frozenset({2})),
    (pathlib.Path("a"), pathlib.Path("b")),
    (b"a", b"b"),
    (bytearray(b"a"), bytearray(b"b")),
    (Color.RED, Color.BLUE),
    (collections.deque([1, 2]), collections.deque([1, 3])),
    (collections.deque([1], maxlen=1), collections.deque([1], maxlen=2)),
    (collections.Counter("ab"), collections.Counter("aab")),
    (collections.OrderedDict(a=1), collections.OrderedDict(a=2)),
    (collections.defaultdict(int, a=1), collections.defaultdict(float, a=1)),
    (Point(1, 2), Point(1, 3)),
    ({1: "a"}, {1: "b"}),
    ({1: "a"}, {2: "a"}),
    ({(1, 2): 3}, {(1, 3): 3}),
    (1 + 2j, 1 + 3j),
    (0.1, 0.2),
    (math.nan, 0.0),
    (math.inf, -math.inf),
    (True, False),
    (None, 0),
    ("1", 1),
    (range(3), range(4)),
    (slice(0, 2), slice(0, 3)),
    (fractions.Fraction(1, 2), fractions.Fraction(1, 3)),
    (datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)),
    (datetime.timedelta(1), datetime.timedelta(2)),
    (re.compile("a"), re.compile("b")),
    (re.compile("a"), re.compile("a", re.IGNORECASE)),
    (ARRAY, changed(ARRAY, 3)),
    (ARRAY, ARRAY.astype(np.float32)),
    (ARRAY, ARRAY.reshape(2, 3)),
    (np.array(["a", "b"]), np.array(["a", "c"])),
    (np.array([1, "a"], dtype=object), np.array([2, "a"], dtype=object)),
    (np.float64(1), np.float64(2)),
    (np.bool_(True), np.bool_(False)),
    (np.dtype("f4"), np.dtype("f8")),
    (np.sin, np.cos),
    (np.add, np.multiply),
    (math.sin, math.cos),
    (FRAME, FRAME.assign(a=[1, 3])),
    (FRAME, FRAME.rename(columns={"a": "c"})),
    (FRAME.a, FRAME.a + 1),
    (FRAME.index, FRAME.index + 1),
    (torch.arange(3), torch.arange(4)),
    (torch.arange(3.0), torch.arange(3)),
    (torch.ones(2, dtype=torch.complex64), torch.zeros(2, dtype=torch.complex64)),
    (torch.eye(2).to_sparse(), (2 * torch.eye(2)).to_sparse()),
    (torch.float32, torch.float64),
    (torch.device("cpu"), torch.device("meta")),
    (torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)),
    (torch.distributions.Normal(0.0, 1.0), torch.distributions.Normal(0.0, 2.0)),
    (functools.partial(max, 1), functools.partial(max, 2)),
    (functools.partial(max, key=abs), functools.partial(max, key=len)),
    ([1, [2, {3}]], [1, [2, {4}]]),
    ({"a": {"b": (1, {2})}}, {"a": {"b": (1, {3})}}),
]


@pytest.mark.parametrize(("old", "new"), VALUES, ids=lambda value: str(type(value).__name__))
def test_another_value_shows_and_the_same_one_does_not(old, new):
    assert digest(describe(old)) != digest(describe(new))
    assert describe(old) == describe(old) or digest(describe(old)) == digest(describe(old))
    first, second = (step("return table", table=value) for value in (old, new))
    assert differences({"step": describe(first)}, {"step": describe(second)})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({3, 1, 2}, {2, 3, 1}),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
        (math.nan, float("nan")),
        (np.float64(0.5), 0.5),
        (np.int64(3), 3),
        (torch.arange(3), torch.arange(3)),
        (torch.ones(2, 2).T, torch.ones(2, 2)),
        (FRAME, FRAME.copy()),
        (Color.RED, Color(1)),
    ],
    ids=str,
)
def test_the_same_value_made_in_another_way_is_the_same(first, second):
    assert digest(describe(first)) == digest(describe(second))
    assert not differences({"choice": describe(first)}, {"choice": describe(second)})


# Code: pairs of cells that differ in something that matters

WITH_CLASS = """
class Scale:
    {member}
    def __call__(self, x):
        return {use}
scale = Scale()
"""


def scaled(member, use="self.factor * x"):
    return step("return scale(batch)", WITH_CLASS.format(member=member, use=use))


def deep(last, levels=9):
    lines = [f"def f0(x): return x + {last}"]
    lines += [f"def f{i}(x): return f{i - 1}(x)" for i in range(1, levels)]
    return step(f"return f{levels - 1}(batch)", "\n".join(lines))


def slotted(rate):
    before = (
        "class Rate:\n    __slots__ = ('rate',)\n    def __init__(self, rate): self.rate = rate\n"
    )
    return step("return made.rate * batch", f"{before}made = Rate({rate})")


def nested(number):
    return step(f"def inner(x):\n    return x * {number}\nreturn inner(batch)")


def closed(number):
    before = (
        f"def outer():\n    k = {number}\n    def f(x): return x * k\n    return f\n"
        "helper = outer()"
    )
    return step("return helper(batch)", before)


def on_one_line(first, second):
    space = cell(f"pair = (lambda x: x + {first}), (lambda x: x + {second})")
    return space["pair"]


CODE = {
    "a constant": lambda n: step(f"return batch * {n}"),
    "a global": lambda n: step("return batch * k", k=n),
    "a global set": lambda n: step("return batch in k", k={n, "a"}),
    "a closure": closed,
    "a nested function": nested,
    "a default": lambda n: cell(f"def step(batch, k={n}): return k")["step"],
    "a keyword default": lambda n: cell(f"def step(batch, *, k={n}): return k")["step"],
    "nine calls deep": deep,
    "a cached function": lambda n: step(
        "return h(1)", f"import functools\n@functools.cache\ndef h(x): return x * {n}"
    ),
    "a wrapped function": lambda n: step(
        "return h(1)",
        "import functools\ndef twice(f):\n    @functools.wraps(f)\n"
        "    def g(x): return f(f(x))\n    return g\n"
        f"@twice\ndef h(x): return x * {n}",
    ),
    "the decorator": lambda n: step(
        "return h(1)",
        "import functools\ndef more(f):\n    @functools.wraps(f)\n"
        f"    def g(x): return f(x) * {n}\n    return g\n"
        "@more\ndef h(x): return x",
    ),
    "a function of a module": lambda n: step(
        "return own.f(batch)", own=module("own", f=cell(f"def f(x): return x * {n}")["f"])
    ),
    "a constant of a module": lambda n: step("return own.K * batch", own=module("own", K=n)),
    "a module in a module": lambda n: step("return a.b.K", a=module("a", b=module("a.b", K=n))),
    "an attribute": lambda n: scaled(f"def __init__(self): self.factor = {n}"),
    "a private attribute": lambda n: scaled(
        f"def __init__(self): self._factor = {n}", "self._factor * x"
    ),
    "an attribute below a base class": lambda n: step(
        "return made(batch)",
        "class Base:\n    def __init__(self): pass\nclass Sub(Base):\n    def __init__(self, k):\n"
        "        super().__init__()\n        self.k = k\n"
        "    def __call__(self, x): return self.k * x\n"
        f"made = Sub({n})",
    ),
    "an attribute of a dataclass": lambda n: step(
        "return made.k",
        "import dataclasses\n@dataclasses.dataclass\nclass C:\n    k: int\n"
        f"    def __post_init__(self): self.k = self.k + 1\nmade = C({n})",
    ),
    "a class constant": lambda n: scaled(f"factor = {n}"),
    "a property": lambda n: scaled(f"factor = property(lambda self: {n})"),
    "a cached property": lambda n: scaled(
        f"import functools\n    @functools.cached_property\n    def factor(self): return {n}"
    ),
    "a static method": lambda n: scaled(f"@staticmethod\n    def f(): return {n}", "self.f() * x"),
    "a class method": lambda n: scaled(f"@classmethod\n    def f(cls): return {n}", "self.f() * x"),
    "the body of __call__": lambda n: scaled("factor = 1", f"x + {n}"),
    "a base class": lambda n: step(
        "return made.f()",
        f"class Base:\n    def f(self): return {n}\nclass Sub(Base): pass\nmade = Sub()",
    ),
    "a slot": slotted,
    "a dataclass default": lambda n: step(
        "return C().k", f"import dataclasses\n@dataclasses.dataclass\nclass C:\n    k: int = {n}"
    ),
    "a bound method": lambda n: step(
        "return f(1)", f"class C:\n    def f(self, x): return x * {n}\nf = C().f"
    ),
    "the object of a bound method": lambda n: step(
        "return f(1)",
        f"class C:\n    def __init__(self): self.k = {n}\n"
        "    def f(self, x): return self.k\nf = C().f",
    ),
    "a lambda among others": lambda n: on_one_line(1, n)[1],
    "an operator": lambda n: step("return batch + 1" if n == 1 else "return batch - 1"),
    "a comparison": lambda n: step("return batch > 1" if n == 1 else "return batch >= 1"),
    "a keyword": lambda n: step(f"return torch.sum(batch, dim={n})"),
    "an f-string": lambda n: step(f"return f'{{batch}} {n}'"),
    "a comprehension": lambda n: step(f"return [x * {n} for x in batch]"),
    "a table of functions": lambda n: step(
        "return table['a'](batch)", f"table = {{'a': lambda x: x * {n}}}"
    ),
    "a method of a built-in": lambda n: step("return get('a')", get={"a": n}.get),
    "a mark on a function": lambda n: step("return h.k", f"def h(): pass\nh.k = {n}"),
    "a tensor": lambda n: step("return w * batch", w=torch.full((3,), n)),
    "code from exec": lambda n: step("return g(batch)", f"exec('def g(x): return x * {n}')"),
}


@pytest.mark.parametrize("make", CODE.values(), ids=CODE.keys())
def test_a_change_in_code_shows_and_running_it_again_does_not(make):
    assert digest(describe(make(1))) == digest(describe(make(1)))
    assert digest(describe(make(1))) != digest(describe(make(2)))


def test_two_lambdas_on_one_line_are_told_apart():
    first, second = on_one_line(1, 2)
    assert describe(first) != describe(second)
    assert digest(describe(on_one_line(1, 2)[0])) == digest(describe(on_one_line(1, 3)[0]))


def test_an_import_inside_a_function_is_followed_into_the_users_own_files(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    # Written twice in a second, at the same length: Python would take its cache for the new file.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    found = []
    for number in (1, 1, 2):
        (tmp_path / "mine.py").write_text(
            f"K = {number}\ndef f(x): return x * {number}\n", encoding="utf-8"
        )
        sys.modules.pop("mine", None)
        linecache.checkcache()
        bodies = [
            "from mine import f\nreturn f(1)",
            "import mine\nreturn mine.K",
            "import mine as m\nreturn m.f(1)",
        ]
        found.append([digest(describe(step(body))) for body in bodies])
    sys.modules.pop("mine", None)
    assert found[0] == found[1] and all(a != b for a, b in zip(found[0], found[2], strict=True))


# What changes nothing

SAME = {
    "a docstring": ("def step(b):\n    return b", 'def step(b):\n    """Say."""\n    return b'),
    "a comment": ("def step(b):\n    return b", "def step(b):\n    # why\n    return b  # so"),
    "lines and spaces": (
        "def step(b):\n    return b+1",
        "\n\ndef step(b):\n\n    return (b\n            + 1)",
    ),
    "quotes": ("def step(b):\n    return 'a'", 'def step(b):\n    return "a"'),
    "annotations": ("def step(b):\n    return b", "def step(b: int) -> int:\n    return b"),
    "another function": (
        "def step(b):\n    return b",
        "def other(): pass\ndef step(b):\n    return b",
    ),
    "an attribute named like a global": (
        "mean = 1\ndef step(b):\n    return b.mean()",
        "mean = 2\ndef step(b):\n    return b.mean()",
    ),
}


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME.keys())
def test_what_changes_nothing_does_not_show(first, second):
    assert digest(describe(cell(first)["step"])) == digest(describe(cell(second)["step"]))


LOGS = {
    "a list": ("log = []", "log.append(batch)"),
    "a dict": ("seen = {}", "seen[batch] = 1"),
    "a set": ("seen = set()", "seen.add(batch)"),
    "a counter": ("from collections import Counter\ncount = Counter()", "count.update([batch])"),
    "a global number": ("count = 0", "global count\ncount += 1"),
    "a number in a dict": ("state = {'n': 0}", "state['n'] += 1"),
    "an attribute of an object": ("class S: n = 0\ns = S()", "s.n += 1"),
    "a deque": ("from collections import deque\nlast = deque(maxlen=3)", "last.append(batch)"),
    "a method that counts": (
        "class S:\n    def __init__(self): self.n = 0\n    def tick(self): self.n += 1\ns = S()",
        "s.tick()",
    ),
    "a method that logs": (
        "class S:\n    def __init__(self): self.rows = []\n"
        "    def log(self, x): self.rows.append(x)\ns = S()",
        "s.log(batch)",
    ),
    "a cache": ("import functools\n@functools.cache\ndef h(x): return x", "h(batch)"),
    "a function's own count": ("def h(): h.n += 1\nh.n = 0", "h()"),
    "a class that counts": (
        "class S:\n    n = 0\n    def tick(self): self.n = self.n + 1\ns = S()",
        "s.tick()",
    ),
    "a list in a dict": ("log = {'rows': []}", "log['rows'].append(batch)"),
}


@pytest.mark.parametrize(("before", "body"), LOGS.values(), ids=LOGS.keys())
def test_what_a_step_changes_itself_is_no_choice(before, body):
    one = step(f"{body}\nreturn batch", before)
    fresh = digest(describe(one))
    for batch in range(3):
        one(batch)
    assert digest(describe(one)) == fresh
    assert digest(describe(step(f"{body}\nreturn batch + 1", before))) != fresh


def test_a_setter_does_not_hide_a_choice():
    source = (
        "class Rate:\n    def __init__(self, k): self._k = k\n"
        "    def set(self, k): self._k = k\n    def __call__(self, x): return self._k * x\n"
    )
    first, second = (step("return rate(batch)", f"{source}rate = Rate({k})") for k in (1, 2))
    assert digest(describe(first)) != digest(describe(second))


@pytest.mark.parametrize(
    "source", ["def f(x): return f(x)", "def f(x): return g(x)\ndef g(x): return f(x)"]
)
def test_recursion_ends(source):
    assert digest(describe(cell(source)["f"])) == digest(describe(cell(source)["f"]))


def test_an_object_that_contains_itself_ends():
    values = [1]
    values.append(values)
    assert describe(values) == describe(values)


# Models, optimizers, schedules


def model(**changes):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))


def frozen():
    made = model()
    made[0].weight.requires_grad_(False)
    return made


def hooked(kind="register_forward_hook"):
    made = model()
    getattr(made[0], kind)(lambda *args: None)
    return made


def buffered(number, persistent=False):
    made = model()
    made.register_buffer("shift", torch.full((2,), float(number)), persistent=persistent)
    return made


def averaged(decay):
    return AveragedModel(model(), multi_avg_fn=get_ema_multi_avg_fn(decay))


def private(number):
    source = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self._scale = {number}\n"
        "    def forward(self, x): return self._scale * x\nnet = Net()"
    )
    return cell(source)["net"]


MODELS = [
    (model, frozen),
    (model, hooked),
    (model, lambda: hooked("register_forward_pre_hook")),
    (model, lambda: hooked("register_full_backward_hook")),
    (lambda: buffered(1), lambda: buffered(2)),
    (lambda: averaged(0.9), lambda: averaged(0.99)),
    (lambda: private(1), lambda: private(2)),
    (lambda: nn.Conv2d(1, 2, 3), lambda: nn.Conv2d(1, 2, 3, padding_mode="circular")),
    (lambda: nn.Dropout(0.1), lambda: nn.Dropout(0.2)),
    (lambda: nn.Linear(2, 2), lambda: nn.Linear(2, 2, bias=False)),
    (lambda: nn.Linear(2, 2), lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(2, 2))),
    (lambda: nn.BatchNorm1d(2), lambda: nn.BatchNorm1d(2, momentum=0.2)),
]


@pytest.mark.parametrize(("first", "second"), MODELS)
def test_another_model_shows_and_training_does_not(first, second):
    one = first()
    before = digest(describe(one))
    assert before == digest(describe(first())) != digest(describe(second()))
    for parameter in one.parameters():
        parameter.data += 1
    one.eval()
    assert digest(describe(one)) == before


def optimizer(make, net=None, schedule=None):
    net = net or model()
    made = make(net)
    return (made, schedule(made)) if schedule else made


OPTIMIZERS = [
    (
        lambda net: torch.optim.SGD(net.parameters(), 0.1),
        lambda net: torch.optim.SGD(net.parameters(), 0.2),
    ),
    (
        lambda net: torch.optim.Adam(net.parameters()),
        lambda net: torch.optim.Adam(net.parameters(), eps=1e-3),
    ),
    (
        lambda net: torch.optim.Adam(net.parameters()),
        lambda net: torch.optim.AdamW(net.parameters()),
    ),
    (
        lambda net: torch.optim.SGD(net.parameters(), 0.1),
        lambda net: torch.optim.SGD(net[0].parameters(), 0.1),
    ),
    (
        lambda net: torch.optim.SGD(
            [{"params": [net[0].weight]}, {"params": [net[0].bias], "lr": 1}], 0.1
        ),
        lambda net: torch.optim.SGD(
            [{"params": [net[0].weight]}, {"params": [net[0].bias], "lr": 2}], 0.1
        ),
    ),
    (
        lambda net: torch.optim.SGD(
            [{"params": [net[0].bias]}, {"params": [net[1].bias], "lr": 1}], 0.1
        ),
        lambda net: torch.optim.SGD(
            [{"params": [net[1].bias]}, {"params": [net[0].bias], "lr": 1}], 0.1
        ),
    ),
]


@pytest.mark.parametrize(("first", "second"), OPTIMIZERS)
def test_another_optimizer_shows(first, second):
    def told(make):
        net = model()
        return digest(describe({"model": net, "optimizer": make(net)}))

    assert told(first) == told(first) != told(second)


def lr_lambda(n):
    return cell(f"f = lambda i: {n} / (i + 1)")["f"]


SCHEDULES = [
    (
        lambda o: lr_scheduler.LambdaLR(o, lr_lambda(1)),
        lambda o: lr_scheduler.LambdaLR(o, lr_lambda(2)),
    ),
    (lambda o: lr_scheduler.StepLR(o, 2), lambda o: lr_scheduler.StepLR(o, 3)),
    (
        lambda o: lr_scheduler.CosineAnnealingLR(o, 9),
        lambda o: lr_scheduler.CosineAnnealingLR(o, 8),
    ),
    (lambda o: lr_scheduler.OneCycleLR(o, 1, 9), lambda o: lr_scheduler.OneCycleLR(o, 2, 9)),
    (
        lambda o: lr_scheduler.OneCycleLR(o, 1, 9),
        lambda o: lr_scheduler.OneCycleLR(o, 1, 9, pct_start=0.5),
    ),
    (
        lambda o: lr_scheduler.ReduceLROnPlateau(o),
        lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5),
    ),
    (lambda o: lr_scheduler.MultiStepLR(o, [2, 4]), lambda o: lr_scheduler.MultiStepLR(o, [2, 5])),
    (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1), lambda o: lr_scheduler.CyclicLR(o, 0.1, 2)),
    (
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o), lr_scheduler.StepLR(o, 2)], [3]
        ),
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o), lr_scheduler.StepLR(o, 2)], [4]
        ),
    ),
    (
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o), lr_scheduler.StepLR(o, 2)], [3]
        ),
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o), lr_scheduler.StepLR(o, 5)], [3]
        ),
    ),
    (
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2),
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3),
    ),
]


@pytest.mark.parametrize(("first", "second"), SCHEDULES)
def test_another_schedule_shows_and_its_progress_does_not(first, second):
    def made(schedule):
        net = model()
        optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
        return {"model": net, "optimizer": optimizer, "schedule": schedule(optimizer)}

    state = made(first)
    before = digest(describe(state))
    assert before == digest(describe(made(first))) != digest(describe(made(second)))
    for _ in range(5):
        state["model"](torch.randn(4, 2)).sum().backward()
        state["optimizer"].step()
        plateau = isinstance(state["schedule"], lr_scheduler.ReduceLROnPlateau)
        state["schedule"].step(*([1.0] if plateau else []))
    assert digest(describe(state)) == before


def test_a_scaler_is_described_by_what_it_was_set_to():
    first, second = (torch.amp.GradScaler("cpu", growth_interval=n) for n in (1, 2))
    assert digest(describe(first)) != digest(describe(second))


# Data


@pytest.mark.parametrize("size", [100, 3_000_000])  # below and above what is hashed whole each time
@pytest.mark.parametrize("through", ["torch", "numpy", "permuted"])
def test_a_tensor_changed_in_place_shows(size, through):
    tensor = torch.arange(size)
    before = digest(describe(tensor))
    assert digest(describe(tensor)) == before
    if through == "torch":
        tensor[size // 2] += 1
    elif through == "numpy":
        tensor.numpy()[size // 2] += 1
    else:
        tensor.numpy()[:] = tensor.numpy()[::-1].copy()
    assert digest(describe(tensor)) != before


# Another interpreter


def interpreters():
    root = pathlib.Path.home() / ".pyenv" / "versions"
    found = sorted(root.glob("3.1[1-9]*/bin/python")) if root.exists() else []
    return [path for path in found if path.resolve() != pathlib.Path(sys.executable).resolve()]


SOURCES = [
    "def f(x, k=1):\n    '''Doc.'''\n    return [y ** k for y in x if y not in {'a', 'b'}]",
    "def f(x):\n    with open(x) as g:\n        return f'{g.read()!r:>{10}}' + 'a' 'b'",
    "def f(x):\n    try:\n        return x[1:2, ..., None]\n    except* ValueError:\n        pass",
    "async def f(x):\n    async for y in x:\n        yield await y",
    (
        "def f(x):\n    match x:\n        case {'a': [1, *rest]} if rest:\n"
        "            return lambda z, /, *, w=2: z @ w"
    ),
    "@d\ndef f(x):\n    class A(B, metaclass=C):\n        k: int = 1\n    return A",
    "f = lambda x: x.real if x else -1j",
]
# Kept so that one interpreter alone notices when the dump begins to depend on its version.
DIGESTS = """
import sys, types
package = types.ModuleType("labhelpers"); sys.modules["labhelpers"] = package
sys.path.insert(0, {folder!r})
import ast, code_of_labhelpers as code
for source in {sources!r}:
    print(code.short(code.dump(ast.parse(source).body[0])))
"""


def test_every_python_version_says_the_same(tmp_path):
    file = pathlib.Path(code.__file__)
    (tmp_path / "code_of_labhelpers.py").write_text(
        file.read_text(encoding="utf-8"), encoding="utf-8"
    )
    script = DIGESTS.format(folder=str(tmp_path), sources=SOURCES)
    said = {
        str(python): subprocess.run(
            [str(python), "-c", script], capture_output=True, text=True, check=True
        ).stdout.split()
        for python in [sys.executable, *interpreters()]
    }
    assert len(said[sys.executable]) == len(SOURCES)
    assert all(found == said[sys.executable] for found in said.values()), said
    assert code.short(said[sys.executable]) == KEPT


KEPT = "#da3eae1eccfaa315"
