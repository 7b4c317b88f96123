"""Checkpoints: atomic, verified, and honest about damage."""

import errno
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import labhelpers as lab
from labhelpers.engine import checkpoint, epoch
from labhelpers.engine.format import CHECKPOINT, PREVIOUS, read_checkpoint
from labhelpers.store import files
from labhelpers.store.files import write_atomically


@pytest.fixture
def runs(session, monkeypatch):
    """Return a function that fits a small net for two epochs, saving after each, and its folder."""
    monkeypatch.setattr(checkpoint, "SAVE_SHARE", 1e9)
    digits = lab.load_data("mnist", train_size=256)
    torch.manual_seed(0)
    model = lab.MLP(784, 16, 10)

    def run(**changes):
        return lab.fit(model, digits, **{"epochs": 2, "lr": 0.01, "run": "a"} | changes)

    run()
    return run, session.runs / "a"


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1000])


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [flip_a_bit, truncate, empty])
def test_a_damaged_checkpoint_is_named_and_the_one_before_goes_on_to_the_same_weights(
    runs, damage, capsys
):
    run, folder = runs
    expected = run().model.state_dict()
    damage(folder / CHECKPOINT)
    capsys.readouterr()
    found = run()
    said = capsys.readouterr().out
    assert "checkpoint.pt is damaged (" in said and "going on from the one before" in said
    assert "resumed after step" in said
    torch.testing.assert_close(found.model.state_dict(), expected, rtol=0, atol=0)
    run()
    assert "loaded" in capsys.readouterr().out


def test_with_both_checkpoints_damaged_the_run_starts_afresh_and_says_so(runs, capsys):
    run, folder = runs
    expected = run().model.state_dict()
    truncate(folder / CHECKPOINT)
    flip_a_bit(folder / PREVIOUS)
    capsys.readouterr()
    found = run()
    said = capsys.readouterr().out
    assert "checkpoint.pt is damaged" in said and "checkpoint.previous.pt is damaged" in said
    assert "starting afresh" in said and "resumed" not in said
    torch.testing.assert_close(found.model.state_dict(), expected, rtol=0, atol=0)


def test_a_damaged_file_never_takes_the_place_of_a_sound_one(runs):
    _, folder = runs
    truncate(folder / CHECKPOINT)
    sound = (folder / PREVIOUS).read_bytes()
    assert read_checkpoint(folder)[0] is not None
    write_atomically(folder / CHECKPOINT, b"new", keep=folder / PREVIOUS)
    assert (folder / PREVIOUS).read_bytes() == sound


def test_a_write_that_fails_leaves_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write_atomically(path, b"old")

    def full(descriptor):
        raise OSError("no space left")

    monkeypatch.setattr(files.os, "fsync", full)
    monkeypatch.setattr(files, "WAITS", (0.0, 0.0))
    with pytest.raises(OSError, match="no space"):
        write_atomically(path, b"new", keep=tmp_path / "kept")
    assert path.read_bytes() == b"old"


def test_a_write_is_tried_again_while_a_drive_is_away(tmp_path, monkeypatch):
    sync, waited, tries = files.os.fsync, [], iter([False, False, True])

    def sometimes(descriptor):
        if not next(tries):
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        sync(descriptor)

    monkeypatch.setattr(files.os, "fsync", sometimes)
    monkeypatch.setattr(files, "time", SimpleNamespace(sleep=waited.append))  # no other thread's
    write_atomically(tmp_path / "x", b"whole")
    assert (tmp_path / "x").read_bytes() == b"whole" and waited == list(files.WAITS[:2])


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)  # of TensorBoard's writer
@pytest.mark.parametrize("returns", [True, False])
def test_a_folder_that_is_away_for_a_while_costs_no_training(session, monkeypatch, capsys, returns):
    monkeypatch.setattr(checkpoint, "SAVE_SHARE", 1e9)
    monkeypatch.setattr(files, "WAITS", (0.0,))
    digits, folder, hidden = (
        lab.load_data("mnist", train_size=256),
        session.runs / "a",
        session.runs / "hidden",
    )
    torch.manual_seed(0)
    model = lab.MLP(784, 16, 10)
    at = {4: lambda: (folder.rename(hidden), folder.write_text("not a folder")), 7: lambda: None}
    if returns:
        at[7] = lambda: (folder.unlink(), hidden.rename(folder))

    def fit(run, drive):
        def schedule(done):  # called after each of the 2 × 4 epochs' steps
            drive.pop(round(8 * done), lambda: None)()
            return 1.0

        return lab.fit(model, digits, epochs=4, batch_size=128, schedule=schedule, run=run)

    expected = fit(None, {}).model.state_dict()
    capsys.readouterr()
    found = fit("a", at)
    assert f"NOT saved: {folder} cannot be written (Not a directory)" in capsys.readouterr().out
    torch.testing.assert_close(found.model.state_dict(), expected, rtol=0, atol=0)
    saved, trouble = read_checkpoint(folder if returns else hidden)
    assert trouble == "" and len(saved["progress"]["history"]) == (4 if returns else 1)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
