"""On an NVIDIA GPU: runs resume bit for bit, no step waits for the device, rows are those of the
processes.
"""

import contextlib

import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labhelpers as lab
from labhelpers import session as sessions
from labhelpers.engine import checkpoint, epoch

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="there is no NVIDIA GPU on this machine"
)


@pytest.fixture
def gpu(start, monkeypatch):
    """A smoke session on the GPU, with the algorithms that are the same each time."""
    start("smoke")
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    return sessions.setup(seed=0, device="cuda", budget="smoke")


def convolutional():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Flatten(),
        nn.Linear(8 * 13 * 13, 10),
    )


def fully_connected():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.Dropout(0.3), nn.Linear(32, 10))


def trained(build, run=None, **options):
    data = lab.load_data("mnist", train_size=400)
    usual = {"epochs": 3, "lr": 0.02, "batch_size": 32, "optimizer": "adam"}
    usual |= {"augment": lab.random_crop_flip, "schedule": lambda share: 1 - share}
    return lab.fit(build(), data, run=run, **usual | options)


def same(one, other):
    a, b = one.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a) and all(
        {k: v for k, v in x.items() if k != "seconds"}
        == {k: v for k, v in y.items() if k != "seconds"}
        for x, y in zip(one.history, other.history, strict=True)
    )


class Stop(Exception):
    """A power cut."""


@contextlib.contextmanager
def cut_after(monkeypatch, fetches):
    """Save after every step, and end a run after some of them."""
    collect, left = epoch._collect, [fetches]

    def counted(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise Stop
        return collect(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "SAVE_SECONDS", 0)
        patched.setattr(checkpoint, "SAVE_SHARE", 1e9)
        patched.setattr(epoch, "FETCH_SECONDS", 0.0)
        patched.setattr(epoch, "_collect", counted)
        yield


@pytest.mark.parametrize("build", [convolutional, fully_connected])
@pytest.mark.parametrize("fetches", [3, 20])
def test_a_run_resumed_on_the_gpu_ends_with_the_same_bits(gpu, monkeypatch, build, fetches):
    whole = trained(build)
    with cut_after(monkeypatch, fetches), pytest.raises(Stop):
        trained(build, run="99/cut")
    assert same(trained(build, run="99/cut"), whole)


def test_the_optimizer_that_a_name_builds_resumes_too(gpu, monkeypatch):
    for name in lab.OPTIMIZERS:
        whole = trained(fully_connected, optimizer=name, lr=0.01)
        with cut_after(monkeypatch, 5), pytest.raises(Stop):
            trained(fully_connected, run=f"99/{name}", optimizer=name, lr=0.01)
        assert same(trained(fully_connected, run=f"99/{name}", optimizer=name, lr=0.01), whole)


def test_a_language_model_resumes_and_writes_with_its_cache(gpu, monkeypatch):
    def whole_or_not(run=None):
        torch.manual_seed(0)
        model = lab.GPT(20, width=16, layers=2, heads=2, context=16).to(gpu.device)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        letters = torch.randint(20, (12, 8, 17), device=gpu.device)

        def step(x):
            loss = F.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return {"loss": loss}

        state = {"model": model, "optimizer": optimizer}
        return lab.train(step, list(letters), epochs=2, state=state, run=run)

    whole = whole_or_not()
    with cut_after(monkeypatch, 5), pytest.raises(Stop):
        whole_or_not(run="99/gpt")
    assert same(whole_or_not(run="99/gpt"), whole)


def test_environments_run_on_the_gpu_as_on_the_cpu(gpu):
    there, here = lab.CartPole(8, seed=1).to(gpu.device), lab.CartPole(8, seed=1)
    for i in range(40):  # long enough that some fall, and start anew
        actions = (torch.arange(8) + i // 3) % 2
        a, b = here.step(actions), there.step(actions.to(gpu.device))
        torch.testing.assert_close(b.after.cpu(), a.after)
        assert torch.equal(b.terminated.cpu(), a.terminated)
    torch.testing.assert_close(there.obs.cpu(), here.obs)


@pytest.mark.parametrize("build", [convolutional, fully_connected])
def test_no_step_of_fit_waits_for_the_gpu(gpu, monkeypatch, build):
    """From an epoch's first batch to its last, waiting is an error; then metrics are fetched."""
    remaining, seen = epoch._remaining, []

    def watched(batches, store):
        for batch in remaining(batches, store):
            torch.cuda.set_sync_debug_mode("error")
            seen.append(len(batch[0]))
            yield batch
        torch.cuda.set_sync_debug_mode("default")

    monkeypatch.setattr(epoch, "FETCH_SECONDS", 1e9)
    monkeypatch.setattr(epoch, "_remaining", watched)
    try:
        trained(build, optimizer="adamw")
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert sum(seen) == 3 * 400


def test_the_watch_notices_a_step_that_waits(gpu):
    torch.cuda.set_sync_debug_mode("error")
    try:
        with pytest.raises(RuntimeError, match="synchroniz"):
            torch.ones(3, device="cuda").sum().item()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def plain():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))


