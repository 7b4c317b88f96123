"""Kind 2 of faults, continued: what a run changes itself, by whatever way, is no choice."""

import io
import queue
import threading

import numpy as np
import pandas as pd
import pytest
import torch
from cells import cell, module, step
from torch import nn
from torch.optim import lr_scheduler
from tqdm import tqdm

from labhelpers.store.fingerprint import describe, digest

RECORD = "log = []\ndef record(rows, x): rows.append(x)"
METER = """
class Meter:
    def __init__(self): self.n, self.rows = 0, []
    def tick(self): self.count()
    def count(self): self.n += 1
    def log(self, x):
        rows = self.rows
        rows.append(x)
    def into(self, rows, x): rows.append(x)
    def __enter__(self): self.n += 1
    def __exit__(self, *error): self.n += 1
    def __lshift__(self, x): self.rows.append(x)
    def on_class(self): type(self).total += 1
    def on_kind(self): self.__class__.total += 1
    total = 0
    @property
    def lazy(self):
        if self.kept is None: self.kept = 3
        return self.kept
    kept = None
meter, meters = Meter(), {'a': Meter()}
log = []
"""
BY_CODE = {
    "a default": ("def h(x, seen={}): seen[x] = 1", "h(batch)"),
    "another name": ("log = []", "rows = log\nrows.append(batch)"),
    "a name in an expression": ("log = []", "(rows := log).append(batch)"),
    "a helper": (RECORD, "record(log, batch)"),
    "a helper, by keyword": (RECORD, "record(x=batch, rows=log)"),
    "a helper's helper": (f"{RECORD}\ndef more(rows, x): record(rows, x)", "more(log, batch)"),
    "a helper that counts": (
        "class C: n = 0\ncount = C()\ndef tick(c): c.n += 1",
        "tick(count)",
    ),
    "a helper that is a method": (METER, "meter.into(log, batch)"),
    "a bound method": ("log = []\nadd = log.append", "add(batch)"),
    "a heap": ("import heapq\nheap = []", "heapq.heappush(heap, batch)"),
    "a shuffled list": ("import random\nlog = [1, 2, 3]", "random.shuffle(log)"),
    "an item of a list": ("logs = [[], [1]]", "logs[0].append(batch)"),
    "an item of a tuple": ("logs = ([], [1])", "logs[0].append(batch)"),
    "a field of a named tuple": (
        "import collections\nlogs = collections.namedtuple('Logs', 'rows')([])",
        "logs.rows.append(batch)",
    ),
    "each of some lists": ("logs = [[], []]", "for log in logs: log.append(batch)"),
    "each value of a dict": ("logs = {'a': []}", "for log in logs.values(): log.append(batch)"),
    "each pair of a dict": ("logs = {'a': []}", "for k, log in logs.items(): log.append(batch)"),
    "what `get` returns": ("logs = {'a': []}", "logs.get('a').append(batch)"),
    "what `setdefault` returns": ("logs = {}", "logs.setdefault('a', []).append(batch)"),
    "an attribute by name": ("class C: n = 0\nc = C()", "setattr(c, 'n', batch)"),
    "a method that calls another": (METER, "meter.tick()"),
    "a method with another name": (METER, "meter.log(batch)"),
    "a method of a kept object": (METER, "meters['a'].tick()"),
    "entering": (METER, "with meter: pass"),
    "an operator": (METER, "meter << batch"),
    "a class, through its object": (METER, "meter.on_class()"),
    "a class, through __class__": (METER, "meter.on_kind()"),
    "a lazy property": (METER, "meter.lazy"),
    "a cached property": (
        "import functools\nclass C:\n    @functools.cached_property\n"
        "    def k(self): return 3\nc = C()",
        "c.k",
    ),
    "a decorator that counts": (
        "import functools\ndef counted(f):\n    @functools.wraps(f)\n    def g(*args):\n"
        "        g.n += 1\n        return f(*args)\n    g.n = 0\n    return g\n"
        "@counted\ndef h(x): return x",
        "h(batch)",
    ),
}
OBJECTS = {
    "add_": (torch.zeros(3), "made.add_(1)"),
    "mul_ and add_": (torch.zeros(3), "made.mul_(0.9).add_(1)"),
    "copy_": (torch.zeros(3), "made.copy_(made + 1)"),
    "data": (torch.zeros(3), "made.data += 1"),
    "a place of a tensor": (torch.zeros(3), "made[0] += 1"),
    "np.add.at": (np.zeros(3), "np.add.at(made, 0, 1)"),
    "out, of an array": (np.zeros(3), "np.add(made, 1, out=made)"),
    "out, of a tensor": (torch.zeros(3), "torch.add(made, 1, out=made)"),
    "loc": (pd.DataFrame({"a": [1]}), "made.loc[len(made)] = [batch]"),
    "at": (pd.DataFrame({"a": [1]}), "made.at[0, 'a'] = batch + 3"),
    "a column": (pd.DataFrame({"a": [1]}), "made['a'] = batch + 3"),
    "attrs": (pd.DataFrame({"a": [1]}), "made.attrs['minutes'] = batch"),
    "a number in a module": (module("mine", n=0), "made.n += 1"),
    "a list in a module": (module("mine", log=[]), "made.log.append(batch)"),
    "a bar": (tqdm(total=5, file=io.StringIO()), "made.set_description(str(batch))"),
    "a queue": (queue.Queue(), "made.put(batch)"),
    "a lock": (threading.Lock(), "with made: pass"),
    "a generator": (np.random.default_rng(3), "made.normal()"),
    "a lazy distribution": (torch.distributions.Categorical(logits=torch.zeros(3)), "made.probs"),
    "a matrix of a distribution": (
        torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2)),
        "made.precision_matrix",
    ),
}


