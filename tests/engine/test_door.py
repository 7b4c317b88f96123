"""Kinds 5 to 8 and 11: checkpoints that read back, runs after errors, unlisted state, bad input."""

import errno
import functools
import json
import math
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from filelock import FileLock
from torch import nn

import labhelpers as lab
from labhelpers.engine import checkpoint, format
from labhelpers.engine.checks import accumulates
from labhelpers.store import files

DATA = [torch.full((2, 1), float(i)) for i in range(4)]


@pytest.fixture(autouse=True)
def quick(session, saved_every_step, monkeypatch):
    monkeypatch.setattr(checkpoint, "_failed", {})
    return session


def parts(seed=0):
    torch.manual_seed(seed)
    model = nn.Linear(1, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def step_for(model, optimizer, trouble=lambda x: None):
    def step(x):
        trouble(x)
        loss = (model(x) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss}

    return step


def expected(epochs=3):
    """The weights of a run that nothing ever interrupted."""
    model, optimizer = parts()
    state = {"model": model, "optimizer": optimizer}
    lab.train(step_for(model, optimizer), DATA, epochs=epochs, state=state)
    return model.weight.detach().clone()


# 5. What is saved can be read back


class Keeper:
    """Something with a state of the user's own kind."""

    def __init__(self, value):
        self.value = value

    def state_dict(self):
        return {"value": self.value}

    def load_state_dict(self, state):
        self.value = state["value"]


@pytest.mark.parametrize("value", [object(), lambda: 1, {"deep": [object()]}, type])
def test_a_state_that_cannot_be_read_back_is_named_at_the_first_save(value):
    model, optimizer = parts()
    state = {"model": model, "optimizer": optimizer, "keeper": Keeper(value)}
    with pytest.raises((TypeError, AttributeError), match=r"keeper|pickle"):
        lab.train(step_for(model, optimizer), DATA, epochs=1, state=state, run="a")


CHOICES = [
    np.float32(0.1),
    np.int64(3),
    math.nan,
    {1, 2},
    functools.partial(max, 1),
    torch.float16,
    torch.device("cpu"),
    nn.ReLU,
    np.arange(3),
    b"x",
    1 + 2j,
    None,
]


@pytest.mark.parametrize("value", CHOICES, ids=lambda value: type(value).__name__)
def test_choices_of_any_kind_are_kept_and_compared(value, capsys):
    for _ in range(2):
        model, optimizer = parts()
        state = {"model": model, "optimizer": optimizer}
        lab.train(
            step_for(model, optimizer), DATA, epochs=1, state=state, run="a", choices={"c": value}
        )
    assert "a: loaded" in capsys.readouterr().out


@pytest.mark.parametrize("place", [0, 30, 60, 0.3, 0.5, 0.9, -30, -2])
def test_one_flipped_bit_anywhere_is_noticed(place):
    content = bytearray(format.encoded({"a": torch.arange(1000)}))
    position = int(place * len(content)) if isinstance(place, float) else place
    content[position] ^= 1
    with pytest.raises(ValueError, match=r"checksum|no checkpoint|version"):
        format.decoded(bytes(content))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"PK\x03\x04 an older checkpoint", "another version wrote it"),
        (b"labhelpers checkpoint 9 abc\nfuture", "another version wrote it"),
        (b"\x89PNG\r\n something else", "it is no checkpoint"),
        (format.HEADER + b"00\nhalf", "its checksum does not fit"),
    ],
)
def test_a_foreign_file_gets_a_sentence_and_is_put_aside(quick, content, words, capsys):
    folder = quick.run_folder("a")
    (folder / format.CHECKPOINT).write_bytes(content)
    model, optimizer = parts()
    state = {"model": model, "optimizer": optimizer}
    lab.train(step_for(model, optimizer), DATA, epochs=1, state=state, run="a")
    said = capsys.readouterr().out
    assert f"checkpoint.pt is damaged ({words}" in said and "starting afresh" in said
    assert (folder / "checkpoint.pt.damaged").read_bytes() == content


