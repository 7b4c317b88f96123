"""Bad choices get one clear sentence, and generators come back exactly where they stood."""

import io
import random
import sys
import types

import numpy as np
import pytest
import torch

from labhelpers import session as sessions


def draws():
    return [random.random(), np.random.rand(), np.random.randn(), torch.rand(()).item()]


def test_setup_says_what_it_chose(start, capsys, tmp_path):
    session = start("smoke")
    version, n = torch.__version__.split("+")[0], torch.get_num_threads()
    assert capsys.readouterr().out == (
        f"cpu ({n} thread{'s' * (n != 1)}) · smoke budget · torch {version} · {tmp_path}/runs/\n"
    )
    assert (session.data, session.runs, session.figures) == (
        tmp_path / "data",
        tmp_path / "runs",
        tmp_path / "runs" / "figures",
    )
    assert sessions.current() is session
    assert (session.runs.is_dir(), session.data.exists()) == (True, False)


def test_budget_comes_from_argument_then_environment_then_device(start, monkeypatch):
    assert sessions.setup(device="cpu").budget == "laptop"
    monkeypatch.setenv("LABHELPERS_BUDGET", "full")
    assert sessions.setup(device="cpu").budget == "full"
    assert sessions.setup(device="cpu", budget="smoke").budget == "smoke"


@pytest.mark.parametrize("budget", sessions.BUDGETS)
def test_pick_returns_the_budgets_value(start, budget):
    assert start(budget).pick(smoke="smoke", laptop="laptop", full="full") == budget


def test_figures_leave_the_runs_folder_only_to_be_published(start, monkeypatch):
    monkeypatch.setenv("LABHELPERS_PUBLISH", "1")
    session = start("laptop")
    assert session.figures.name == "figures" and session.runs not in session.figures.parents
    full = start("full").figures  # beside the laptop's, never over them
    assert full == session.figures / "full"


def test_unknown_budget(start, monkeypatch):
    known = "choose from smoke, laptop, full, as an argument or in LABHELPERS_BUDGET"
    message = f"^unknown budget 'tiny': {known}$"
    with pytest.raises(ValueError, match=message):
        start("tiny")
    monkeypatch.setenv("LABHELPERS_BUDGET", "tiny")
    with pytest.raises(ValueError, match=message):
        sessions.setup(device="cpu")
    assert sessions._session is None


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "tpu", ""])
def test_unknown_device(start, device):
    with pytest.raises(
        ValueError, match=f"^device '{device}' is not available here: choose from cpu"
    ):
        sessions.setup(device=device)
    assert sessions.setup(device=torch.device("cpu")).device.type == "cpu"


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/tmp/x", "", ".", "a//b", "a/", "~/x", "a b", "a\\b", "a\n"]
)
def test_run_name_stays_inside_the_runs_folder(session, name):
    before = sorted(session.runs.rglob("*"))
    with pytest.raises(
        ValueError, match=r'has to stay inside .*use letters, digits, .* as in "01/baseline"$'
    ) as error:
        session.run_folder(name)
    assert f"run name {name!r} is not allowed" in str(error.value)
    assert sorted(session.runs.rglob("*")) == before


def test_run_folder_is_created(session):
    folder = session.run_folder("01/baseline-2.x")
    assert (
        folder == session.runs / "01" / "baseline-2.x"
        and folder.is_dir()
        and not list(folder.iterdir())
    )


def test_folder_that_cannot_be_written(start, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    place = tmp_path / "file" / "runs"
    monkeypatch.setenv("LABHELPERS_RUNS", str(place))
    with pytest.raises(PermissionError) as error:
        start("smoke")
    assert str(error.value) == (
        f"cannot write to {place} (Not a directory): set LABHELPERS_RUNS to a folder you can write"
    )
    assert sessions._session is None


def test_weights_and_biases_is_asked_for_by_name_and_started_once(start, monkeypatch, tmp_path):
    calls = []
    board = types.SimpleNamespace(patch=lambda **options: calls.append(("patch", options)))
    client = types.SimpleNamespace(run=None, tensorboard=board)

    def init(**options):
        calls.append(("init", options))
        client.run = object()

    client.init = init
    monkeypatch.setitem(sys.modules, "wandb", client)
    session = start("smoke")
    assert calls == []
    for _ in range(2):
        sessions.setup(device="cpu", budget="smoke", wandb="labs")
    runs = session.runs  # the folder that the events are in, and named from
    options = {"project": "labs", "dir": runs, "sync_tensorboard": True}
    assert calls == [("patch", {"root_logdir": str(runs)}), ("init", options)]


def test_weights_and_biases_without_its_package(start, monkeypatch):
    start("smoke")
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ImportError, match="wandb"):
        sessions.setup(device="cpu", budget="smoke", wandb="labs")


def test_setup_seeds_every_generator(start):
    start("smoke")
    first = draws()
    start("smoke")
    assert draws() == first
    sessions.setup(seed=1, device="cpu")
    assert all(a != b for a, b in zip(draws(), first, strict=True))


def test_random_state_survives_a_checkpoint(start):
    np.random.randn()  # leaves NumPy with a second normal number in store
    file = io.BytesIO()
    torch.save(sessions.random_state(), file)
    expected = [draws() for _ in range(700)]  # beyond the 624 words of one Mersenne block
    file.seek(0)
    sessions.set_random_state(torch.load(file, weights_only=True))
    assert [draws() for _ in range(700)] == expected


def test_isolated_random_state_depends_on_its_seed_and_leaves_no_trace(start):
    sessions.seed_everything(5)
    expected = draws()
    sessions.seed_everything(5)
    with pytest.raises(KeyError), sessions.isolated_random_state(1):
        inside = draws()
        raise KeyError
    assert draws() == expected
    sessions.seed_everything(1)
    assert draws() == inside


def test_hushed_session_is_quiet_on_one_thread_and_puts_all_back(session):
    torch.set_num_threads(2)
    with pytest.raises(KeyError), sessions.hushed(session):
        assert sessions.current().quiet and torch.get_num_threads() == 1
        raise KeyError
    assert sessions.current() is session and torch.get_num_threads() == 2