def test_numbers_out_of_a_table_can_be_hyperparameters(session, capsys, kind):
    digits, model = lab.load_data("mnist", train_size=64), lab.MLP(784, 10)
    for _ in range(2):
        lab.fit(model, digits, epochs=1, weight_decay=kind(0), run="a")
    assert "a: loaded" in capsys.readouterr().out


def test_a_non_finite_loss_stops_at_its_step_and_keeps_the_last_good_checkpoint(
    session, monkeypatch
):
    monkeypatch.setattr(checkpoint, "SAVE_SHARE", 1e9)
    weight = torch.nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(weight.parameters(), lr=0.1)
    seen = []

    def step(x):
        loss = weight(x).square().mean() + (float("nan") if len(seen) == 8 else 0.0)
        seen.append(1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss}

    state = {"model": weight, "optimizer": optimizer}
    with pytest.raises(
        lab.NonFiniteLossError, match=r"the loss is nan at epoch 2, step 4: .* checkpoint is kept"
    ):
        lab.train(step, [torch.ones(4, 1)] * 5, epochs=3, state=state, run="nan")
    assert len(seen) == 9
    saved, trouble = read_checkpoint(session.runs / "nan")
    assert trouble == "" and len(saved["progress"]["history"]) == 1
    assert saved["objects"]["all modules"]["model.weight"].isfinite().all()


@pytest.mark.usefixtures("saved_every_step")
def test_weights_that_are_not_finite_are_not_saved(session):
    model = torch.nn.Linear(1, 1)

    def step(x):
        loss = model(x).mean().detach()
        with torch.no_grad():
            model.weight.fill_(float("inf"))
        return {"loss": loss}

    with pytest.raises(
        lab.NonFiniteLossError, match="a weight is infinite or NaN at the end of epoch 1"
    ):
        lab.train(step, [torch.ones(4, 1)], epochs=2, state={"model": model}, run="inf")
    assert not (session.runs / "inf" / CHECKPOINT).exists()


def test_metrics_of_many_steps_fetched_together_name_the_same_step():
    progress = checkpoint.Progress()
    losses = [1.0, 3.0, float("inf")]
    pending = [
        (n, {"loss": torch.tensor(value)}) for n, value in zip([2, 6, 8], losses, strict=True)
    ]
    with pytest.raises(lab.NonFiniteLossError, match="epoch 1, step 3"):
        epoch._collect(list(pending), progress)
    progress = checkpoint.Progress()
    epoch._collect(pending[:2], progress)
    assert (progress.sums, progress.examples, progress.step) == ({"loss": 20.0}, 8, 2)


@pytest.mark.parametrize("wait", [0.0, 1e9])
def test_a_metric_is_taken_as_it_was_after_its_step(session, monkeypatch, wait):
    monkeypatch.setattr(epoch, "FETCH_SECONDS", wait)
    model = torch.nn.Linear(1, 1)

    def step(x):
        with torch.no_grad():
            model.weight.fill_(x.mean())
        return {"loss": x.mean(), "weight": model.weight.mean(), "itself": model.weight[0, 0]}

    run = lab.train(
        step,
        [torch.full((2, 1), value) for value in (1.0, 2.0, 6.0)],
        epochs=1,
        state={"model": model},
    )
    assert run.history == [{"epoch": 1, "loss": 3.0, "weight": 3.0, "itself": 3.0}]


class Batches:
    """Batches of 0, 1, 2, 3 and 4; before that of `stop` the stop button is pressed."""

    fingerprint = "five batches, wherever they are stopped"

    def __init__(self, stop):
        self._stop = stop

    def __len__(self):
        return 5

    def __iter__(self):
        for i in range(5):
            if i == self._stop:
                signal.raise_signal(signal.SIGINT)
            yield torch.full((2, 1), float(i))


def test_a_stop_between_two_fetches_loses_no_step(session, monkeypatch, capsys):
    monkeypatch.setattr(epoch, "FETCH_SECONDS", 1e9)

    def step(x):
        return {"loss": x.mean()}

    run = {"epochs": 1, "state": {"model": torch.nn.Linear(1, 1)}, "run": "stopped"}
    with pytest.raises(KeyboardInterrupt, match="after step 3 of 5, saved"):
        lab.train(step, Batches(stop=2), **run)
    assert lab.train(step, Batches(stop=None), **run).history == [{"epoch": 1, "loss": 2.0}]
    assert "resumed after step 3" in capsys.readouterr().out