# 6. After an error the same call goes on


class Once:
    """Raises at one call, and never again."""

    fingerprint = "raises once"

    def __init__(self, at, error):
        self.left, self.error = at, error

    def __call__(self, *ignored):
        self.left -= 1
        if self.left == 0:
            raise self.error


@pytest.mark.parametrize(
    "error", [OSError("gone"), KeyboardInterrupt(), ValueError("x"), MemoryError()]
)
@pytest.mark.parametrize("at", [1, 3, 6, 11])
@pytest.mark.parametrize("where", ["step", "loader", "evaluate"])
def test_a_run_that_failed_goes_on_with_the_same_objects(error, at, where, capsys):
    once = Once(at if where != "evaluate" else min(at, 2), error)

    class Loader:
        fingerprint = "the data"

        def __len__(self):
            return len(DATA)

        def __iter__(self):
            for x in DATA:
                if where == "loader":
                    once()
                yield x

    def evaluate():
        if where == "evaluate":
            once()
        return {"val_loss": 1.0}

    model, optimizer = parts()
    step = step_for(model, optimizer, once if where == "step" else lambda x: None)
    call = {"epochs": 3, "state": {"model": model, "optimizer": optimizer}, "run": "a"}
    with pytest.raises(type(error)):
        lab.train(step, Loader(), evaluate=evaluate, **call)
    run = lab.train(step, Loader(), evaluate=evaluate, **call)
    assert len(run.history) == 3
    torch.testing.assert_close(model.weight, expected(), rtol=0, atol=0)


