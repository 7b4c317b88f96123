"""What the package does on Apple's GPU, which has no float64; see apple.py for the imitation."""

import numpy as np
import pytest
import torch
from apple import MPS, NO_FLOAT64, apple_gpu
from torch import nn

import labhelpers as lab
from labhelpers import session as sessions


@pytest.fixture
def apple(start, monkeypatch):
    """A smoke session on the imitated device; gives the mode."""
    start("smoke")
    with apple_gpu(monkeypatch) as mode:
        with monkeypatch.context() as there:
            there.setattr(torch.backends.mps, "is_available", lambda: True)
            sessions.setup(seed=0, device="mps", budget="smoke")
        mode.seen = 0
        yield mode
        assert mode.seen > 0  # something ran there


def small(seed=0):
    torch.manual_seed(seed)
    return lab.MLP(784, 16, 10)


def test_the_imitation_refuses_what_the_device_refuses(apple):
    x = torch.zeros(3, device=MPS)
    assert x.device == MPS and (x + 1).device == MPS and x.cpu().device.type == "cpu"
    for wrong in (
        lambda: x.double(),
        lambda: x.to(torch.float64),
        lambda: x.sum(dtype=torch.float64),
        lambda: torch.zeros(3, dtype=torch.float64, device="mps"),
        lambda: torch.from_numpy(np.zeros(3)).to(MPS),
        lambda: torch.linalg.vector_norm(x, dtype=torch.float64),
    ):
        with pytest.raises(TypeError, match=NO_FLOAT64):
            wrong()
    with pytest.raises(TypeError, match=r"Use Tensor.cpu\(\)"):
        np.asarray(x)
    with pytest.raises(TypeError, match=r"Use Tensor.cpu\(\)"):
        x.numpy()
    # What leaves the device may be anything; what comes back may not.
    assert x.cpu().double().numpy().dtype == np.float64
    assert x.device == MPS  # the original stays where it was
    torch.from_numpy(np.zeros(3)).float().to(MPS)


def test_fit_evaluate_and_a_run_that_is_loaded_again(apple):
    data = lab.load_data("mnist")
    options = {"epochs": 2, "lr": 1e-3, "patience": 1, "run": "99/apple"}
    run = lab.fit(small(), data, **options)
    scores = lab.evaluate(run.model, data.test)
    assert 0 <= scores["accuracy"] <= 1 and scores["confusion"].sum() == len(data.test)
    again = lab.fit(small(), data, **options)
    assert again.history == run.history


@pytest.mark.parametrize("optimizer", sorted(lab.OPTIMIZERS))
def test_every_optimizer(apple, optimizer):
    run = lab.fit(small(), lab.load_data("mnist"), epochs=1, lr=1e-3, optimizer=optimizer)
    assert run.history


def test_images_with_augmentation_and_batch_norm(apple):
    data = lab.load_data("cifar10")
    model = lab.ResNet(1, width=2, stride=2)
    run = lab.fit(model, data, epochs=1, lr=1e-2, augment=lab.random_crop_flip)
    assert lab.evaluate(run.model, data.val)["loss"] > 0


def experiment(seed, width):
    torch.manual_seed(seed)
    run = lab.fit(lab.MLP(784, width, 10), lab.load_data("mnist"), epochs=1, lr=1e-3)
    return {"accuracy": lab.evaluate(run.model, lab.load_data("mnist").val)["accuracy"]}


def test_a_study_and_its_intervals(apple):
    table = lab.study(experiment, seeds=2, run="99/apple-study", width=[4, 8])
    gain = lab.difference(table, "accuracy", 8, 4, by="width")
    assert len(table) == 4 and gain.n == 2


def test_gradients(apple):
    data = lab.load_data("mnist")
    x, y = next(iter(data.train.batches(16)))
    model = small()
    with lab.record_gradients(model) as gradients:
        nn.functional.cross_entropy(model(x), y).backward()
    assert (gradients.norms > 0).all(axis=None)


def test_class_activation_maps_and_grad_cam(apple):
    data = lab.load_data("cifar10")
    x, y = next(iter(data.val.batches(4)))
    model = lab.ResNet(1, width=2, stride=2)
    maps = lab.class_activation_maps(model, x)
    assert lab.grad_cam(model, model.features, x, y).shape == maps[:, 0].shape


def test_generative_measures(apple):
    a, b = torch.randn(30, 3, device=MPS), torch.randn(40, 3, device=MPS)
    assert lab.frechet_distance(a, b) > 0
    assert 0 <= lab.precision_recall(a, b)["recall"] <= 1


def test_language_models(apple):
    data = lab.load_text("language")
    model = lab.GPT(len(data.vocabulary), context=16, width=8, layers=1, heads=1)
    assert lab.bits_per_character(model, data.val) > 0
    assert lab.excess_bits(model, data.val) > 0
    text = data.language.text(20_000, seed=1)
    assert 0 <= lab.agreement(model, data.language, text, most=5)[0] <= 1
    assert lab.excess_bits(lab.NGram(data.train.tokens, 24, order=3), data.val) > 0


def test_figures(apple):
    data = lab.load_data("mnist")
    run = lab.fit(small(), data, epochs=1, lr=1e-3)
    x, y = next(iter(data.val.batches(8)))
    lab.plot_history(run)
    lab.plot_images(x, titles=[str(int(label)) for label in y])
