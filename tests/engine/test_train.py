"""`fit` and `train` against loops written out by hand."""

import functools
import json

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labhelpers as lab
from labhelpers.engine import checkpoint, fit


@pytest.fixture
def digits(session):
    """1,000 training images, so that the last batch of 128 is shorter than the others."""
    return lab.load_data("mnist", train_size=1000)


@pytest.fixture
def model():
    torch.manual_seed(1)
    return lab.MLP(784, 32, 10)


def same(first, second):
    torch.testing.assert_close(first.state_dict(), second.state_dict(), rtol=0, atol=0)


def test_fit_is_the_five_lines(digits, model):
    run = lab.fit(model, digits, epochs=3, lr=1e-3, batch_size=128, seed=5)

    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    images, labels = digits.train.images, digits.train.labels
    mean, std = images.float().mean(), images.float().std()
    history, batches = (
        [],
        digits.train.batches(128, shuffle=True, seed=5),
    )  # each pass draws the next epoch's order
    for _ in range(3):
        losses, hits = [], 0
        for x, y in batches:
            logits = model(x)
            loss = F.cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(y)
            hits += (logits.argmax(1) == y).sum().item()
        history.append((sum(losses) / len(labels), hits / len(labels)))
    same(run.model, model)
    assert [row["epoch"] for row in run.history] == [1, 2, 3]
    for row, (loss, accuracy) in zip(run.history, history, strict=True):
        assert row["loss"] == pytest.approx(loss, rel=1e-6) and row["accuracy"] == pytest.approx(
            accuracy, rel=1e-6
        )
    x, _ = next(iter(digits.train.batches(1000)))
    torch.testing.assert_close(x, (images - mean) / std, rtol=1e-3, atol=1e-3)