def test_a_mended_evaluate_goes_on_and_the_good_checkpoint_stays(quick):
    model, optimizer = parts()
    call = {"epochs": 3, "state": {"model": model, "optimizer": optimizer}, "run": "a"}
    step = step_for(model, optimizer)
    broken = Once(2, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        lab.train(step, DATA, evaluate=lambda: broken() or {"val_loss": 1.0}, **call)
    before = (quick.runs / "a" / format.CHECKPOINT).read_bytes()
    assert len(format.decoded(before)["progress"]["history"]) == 1


# 7. What is not in state


def test_an_optimizer_that_state_lacks_is_named():
    model, optimizer = parts()
    with pytest.raises(TypeError, match="step uses optimizer, a SGD that state lacks"):
        lab.train(step_for(model, optimizer), DATA, epochs=1, state={"model": model}, run="a")
    lab.train(
        step_for(model, optimizer), DATA, epochs=1, state={"model": model}
    )  # nothing to resume


def extra(item):
    model, optimizer = parts()
    inner = step_for(model, optimizer)

    def step(x):
        str(item)
        return inner(x)

    return step, {"model": model, "optimizer": optimizer}


class Holder:
    def __init__(self, item):
        self.item = item


EXTRAS = [
    torch.Generator(),
    np.random.default_rng(0),
    np.random.RandomState(0),
    random.Random(0),
    nn.Linear(1, 1),
    torch.optim.swa_utils.AveragedModel(nn.Linear(1, 1)),
    torch.amp.GradScaler("cpu"),
    torch.optim.lr_scheduler.StepLR(parts()[1], 1),
    [torch.Generator()],
    {"rng": torch.Generator()},
    Holder(torch.Generator()),
    (lambda net: lambda x: net(x))(nn.Linear(1, 1)),
]


@pytest.mark.parametrize("item", EXTRAS, ids=lambda item: type(item).__name__)
def test_whatever_changes_and_is_not_in_state_is_named(item):
    step, state = extra(item)
    with pytest.raises(TypeError, match=r"that state lacks|state cannot be kept"):
        lab.train(step, DATA, epochs=1, state=state, run="a")


@pytest.mark.parametrize(
    "item",
    [nn.CrossEntropyLoss(), nn.Linear(1, 1).requires_grad_(False), torch.ones(2), "text", {"a": 1}],
)
def test_what_does_not_change_may_be_used(item):
    step, state = extra(item)
    lab.train(step, DATA, epochs=1, state=state, run="a")


def test_a_part_of_a_module_in_state_may_be_used():
    step, state = extra(None)
    outer = nn.ModuleDict({"model": state["model"]})
    lab.train(step, DATA, epochs=1, state=state | {"model": outer}, run="a")


def test_a_loaders_own_generator_has_to_be_in_state():
    model, optimizer = parts()
    own = torch.Generator().manual_seed(0)
    loader = torch.utils.data.DataLoader(torch.ones(8, 1), 2, shuffle=True, generator=own)
    state = {"model": model, "optimizer": optimizer}
    with pytest.raises(TypeError, match=r"batches uses .*Generator that state lacks"):
        lab.train(step_for(model, optimizer), loader, epochs=1, state=state, run="a")
    lab.train(step_for(model, optimizer), loader, epochs=1, state=state | {"own": own}, run="a")


@pytest.mark.parametrize("stop", [2, 3, 5, 7])
def test_gradients_that_a_step_accumulates_survive_a_stop(stop):
    def run(name, once):
        model, optimizer = parts()
        counted = nn.Module()
        counted.register_buffer("n", torch.zeros(()))

        def step(x):
            once(x)
            loss = (model(x) - 1).square().mean()
            loss.backward()
            counted.n += 1
            if counted.n % 3 == 0:
                optimizer.step()
                optimizer.zero_grad()
            return {"loss": loss}

        assert accumulates(step)
        state = {"model": model, "optimizer": optimizer, "counted": counted}
        try:
            lab.train(step, DATA, epochs=3, state=state, run=name)
        except KeyboardInterrupt:
            model, optimizer = parts()  # as in a new kernel
            return run(name, Once(0, None))
        return model.weight.detach()

    whole = run("whole", Once(0, None))
    torch.testing.assert_close(
        run("stopped", Once(stop, KeyboardInterrupt())), whole, rtol=0, atol=0
    )


def test_a_step_that_clears_its_gradients_saves_none(quick):
    assert not accumulates(step_for(*parts()))
    digits = lab.load_data("mnist", train_size=64)
    run = lab.fit(lab.MLP(784, 10), digits, epochs=1, run="a")
    assert format.decoded((run.path / format.CHECKPOINT).read_bytes())["gradients"] == {}


# 8. Files


def test_after_a_failed_save_the_next_comes_within_a_minute(quick, monkeypatch):
    monkeypatch.setattr(checkpoint, "SAVE_SHARE", 0.01)
    monkeypatch.setattr(checkpoint, "SAVE_SECONDS", 30.0)
    model, _ = parts()
    store = checkpoint.RunStore(quick.run_folder("a"), {"model": model}, {})
    clock = [1000.0]
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: clock[0])

    def away(*args, where):
        clock[0] += 13.0  # the waits between the attempts
        return False

    monkeypatch.setattr(checkpoint, "reported", away)
    store.save()
    assert store._wait <= 60.0


def test_a_run_folder_that_was_deleted_comes_back(quick):
    import shutil

    model, optimizer = parts()
    once = iter([False] * 5 + [True] + [False] * 99)

    def remove(x):
        if next(once):
            shutil.rmtree(quick.runs / "a")

    state = {"model": model, "optimizer": optimizer}
    run = lab.train(step_for(model, optimizer, remove), DATA, epochs=3, state=state, run="a")
    assert (run.path / format.CHECKPOINT).exists() and len(run.history) == 3


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_full_disk_is_reported_and_training_goes_on(quick, monkeypatch, number, capsys):
    monkeypatch.setattr(files, "WAITS", ())
    model, optimizer = parts()

    def full(*args):
        raise OSError(number, "no room")

    monkeypatch.setattr(files.os, "fsync", full)
    state = {"model": model, "optimizer": optimizer}
    run = lab.train(step_for(model, optimizer), DATA, epochs=3, state=state, run="a")
    torch.testing.assert_close(run.model.weight, expected(), rtol=0, atol=0)
    assert "NOT saved" in capsys.readouterr().out
    assert not list((quick.runs / "a").glob("*.part"))


