"""The clinic of lab 12: each fault is planted where its name says, and nothing else is changed."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labhelpers as lab
from labhelpers.models.recipes import FAULTS, HEALTHY, UNLISTED, Recipe

TWIN = {"tanh saturated": "healthy, tanh", "eval() forgotten": "healthy, batch norm"}


@pytest.fixture
def digits(session):
    return lab.load_data("digits", train_size=600)


@pytest.fixture
def admit(digits):
    def admitted(name, seed=3, **choices):
        return lab.admit(name, digits, seed, images=200, **choices)

    return admitted


def weights(patient):
    return torch.cat([weight.detach().flatten() for weight in patient.model.parameters()])


def same_images(a, b):
    return torch.equal(a.images, b.images) and torch.equal(a.labels, b.labels)


def same_scale(a, b):
    return torch.equal(a.mean, b.mean) and torch.equal(a.std, b.std)


def test_names_are_known_by_kind():
    assert lab.faults() == list(FAULTS) and len(FAULTS) == 12
    assert lab.faults("unlisted") == list(UNLISTED) and len(UNLISTED) == 10
    assert lab.faults("healthy") == list(HEALTHY)
    with pytest.raises(ValueError, match="kind='ill' is not allowed: choose from listed"):
        lab.faults("ill")


@pytest.mark.parametrize("name", FAULTS)
def test_a_listed_fault_is_one_choice_away_from_a_healthy_network(name):
    twin = vars(Recipe()) | HEALTHY[TWIN.get(name, "healthy")]
    spoiled = vars(Recipe()) | FAULTS[name]
    assert sum(spoiled[choice] != twin[choice] for choice in twin) == 1


@pytest.mark.parametrize("name", [*FAULTS, *UNLISTED, *HEALTHY])
@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_every_patient_can_be_trained_and_is_the_same_again(admit, name, network):
    first, second = (admit(name, network=network) for _ in range(2))
    assert torch.equal(weights(first), weights(second)) and same_images(first.train, second.train)
    for patient in (first, second):
        for batch in patient.batches():
            patient.step(batch)
    assert torch.equal(weights(first), weights(second))
    assert set(first.evaluate()) == {"val_loss", "val_accuracy"}


def test_admitting_draws_no_global_random_number(admit):
    before = torch.get_rng_state()
    admit("healthy")
    assert torch.equal(before, torch.get_rng_state())


def test_seeds_have_images_and_weights_of_their_own_and_validate_on_the_same(admit):
    first, second = admit("healthy", 0), admit("healthy", 1)
    assert not torch.equal(weights(first), weights(second))
    assert not same_images(first.train, second.train) and same_images(first.val, second.val)
    assert len(first.train) == 200 and len(first.val) == 100


ELSEWHERE = {  # faults that change neither images nor labels
    name
    for name, changes in (FAULTS | UNLISTED).items()
    if not changes.keys()
    & {"raw", "raw_validation", "shuffled", "off_by_one", "leaked", "in_order", "missing"}
}


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_a_fault_elsewhere_leaves_the_data_alone(admit, name):
    patient, healthy = admit(name), admit("healthy")
    for part in ("train", "val"):
        found, expected = getattr(patient, part), getattr(healthy, part)
        assert same_images(found, expected) and same_scale(found, expected)


def test_faults_of_the_data(admit, digits):
    healthy = admit("healthy")
    raw = admit("input not normalised")
    assert raw.train.normalise(raw.train.images).max() > 200
    assert raw.val.normalise(raw.val.images).max() > 200
    odd = admit("validation not normalised")
    assert same_scale(odd.train, healthy.train) and odd.val.std.eq(1).all()
    shuffled = admit("labels shuffled")
    assert torch.equal(shuffled.train.images, healthy.train.images)
    assert 0 < (shuffled.train.labels == healthy.train.labels).float().mean() < 0.3
    assert torch.equal(shuffled.train.labels.bincount(), healthy.train.labels.bincount())
    shifted = admit("labels off by one")
    assert torch.equal(shifted.train.labels, (healthy.train.labels + 1) % 10)
    assert same_images(shifted.val, healthy.val)
    assert 9 not in admit("a class missing").train.labels
    assert admit("a class missing").val.labels.eq(9).any()
    ordered = torch.cat([y for _, y in admit("batches sorted by class").batches()])
    assert torch.equal(ordered, healthy.train.labels.sort().values)
    assert same_images(digits.train[:5], lab.load_data("digits", train_size=600).train[:5])


def test_leaks(admit):
    healthy = admit("healthy")
    leaked, near = admit("validation images leaked"), admit("near-duplicates leaked")
    assert torch.equal(leaked.train.images[:80], healthy.val.images[:80])
    assert torch.equal(near.train.images[:80, ..., 1:], healthy.val.images[:80, ..., :-1])
    for patient in (leaked, near):
        assert torch.equal(patient.train.labels[:80], healthy.val.labels[:80])
        assert same_images(patient.train[80:], healthy.train[80:])
        assert same_images(patient.val, healthy.val)
    kept = {image.cpu().numpy().tobytes() for image in near.train.images}
    assert not any(image.cpu().numpy().tobytes() in kept for image in near.val.images)


def test_flips_are_mirrors_and_only_in_training(admit):
    patient, healthy = admit("digits flipped"), admit("healthy")
    (x, y), (plain, labels) = (next(iter(p.batches(200))) for p in (patient, healthy))
    assert torch.equal(y, labels)
    kinds = [plain, plain.flip(-1), plain.flip(-2), plain.flip(-1, -2)]
    same = torch.stack([(x == kind).flatten(1).all(1) for kind in kinds])
    assert same.any(0).all() and (same.float().mean(1) > 0.15).all()


def test_faults_of_the_start(admit):
    healthy = weights(admit("healthy"))
    assert weights(admit("all weights zero")).eq(0).all()
    saturated, twin = (admit(name).model[1] for name in ("tanh saturated", "healthy, tanh"))
    torch.testing.assert_close(saturated.weight, 30 * twin.weight)
    torch.testing.assert_close(
        admit("ReLUs dead").model[1].bias, admit("healthy").model[1].bias - 5
    )
    assert admit("bottleneck too narrow").model[3].out_features == 2
    for name in ("learning rate too high", "zero_grad missing", "softmax over the batch"):
        assert torch.equal(weights(admit(name)), healthy)


def test_an_unregistered_layer_works_and_never_learns(admit):
    patient, healthy = admit("hidden layers not registered"), admit("healthy")
    x, _ = next(iter(patient.batches()))
    torch.testing.assert_close(patient.model(x), healthy.model(x))
    assert len(list(patient.model.parameters())) == 2  # the head's
    hidden = patient.model[1].layers[0].weight.clone()
    for batch in patient.batches():
        patient.step(batch)
    assert torch.equal(patient.model[1].layers[0].weight, hidden)


def test_losses(admit):
    logits, y = torch.randn(6, 10), torch.arange(6)
    torch.testing.assert_close(admit("healthy").loss(logits, y), F.cross_entropy(logits, y))
    twice = admit("softmax before the loss").loss(1000 * F.one_hot(y, 10).float(), y)
    assert math.isclose(twice, -math.log(math.e / (math.e + 9)), rel_tol=1e-5)
    over = admit("softmax over the batch").loss(logits, y)
    torch.testing.assert_close(over, F.cross_entropy(logits.T[:6], torch.arange(6)))


def test_faults_of_the_step(admit):
    assert admit("learning rate too high").optimizer.param_groups[0]["lr"] == 1.0
    assert math.isclose(admit("learning rate too low").optimizer.param_groups[0]["lr"], 1e-4)
    slow = admit("learning rate too high", lr=0.03).optimizer
    assert math.isclose(slow.param_groups[0]["lr"], 0.3)
    gradients = {}
    for name in ("healthy", "zero_grad missing"):
        patient = admit(name)
        batch = next(iter(patient.batches()))
        for _ in range(2):
            patient.step(batch)
        gradients[name] = patient.model[1].weight.grad.norm()
    assert gradients["zero_grad missing"] > 1.5 * gradients["healthy"]


def test_faults_of_the_report(admit):
    patient = admit("eval() forgotten")
    patient.logits(patient.val)
    assert patient.model.training and patient.model[2].num_batches_tracked == 25
    healthy = admit("healthy, batch norm")
    healthy.logits(healthy.val)
    assert not healthy.model.training and healthy.model[2].num_batches_tracked == 0
    logits, y = F.one_hot(torch.arange(10)).float(), torch.arange(10)
    assert admit("healthy").accuracy(logits, y) == 1
    assert math.isclose(admit("(N, 1) compared with (N,)").accuracy(logits, y), 0.1, rel_tol=1e-5)
    assert isinstance(admit("ReLU behind the last layer").model[-1], nn.ReLU)


def test_two_faults_at_once(admit):
    recipe = admit("labels shuffled + learning rate too high").recipe
    assert recipe.shuffled and recipe.lr_factor == 10
    with pytest.raises(ValueError, match="both faults change 'scale', choose another pair"):
        admit("all weights zero + tanh saturated")
    with pytest.raises(ValueError, match="unknown fault 'ReLU dead': did you mean 'ReLUs dead'"):
        admit("ReLU dead")
