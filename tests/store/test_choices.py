"""Kind 1 of faults, continued: choices in classes, helpers, and objects of other kinds."""

import argparse
import collections
import itertools
import random
import types
import weakref

import numpy as np
import pandas as pd
import pytest
import torch
from cells import cell, module, step
from torch import nn

import labhelpers as lab
from labhelpers.store.fingerprint import describe, digest

NUMBER = """
class {kind}({base}):
    def f(self): return {n}
made = {kind}({value})
"""


def own(base, value):
    """A function that uses an object of an own class on top of a plain one."""
    return lambda n: step("return made.f()", NUMBER.format(kind="Own", base=base, value=value, n=n))


def source(text, body="return made.f(batch)"):
    return lambda n: step(body, text.replace("NUMBER", str(n)))


def using(make, body="return made"):
    return lambda n: step(body, made=make(n))


CODE = {
    "a decorator inside": source(
        "def times(k): return lambda f: lambda x: k * f(x)",
        "@times(1)\ndef g(x): return x\nreturn g(batch)",
    ),
    "the value of an enumeration": source(
        "import enum\nclass C(enum.Enum): A = NUMBER\nmade = C.A", "return made.value"
    ),
    "the value of a whole-number enumeration": source(
        "import enum\nclass C(enum.IntEnum): A = NUMBER\nmade = C.A", "return made + 0"
    ),
    "a method of an enumeration": source(
        "import enum\nclass C(enum.Enum):\n    A = 1\n    def f(self, x): return NUMBER\nmade = C.A"
    ),
    "a key beside a counted one": source(
        "state = {'n': 0, 'lr': NUMBER}", "state['n'] += 1\nreturn state['lr']"
    ),
    "a key beside a log": source(
        "state = {'rows': [], 'lr': NUMBER}", "state['rows'].append(1)\nreturn state['lr']"
    ),
    "a key of an attribute beside a counted attribute": source(
        "class S:\n    def __init__(self): self.n, self.c = {'n': 0}, {'k': NUMBER}\n"
        "    def f(self, x):\n        self.n['n'] += 1\n        return self.c['k']\nmade = S()"
    ),
    "what `__init__` sets through a method": source(
        "class S:\n    def __init__(self, k): self.build(k)\n    def build(self, k): self.keep(k)\n"
        "    def keep(self, k): self.k = k\n    def f(self, x): return self.k * x\n"
        "made = S(NUMBER)"
    ),
    "the rate of an average that is updated": source(
        "class Average:\n    def __init__(self, k): self.decay, self.mean = k, 0\n"
        "    def update(self, x): self.mean = self.decay * self.mean + x\nmade = Average(NUMBER)",
        "made.update(batch)",
    ),
    "an object with a method named like a list's": source(
        "class S:\n    def __init__(self, k): self.k = k\n    def pop(self): return self.k\n"
        "made = S(NUMBER)",
        "return made.pop()",
    ),
    "a table that is copied and then changed": source(
        "table = {'a': NUMBER}", "table2 = table\ntable2 = dict(table2)\ntable2['b'] = 1"
    ),
    "a table that a helper copies": source(
        "table = {'a': NUMBER}\ndef use(t):\n    t = dict(t)\n    t['b'] = 1\n    return t",
        "return use(table)",
    ),
    "a variable named like one of an inner function": source(
        "k = [NUMBER]", "def inner(k):\n    k.sort()\n    return k\nreturn inner([2]), k"
    ),
    "a table beside a log in one loop": source(
        "logs, table = [[]], [NUMBER]", "for log, k in zip(logs, table): log.append(k)"
    ),
    "a choice that a function changes elsewhere": source(
        "k = NUMBER\ndef other():\n    global k\n    k += 1", "return k * batch"
    ),
    "under the name of a library's function": source(
        "import functools\n@functools.wraps(torch.nn.functional.relu)\ndef g(x): return NUMBER",
        "return g(batch)",
    ),
    "a metaclass": source(
        "class M(type):\n    def f(cls, x): return NUMBER\nclass made(metaclass=M): pass"
    ),
    "a hash": source("class C:\n    def __hash__(self): return NUMBER", "return {C()}"),
    "what deleting does": source(
        "class C:\n    @property\n    def k(self): return 1\n    @k.deleter\n"
        "    def k(self): self.j = NUMBER\nmade = C()",
        "del made.k",
    ),
    "the order of a data class": source(
        "import dataclasses\n@dataclasses.dataclass(order=NUMBER == 1)\nclass C:\n    k: int = 1",
        "return C(1) < C(2)",
    ),
    "a private slot": source(
        "class C:\n    __slots__ = ('__k',)\n    def __init__(self, k): self.__k = k\n"
        "    def f(self, x): return self.__k\nmade = C(NUMBER)"
    ),
    "a method of a named tuple": source(
        "import typing\nclass P(typing.NamedTuple):\n    x: int\n"
        "    def f(self, y): return NUMBER\n"
        "made = P(1)"
    ),
    "a missing key of an own dict": source(
        "class D(dict):\n    def __missing__(self, key): return self.k\n"
        "made = D()\nmade.k = NUMBER",
        "return made['a']",
    ),
    "an own list": own("list", "[1]"),
    "an own word": own("str", "'a'"),
    "an own number": own("float", "1"),
    "an own whole number": own("int", "1"),
    "an own set": own("set", "[1]"),
    "a module under another name": lambda n: step("m = made\nreturn m.K", made=module("mine", K=n)),
    "a module in a dict": lambda n: step("return t['m'].K", t={"m": module("mine", K=n)}),
    "a module as a default": lambda n: cell(
        "def step(batch, m=mine): return m.K", mine=module("mine", K=n)
    )["step"],
}
VALUES = {
    "a random generator": using(np.random.default_rng),
    "the mask of an array": using(lambda n: np.ma.array([1, 2], mask=[n == 1, False])),
    "a private name in a namespace": using(lambda n: types.SimpleNamespace(a=1, _k=n)),
    "an `epoch` among arguments": using(lambda n: argparse.Namespace(lr=1, epoch=n)),
    "a memory view": using(lambda n: memoryview(bytes([n]))),
    "values of a dict": using(lambda n: {"a": n}.values()),
    "a user's dict": using(lambda n: collections.UserDict(a=n)),
    "the precision of a number": using(lambda n: [np.float32(0.5), np.float64(0.5)][n - 1]),
    "a time span": using(lambda n: np.timedelta64(n, "D")),
    "an alias of a type": using(lambda n: [list[int], list[str]][n - 1]),
    "a shape without numbers": using(lambda n: torch.ones(n, device="meta")),
    "a tensor that is sorted into another": using(
        lambda n: torch.tensor([n, 2]), "return made.sort()"
    ),
    "a tensor that is added to": using(lambda n: torch.tensor([n, 2]), "return made.add(batch)"),
    "an index that is inserted into": using(
        lambda n: pd.Index([n, 2]), "return made.insert(0, batch)"
    ),
    "a mixture": using(
        lambda n: torch.distributions.MixtureSameFamily(
            torch.distributions.Categorical(torch.ones(2)),
            torch.distributions.Normal(torch.tensor([0.0, n]), torch.ones(2)),
        )
    ),
    "a model set up in its step": using(lambda n: nn.Linear(2, n), "made.requires_grad_(False)"),
    "a module used as a way to a function": using(
        lambda n: nn.Linear(2, n), "torch.nn.init.zeros_(made.weight)"
    ),
}