def test_an_event_file_that_is_held_open_does_not_stop_a_run(quick, monkeypatch, capsys):
    folder = quick.run_folder("a")
    (folder / "events.out.tfevents.1").write_text("held open", encoding="utf-8")

    def held(path):
        raise PermissionError(13, "used by another process")

    monkeypatch.setattr(type(folder), "unlink", held)
    model, optimizer = parts()
    state = {"model": model, "optimizer": optimizer}
    run = lab.train(step_for(model, optimizer), DATA, epochs=1, state=state, run="a")
    assert len(run.history) == 1 and "cannot be written" in capsys.readouterr().out


def test_an_event_file_that_cannot_be_opened_does_not_stop_a_run(quick, monkeypatch, capsys):
    import torch.utils.tensorboard

    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch.utils.tensorboard, "SummaryWriter", full)
    model, optimizer = parts()
    state = {"model": model, "optimizer": optimizer}
    run = lab.train(step_for(model, optimizer), DATA, epochs=2, state=state, run="a")
    assert len(run.history) == 2
    assert "cannot be written (No space left on device)" in capsys.readouterr().out


def test_a_second_notebook_is_told_and_waits_for_the_first(quick, capsys):
    script = (
        "import sys, time\nfrom filelock import FileLock\n"
        f"with FileLock({str(quick.run_folder('a') / 'lock')!r}):\n"
        "    print('held', flush=True)\n    time.sleep(1)"
    )
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    model, optimizer = parts()
    state = {"model": model, "optimizer": optimizer}
    lab.train(step_for(model, optimizer), DATA, epochs=1, state=state, run="a")
    assert "a is being trained by another notebook: waiting" in capsys.readouterr().out
    assert holder.wait(timeout=60) == 0