def test_the_model_handed_to_fit_stays_as_it_is(digits, model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first, second = (lab.fit(model, digits, epochs=1, lr=1e-2) for _ in range(2))
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    same(first.model, second.model)
    assert model.training and not first.model.training


def test_64_images_are_memorised(session, model):
    few = lab.load_data("mnist", train_size=64)
    run = lab.fit(model, few, epochs=60, lr=1e-2, batch_size=16)
    assert run.history[-1]["accuracy"] == 1.0 and run.history[-1]["loss"] < 0.01


@pytest.mark.parametrize("name", sorted(fit.OPTIMIZERS))
def test_every_optimizer_learns(name, digits, model):
    lr = {"sgd": 0.1, "momentum": 0.02, "nesterov": 0.02, "adagrad": 0.05}.get(name, 3e-3)
    run = lab.fit(model, digits, epochs=2, lr=lr, optimizer=name)
    assert run.history[-1]["loss"] < 0.8 * run.history[0]["loss"]


def test_an_optimizer_of_ones_own_and_a_schedule(digits, model):
    sgd = functools.partial(torch.optim.SGD, momentum=0.5)
    run = lab.fit(
        model,
        digits,
        epochs=2,
        lr=0.1,
        optimizer=sgd,
        schedule=lambda share: 1 - share,
        batch_size=500,
    )
    group = run.state["optimizer"].param_groups[0]
    assert group["momentum"] == 0.5 and group["lr"] == 0.0  # all of the 4 steps are done
    zero = lab.fit(model, digits, epochs=1, lr=0.1, schedule=lambda share: 0.0)
    same(zero.model, model)


def scripted(values, patience=None, **options):
    """Train a scalar that counts epochs, with a validation loss read from a list."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)

    def step(x):
        with torch.no_grad():
            model.weight += 1
        return {"loss": model.weight.sum()}

    def evaluate():
        assert not model.training
        return {"val_loss": values[int(model.weight) - 1]}

    arguments = {"epochs": len(values), "state": {"model": model}, "evaluate": evaluate} | options
    return lab.train(step, [torch.ones(2, 1)], patience=patience, **arguments)


def test_early_stopping_puts_the_best_epochs_weights_back(session):
    run = scripted([3.0, 1.0, 2.0, 1.0, 0.5], patience=2)
    assert len(run.history) == 4 and run.best["epoch"] == 2  # the first of equals
    assert run.model.weight.item() == 2.0
    assert scripted([3.0, 1.0, 2.0, 0.5, 2.0], patience=2).model.weight.item() == 4.0
    assert (
        scripted([3.0, 1.0, 2.0]).model.weight.item() == 3.0
    )  # no patience: the last epoch's weights
    assert scripted([float("nan"), 1.0, 2.0], patience=5).best["epoch"] == 2
    assert scripted([1.0, 2.0, 3.0], patience=1, run="stopped").model.weight.item() == 1.0
    assert scripted([1.0, 2.0, 3.0], patience=1, run="stopped").model.weight.item() == 1.0  # loaded


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"optimizer": "adma"},
            "unknown optimizer 'adma': choose from adagrad, adam, adamw, momentum",
        ),
        ({"epochs": 0}, "epochs=0 is not allowed: use a whole number from 1"),
        ({"epochs": 2.5}, "epochs=2.5 is not allowed"),
        ({"patience": 0}, "patience=0 is not allowed"),
        ({"batch_size": 0}, "batch_size=0 is not allowed"),
        ({"run": "../x"}, "run name '../x' is not allowed"),
    ],
)
def test_bad_choices_are_refused_in_a_sentence(options, sentence, digits, model):
    with pytest.raises(ValueError) as error:
        lab.fit(model, digits, **{"epochs": 1} | options)
    assert str(error.value).startswith(sentence)


def test_an_output_of_the_wrong_width_is_refused(digits):
    with pytest.raises(
        ValueError, match=r"turns 2 images into \(2, 11\), but mnist has 10 classes: .* last layer"
    ):
        lab.fit(lab.MLP(784, 11), digits, epochs=1)


def test_train_says_what_is_missing(session):
    with pytest.raises(
        ValueError, match="monitor='val_lss' is not reported: choose from epoch, loss, val_loss"
    ):
        scripted([1.0], patience=1, monitor="val_lss")
    state = {"model": nn.Linear(1, 1)}
    with pytest.raises(ValueError, match="gives no batches"):
        lab.train(lambda x: {}, [], epochs=1, state=state)
    with pytest.raises(ValueError, match=r"the step returned \['los'\]: return at least"):
        lab.train(lambda x: {"los": x.sum()}, [torch.ones(1)], epochs=1, state=state)


@pytest.fixture
def steps(monkeypatch):
    """Count the optimizer steps that are taken."""
    taken = []
    build = functools.partial(torch.optim.SGD, momentum=0.9)

    def counted(parameters, **options):
        optimizer = build(parameters, **options)
        optimizer.register_step_post_hook(lambda *args: taken.append(1))
        return optimizer

    monkeypatch.setitem(fit.OPTIMIZERS, "counted", counted)
    return taken


def test_a_finished_run_is_loaded_without_a_step(digits, model, steps, capsys):
    first = lab.fit(model, digits, epochs=2, lr=0.01, optimizer="counted", run="01/a")
    assert len(steps) == 16 and first.path.is_dir()
    assert json.loads((first.path / "history.json").read_text()) == first.history
    assert list(first.path.glob("events.out.*"))
    capsys.readouterr()
    second = lab.fit(model, digits, epochs=2, lr=0.01, optimizer="counted", run="01/a")
    assert len(steps) == 16 and "01/a: loaded · 2 epochs" in capsys.readouterr().out
    same(first.model, second.model)
    assert (second.history, second.best, second.seconds) == (
        first.history,
        first.best,
        first.seconds,
    )
    lab.fit(model, digits, epochs=2, lr=0.01, optimizer="counted", run="01/a", fresh=True)
    assert len(steps) == 32


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"lr": 0.02}, "lr changed from 0.01 to 0.02"),
        ({"epochs": 2}, "epochs changed from 1 to 2"),
        ({"seed": 1}, "because seed changed from 0 to 1"),
        ({"optimizer": "adam"}, "optimizer changed"),
        ({"schedule": lambda share: 1 - share}, "schedule changed"),
        ({"model": lab.MLP(784, 32, 10)}, "initial weights changed"),
        ({"model": lab.MLP(784, 33, 10)}, "model changed"),
        ({"train_size": 999}, "train size changed from 1000 to 999"),
    ],
)
def test_changed_choices_start_afresh_and_are_named(options, reason, digits, model, steps, capsys):
    choices = {"epochs": 1, "lr": 0.01, "run": "a", "optimizer": "counted"}
    lab.fit(model, digits, **choices)
    data = lab.load_data("mnist", train_size=options.pop("train_size", 1000))
    model = options.get("model", model)
    choices |= {name: value for name, value in options.items() if name != "model"}
    capsys.readouterr()
    run = lab.fit(model, data, **choices)
    said = capsys.readouterr().out
    assert "a: starting afresh, because " in said and reason in said and "resumed" not in said
    same(run.model, lab.fit(model, data, **choices | {"run": None}).model)


def test_another_budget_starts_afresh(start, capsys):
    for budget in ("smoke", "laptop"):
        start(budget)
        scripted([1.0, 2.0], run="budget")
    assert "starting afresh, because budget changed from smoke to laptop" in capsys.readouterr().out


def cell(beta, source, model, **options):
    """Run a notebook cell that defines a step using the global `beta`, and trains in place."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    space = {"__name__": "__main__", "beta": beta, "model": model, "optimizer": optimizer}
    code = (
        f"def step(x):\n    loss = {source}\n    optimizer.zero_grad()\n    loss.backward()\n"
        "    optimizer.step()\n    return {'loss': loss}"
    )
    exec(code, space)
    state = {"model": model, "optimizer": optimizer}
    return lab.train(
        space["step"], [torch.ones(3, 2)] * 2, epochs=2, state=state, run="cell", **options
    )


def test_the_code_of_a_step_and_the_numbers_it_uses_count(session, capsys):
    def net():
        torch.manual_seed(0)
        return nn.Linear(2, 1)

    loss = "beta * model(x).square().mean()"
    cell(1.0, loss, net())
    cell(1.0, loss, net())
    assert "cell: loaded" in capsys.readouterr().out
    cell(4.0, loss, net())
    assert (
        "cell: starting afresh, because beta changed from 1.0 to 4.0\n" in capsys.readouterr().out
    )
    cell(4.0, loss + " + 1", net())
    assert "cell: starting afresh, because the code of step changed\n" in capsys.readouterr().out


def test_the_same_cell_again_in_the_same_kernel_loads_what_it_trained(session, capsys):
    torch.manual_seed(0)
    model, loss = nn.Linear(2, 1), "beta * model(x).square().mean()"
    cell(1.0, loss, model)
    trained = model.weight.clone()
    cell(1.0, loss, model)
    assert "cell: loaded" in capsys.readouterr().out
    torch.testing.assert_close(model.weight, trained, rtol=0, atol=0)
    cell(2.0, loss, model)
    said = capsys.readouterr().out
    assert (
        "beta changed from 1.0 to 2.0" in said
        and "from the weights the last run left: build the model again" in said
    )


def test_a_run_leaves_the_global_generators_where_they_were(digits, model):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    lab.fit(nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(784, 10)), digits, epochs=1, seed=3)
    torch.manual_seed(7)
    dropped = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(784, 10))
    torch.manual_seed(7)
    lab.fit(dropped, digits, epochs=1, seed=3)
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)