def runs(make):
    return digest(describe(make)), [make(batch) for batch in (1, 2)], digest(describe(make))


@pytest.mark.parametrize(("before", "body"), BY_CODE.values(), ids=BY_CODE)
def test_a_log_a_counter_or_a_cache_is_no_choice(before, body):
    first, _, last = runs(step(body, before))
    assert first == last


@pytest.mark.parametrize(("made", "body"), OBJECTS.values(), ids=OBJECTS)
def test_an_object_that_the_step_changes_is_no_choice(made, body):
    first, _, last = runs(step(body, made=made))
    assert first == last


def test_an_event_writer_is_no_choice(tmp_path):
    from torch.utils.tensorboard import SummaryWriter

    writers = [SummaryWriter(str(tmp_path / name)) for name in "ab"]
    steps = [step("made.add_scalar('loss', 1, batch)", made=writer) for writer in writers]
    first, _, last = runs(steps[0])
    assert first == last == digest(describe(steps[1]))


def test_how_an_array_or_a_frame_lies_in_memory_is_no_choice():
    array = np.arange(6.0).reshape(2, 3)
    assert describe(array) == describe(np.asfortranarray(array))
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    frame["b"] = [3.0, 4.0]
    assert describe(frame) == describe(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}))


# Training


RATES = {
    "each group": "for group in opt.param_groups: group['lr'] = 0.1 / batch",
    "the first group": "opt.param_groups[0]['lr'] *= 0.9",
    "the momentum": "for group in opt.param_groups: group['momentum'] = 0.5",
}


@pytest.mark.parametrize("body", RATES.values(), ids=RATES)
def test_a_rate_that_the_step_sets_counts_as_it_was_first(body):
    def told(rate):
        opt = torch.optim.SGD(nn.Linear(2, 2).parameters(), rate, momentum=0.9)
        f = step(body, opt=opt)
        before = digest(describe({"step": f, "optimizer": opt}))
        f(3)
        return before, digest(describe({"step": f, "optimizer": opt}))

    assert len({*told(0.1)}) == 1 and told(0.1) != told(0.2)


SCHEDULES = {
    "polynomial": lambda o: lr_scheduler.PolynomialLR(o, 4),
    "multiplied": lambda o: lr_scheduler.MultiplicativeLR(o, lambda i: 0.5),
    "chained": lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.StepLR(o, 2)]),
    "averaged weights": lambda o: torch.optim.swa_utils.SWALR(o, 0.3),
    "an own one that counts": lambda o: cell(
        "class W(torch.optim.lr_scheduler.LRScheduler):\n    n = 0\n    def get_lr(self):\n"
        "        self.n += 1\n        return [rate / 2 for rate in self.base_lrs]"
    )["W"](o),
}


@pytest.mark.parametrize("make", SCHEDULES.values(), ids=SCHEDULES)
def test_how_far_a_schedule_has_come_does_not_show(make):
    optimizer = torch.optim.SGD(nn.Linear(2, 2).parameters(), 0.1)
    state = {"optimizer": optimizer, "schedule": make(optimizer)}
    before = digest(describe(state))
    for _ in range(6):
        optimizer.step()
        state["schedule"].step()
    assert digest(describe(state)) == before


NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.n, self.kept, self.rows = 0, None, []
        self.register_buffer("total", torch.zeros(1), persistent=False)
    def forward(self, x):
        BODY
        return x
    def count(self): self.n += 1
net = Net()
"""
FORWARDS = [
    "self.n += 1",
    "self.count()",
    "self.kept = x",
    "self.rows.append(x)",
    "self.total.add_(1)",
    "self.total += 1",
    "self.register_buffer('mask', x, persistent=False)",
]


@pytest.mark.parametrize("body", FORWARDS)
def test_what_a_forward_pass_keeps_does_not_show(body):
    net = cell(NET.replace("BODY", body))["net"]
    before = digest(describe(net))
    net(torch.ones(2))
    assert digest(describe(net)) == before


def test_the_first_object_of_an_own_optimizer_changes_nothing():
    """PyTorch wraps the class's `step` when the first one is made."""
    source = "class Own(torch.optim.SGD):\n    def step(self, closure=None): super().step()"
    f = cell(f"{source}\ndef f(): return Own([nn.Parameter(torch.ones(1))], lr=0.1)")["f"]
    before = digest(describe(f))
    f()
    assert digest(describe(f)) == before


def test_a_compiled_model_is_the_same_model():
    model = nn.Linear(2, 2)
    assert torch.compile(model) is not model
    assert digest(describe(torch.compile(model))) == digest(describe(model))