def test_a_lock_that_a_killed_process_left_does_not_block(quick):
    lock = quick.run_folder("a") / "lock"
    script = (
        "import os\nfrom filelock import FileLock\n"
        f"FileLock({str(lock)!r}).acquire()\nos.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    assert lock.exists()
    with FileLock(lock, timeout=0):
        pass


# 11. Bad input


class Tuple(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(784, 10)

    def forward(self, x):
        return self.net(x.flatten(1)), None


NAN = math.nan
FITS = [
    ({"model": lab.MLP}, TypeError, "model is the class MLP: build it"),
    ({"model": "MLP"}, TypeError, "model is a str: give a torch.nn.Module"),
    ({"model": Tuple()}, TypeError, "returns a tuple"),
    ({"model": lab.MLP(784, 10).double()}, TypeError, "float64"),
    ({"model": nn.Flatten()}, ValueError, "no parameter with requires_grad=True"),
    (
        {"model": lab.MLP(784, 10).requires_grad_(False)},
        ValueError,
        "no parameter with requires_grad",
    ),
    ({"model": lab.MLP(784, 9)}, ValueError, "the model turns 2 images into \\(2, 9\\)"),
    ({"model": lab.MLP(100, 10)}, ValueError, "images of shape"),
    ({"epochs": 0}, ValueError, "epochs=0 is not allowed"),
    ({"epochs": 1.0}, ValueError, "epochs=1.0 is not allowed"),
    ({"epochs": True}, ValueError, "epochs=True is not allowed"),
    ({"epochs": "3"}, ValueError, "epochs='3' is not allowed"),
    ({"patience": 0}, ValueError, "patience=0 is not allowed"),
    ({"batch_size": 0}, ValueError, "batch_size=0 is not allowed"),
    ({"batch_size": 2.5}, ValueError, "batch_size=2.5 is not allowed"),
    ({"lr": 0}, ValueError, "lr=0 is not allowed"),
    ({"lr": -1}, ValueError, "lr=-1 is not allowed"),
    ({"lr": NAN}, ValueError, "lr=nan is not allowed"),
    ({"lr": "0.1"}, ValueError, "lr='0.1' is not allowed"),
    ({"weight_decay": -1}, ValueError, "weight_decay=-1 is not allowed"),
    ({"optimizer": "adm"}, ValueError, "unknown optimizer 'adm'"),
    ({"optimizer": 3}, TypeError, "optimizer is a int"),
    ({"seed": -1}, ValueError, "seed=-1 is not allowed"),
    ({"data": [1, 2]}, TypeError, "data is a list"),
]


@pytest.mark.parametrize(("change", "error", "words"), FITS)
def test_fit_refuses_bad_input_in_a_sentence(change, error, words):
    call = {
        "model": lab.MLP(784, 10),
        "data": lab.load_data("mnist", train_size=64),
        "epochs": 1,
    } | change
    with pytest.raises(error, match=words):
        lab.fit(call.pop("model"), call.pop("data"), **call)


@pytest.mark.parametrize("whole", [np.int64(2), np.int32(2), torch.tensor(2), np.uint8(2)])
def test_whole_numbers_of_any_type_are_taken(whole):
    digits = lab.load_data("mnist", train_size=64)
    run = lab.fit(
        lab.MLP(784, 10), digits, epochs=whole, patience=whole, batch_size=whole, seed=whole
    )
    assert len(run.history) == 2 and json.dumps(run.history)


def returning(value):
    def step(x):
        return value

    return step


TRAINS = [
    ({"step": returning(torch.ones(()))}, TypeError, "the step returned a Tensor: return a dict"),
    ({"step": returning(None)}, TypeError, "the step returned a NoneType"),
    ({"step": returning({})}, ValueError, r"the step returned \[\]"),
    (
        {"step": returning({"loss": torch.ones(3)})},
        ValueError,
        r"loss of shape \(3,\): take its mean",
    ),
    ({"step": returning({"loss": "low"})}, TypeError, "the step returned loss='low'"),
    ({"step": 3}, TypeError, "step=3 cannot be called"),
    ({"state": {}}, TypeError, r"state=\{\} is not allowed"),
    ({"state": [1]}, TypeError, r"state=\[1\] is not allowed"),
    ({"state": {"model": nn.Linear}}, TypeError, r"state\['model'\] is the class Linear"),
    ({"state": {"n": 3}}, TypeError, r"state\['n'\] is a int, which has no state_dict"),
    ({"batches": []}, ValueError, "gives no batches, it is empty"),
    ({"batches": iter(DATA)}, ValueError, "gives no batches"),
    ({"evaluate": lambda: 3}, TypeError, "evaluate returned a int"),
    ({"evaluate": lambda: {"val_loss": "low"}}, TypeError, "evaluate returned val_loss='low'"),
    ({"evaluate": lambda: {"val_loss": torch.ones(2)}}, TypeError, "evaluate returned val_loss"),
    ({"patience": 1, "monitor": "val_los"}, ValueError, "monitor='val_los' is not reported"),
    ({"epochs": 0}, ValueError, "epochs=0 is not allowed"),
]


@pytest.mark.parametrize(("change", "error", "words"), TRAINS)
def test_train_refuses_bad_input_in_a_sentence(change, error, words):
    model, optimizer = parts()
    state = {"model": model, "optimizer": optimizer}
    call = {
        "step": step_for(model, optimizer),
        "batches": DATA,
        "epochs": 1,
        "state": state,
    } | change
    with pytest.raises(error, match=words):
        lab.train(call.pop("step"), call.pop("batches"), **call)


def test_batches_may_be_dicts():
    model, optimizer = parts()
    inner = step_for(model, optimizer)
    batches = [{"x": x, "y": x} for x in DATA]
    state = {"model": model, "optimizer": optimizer}
    run = lab.train(lambda batch: inner(batch["x"]), batches, epochs=3, state=state)
    torch.testing.assert_close(run.model.weight, expected(), rtol=0, atol=0)


def test_a_last_batch_of_one_image_does_not_end_a_run_with_batch_norm():
    digits = lab.load_data("mnist", train_size=65)
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 8), nn.BatchNorm1d(8), nn.Linear(8, 10))
    assert len(lab.fit(net, digits, epochs=1, batch_size=64).history) == 1