def test_saving_takes_its_share_of_the_time_only(session, monkeypatch):
    clock, cost, saved = [0.0], 1.0, []
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: clock[0])

    def save(*args):
        saved.append(clock[0])
        clock[0] += cost

    monkeypatch.setattr(checkpoint, "write_json", save)
    store = checkpoint.RunStore(session.run_folder("share"), {"model": nn.Linear(1, 1)}, {})
    for _ in range(400):
        clock[0] += 1
        store.save_if_due()
    assert 4 <= len(saved) <= 5  # a second each, about 1 % of 400 s
    store.progress.step, store._save_cost, cost = 1, 0.0, 0.0
    saved.clear()
    for _ in range(90):
        clock[0] += 1
        store.save_if_due()
    assert 2 <= len(saved) <= 3  # inside an epoch: every 30 s at most, though it costs nothing


def test_the_best_weights_come_back_and_a_memory_stays_as_it_is(session):
    model, memory = torch.nn.Linear(4, 2), lab.Replay(100, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    values, weights = iter([1.0, 2.0, 3.0]), []

    def step(x):
        memory.add(x, torch.zeros(2).long(), torch.ones(2), x, torch.zeros(2).bool())
        loss = model(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss}

    def evaluate():
        weights.append(model.weight.detach().clone())
        return {"val_loss": next(values)}

    state = {"model": model, "optimizer": optimizer, "memory": memory}
    batches = [torch.ones(2, 4)]
    lab.train(step, batches, epochs=9, state=state, evaluate=evaluate, patience=2)
    assert torch.equal(model.weight, weights[0]) and not torch.equal(model.weight, weights[2])
    assert len(memory) == 6  # of all three epochs