class Kept:
    """Something to hold weakly."""

    def __init__(self, k):
        self.k = k


KEPT = [Kept(1), Kept(2)]
VALUES["what a weak reference leads to"] = using(lambda n: weakref.ref(KEPT[n - 1]))
# The second case of `CODE` that needs its number in the body
CODE["a decorator inside"] = lambda n: step(
    f"@times({n})\ndef g(x): return x\nreturn g(batch)",
    "def times(k): return lambda f: lambda x: k * f(x)",
)


@pytest.mark.parametrize("make", [*CODE.values(), *VALUES.values()], ids=[*CODE, *VALUES])
def test_a_change_shows_and_making_it_again_does_not(make):
    assert digest(describe(make(1))) == digest(describe(make(1)))
    assert digest(describe(make(1))) != digest(describe(make(2)))


# Models and optimizers


def tied(n):
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    if n == 2:
        model[1].weight = model[0].weight
    return model


def gradient_hook(name):
    def make(n):
        model = nn.Linear(2, 2)
        getattr(model.weight, name)(cell(f"def f(weight): return {n}")["f"])
        return model

    return make


def with_words(n):
    model = nn.Linear(2, 2)
    model.register_forward_hook(cell("def f(*args): return None")["f"], with_kwargs=n == 1)
    return model