def test_the_gpu_learns_what_the_cpu_learns(gpu, start):
    options = {"augment": None, "epochs": 1, "lr": 1e-3}
    there = trained(plain, **options)
    start("smoke")
    here = trained(plain, **options)
    assert abs(there.history[0]["loss"] - here.history[0]["loss"]) < 1e-3
    for name, weight in here.model.state_dict().items():
        assert (there.model.state_dict()[name].cpu() - weight).abs().max() < 1e-3


def test_a_run_of_the_gpu_is_loaded_without_one(gpu, start, capsys):
    there = trained(fully_connected, run="99/moved")
    start("smoke")
    here = trained(fully_connected, run="99/moved")
    assert "loaded" in capsys.readouterr().out.splitlines()[-1]
    assert all(
        torch.equal(value.cpu(), here.model.state_dict()[name])
        for name, value in there.model.state_dict().items()
    )


def test_a_study_s_processes_share_the_gpu_and_give_the_rows_of_one(gpu):
    def experiment(seed, width):
        torch.manual_seed(seed)
        data = lab.load_data("mnist", train_size=200)
        run = lab.fit(lab.MLP(784, width, 10), data, epochs=2, lr=0.01)
        assert next(run.model.parameters()).is_cuda
        return {"loss": run.best["val_loss"]}

    options = {"seeds": 2, "width": [8, 16], "fresh": True}
    one = lab.study(experiment, run="99/one", workers=1, **options)
    two = lab.study(experiment, run="99/two", workers=2, **options)
    pd.testing.assert_frame_equal(two, one, check_exact=True)
    assert one.attrs["device"] == torch.cuda.get_device_name()


def test_metrics_may_come_from_both_devices(gpu):
    weight = nn.Parameter(torch.ones(1, device=gpu.device))
    model, begun = nn.Module(), []
    model.weight = weight
    optimizer = torch.optim.SGD([weight], lr=0.1)

    def step(x):
        begun.append(len(x))
        if len(begun) == 1:  # nothing is learned yet: a constant, from the CPU
            return {"loss": torch.zeros(())}
        loss = (weight * x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss}

    batches = [torch.ones(4, device=gpu.device)] * 3
    state = {"model": model, "optimizer": optimizer}
    run = lab.train(step, batches, epochs=1, state=state)
    assert run.history[0]["loss"] == pytest.approx((0 + 1 + 0.64) / 3)


def test_maps_gradients_and_scores_come_back(gpu):
    data = lab.load_data("mnist", train_size=64)
    model = trained(convolutional, epochs=1).model
    assert 0 <= lab.evaluate(model, data.test)["accuracy"] <= 1
    few = data.test[:4]
    maps = lab.grad_cam(model, model[0], few.normalise(few.images), few.labels)
    assert maps.shape == (4, 13, 13) and maps.is_cuda
    assert lab.plot_images(few.images, columns=4).size == 4