SAM = """
class SAM(torch.optim.SGD):
    def __init__(self, weights, rho):
        super().__init__(weights, lr=0.1)
        self.rho = rho
made = SAM([nn.Parameter(torch.ones(1))], NUMBER)
"""
MODELS = {
    "tied weights": tied,
    "a hook on a gradient": gradient_hook("register_hook"),
    "a hook after a gradient": gradient_hook("register_post_accumulate_grad_hook"),
    "what a hook is given": with_words,
    "a setting of an own optimizer": lambda n: cell(SAM.replace("NUMBER", str(n)))["made"],
    "a lazy layer": lambda n: nn.LazyLinear(n),
    "a compiled function": lambda n: torch.compile(cell(f"def f(x): return x * {n}")["f"]),
    "a compiled model": lambda n: torch.compile(nn.Linear(2, n)),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_another_model_or_optimizer_shows(make):
    assert digest(describe(make(1))) == digest(describe(make(1)))
    assert digest(describe(make(1))) != digest(describe(make(2)))


def teacher(n):
    model = nn.Linear(2, 2).requires_grad_(False)
    return model.apply(lambda module: [weight.fill_(n) for weight in module.parameters()])


HELD = {
    "a frozen teacher": teacher,
    "the weights of classes in a loss": lambda n: nn.CrossEntropyLoss(torch.tensor([1.0, n])),
    "a frozen parameter": lambda n: nn.Parameter(torch.full((2,), float(n)), requires_grad=False),
}


@pytest.mark.parametrize("make", HELD.values(), ids=HELD)
def test_weights_that_nothing_trains_count_where_asked(make):
    first, again, other = (step("return made(batch)", made=make(n)) for n in (1, 1, 2))
    student = {"model": nn.Linear(2, 2)}
    told = [digest(describe(item, trained=student)) for item in (first, again, other)]
    assert told[0] == told[1] != told[2]
    assert describe(first) == describe(other)  # an architecture, as for two models in an exercise


class Average:
    """An average of weights that is no module, but is kept in a run's state."""

    def __init__(self, model):
        self.model = model


@pytest.mark.parametrize("wrap", [lambda net: net, lambda net: nn.ModuleDict({"a": net}), Average])
def test_a_target_network_in_the_state_may_move(wrap):
    target = teacher(1)
    state = {"model": nn.Linear(2, 2), "target": wrap(target)}
    asked = {"step": step("return made(batch)", made=target), **state}
    before = digest(describe(asked, trained=state))
    target.weight += 1
    assert digest(describe(asked, trained=state)) == before


def test_another_teacher_trains_afresh(session):
    """From outside: the same run name, the same student, other weights of the teacher."""

    def trained(n):
        torch.manual_seed(0)
        model = nn.Linear(2, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        f = step(
            "loss = (model(batch) - made(batch)).square().mean()\noptimizer.zero_grad()\n"
            "loss.backward()\noptimizer.step()\nreturn {'loss': loss}",
            model=model,
            made=teacher(n),
            optimizer=optimizer,
        )
        state = {"model": model, "optimizer": optimizer}
        lab.train(f, [torch.ones(4, 2)], epochs=1, state=state, run="00/teacher")
        return model.weight.sum().item()

    assert trained(1) == trained(1) != trained(2)


def test_a_function_that_cannot_be_seen_is_refused_by_name():
    made = np.frompyfunc(lambda x: x, 1, 1)
    with pytest.raises(TypeError, match=r"made by np\.frompyfunc, hides its function: use np\.vec"):
        describe(step("return made(batch)", made=made))


def test_what_counts_as_the_same_value():
    """Decided: lists and tuples are the same choice; 1, 1.0, True, 0.0 and -0.0 are five."""
    assert describe((1, 2)) == describe([1, 2])
    told = [digest(describe(value)) for value in (1, 1.0, True, 0.0, -0.0)]
    assert all(first != second for first, second in itertools.combinations(told, 2))


def test_generators_whose_seed_cannot_be_known_are_named():
    """They cannot be kept in a checkpoint either: `train` refuses them."""
    made = random.Random(1)
    before = describe(made)
    made.gauss()
    assert before == describe(made) == describe(random.Random(2))
