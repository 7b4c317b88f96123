"""Exact resume: runs killed with SIGKILL at any instant end with the bits of an unbroken one."""

import json
import os
import random
import re
import signal
import subprocess
import sys

import pytest
import torch

HEAD = """
import json, os, pathlib, random, sys, threading
import torch, torch.nn.functional as F
import labhelpers as lab
from labhelpers.engine import checkpoint, epoch
from torch.utils.tensorboard import SummaryWriter
torch.set_num_threads(1)

def die_at(end):
    left = end[1]
    def counted(function, counts=lambda *args: True, signal=9):
        def dying(*args):
            nonlocal left
            left -= counts(*args)
            if left == 0:
                os.kill(os.getpid(), signal)
            return function(*args)
        return dying
    if end[0] == "step":  # inside that step
        epoch._collect = counted(epoch._collect)
    if end[0] == "write":  # while a checkpoint is on its way to the disk
        os.fsync = counted(os.fsync)
    if end[0] == "move":  # between the two renames
        def ours(path, target): return path.name.startswith("checkpoint.pt.")
        pathlib.Path.replace = counted(pathlib.Path.replace, ours)
    if end[0] == "interrupt":  # the stop button, in a step; an epoch of 13 steps collects 14 times
        epoch._collect = counted(epoch._collect, signal=2)
    if end[0] == "after":  # at any instant
        threading.Timer(left, os.kill, (os.getpid(), 9)).start()

def live(run, end, save_seconds):
    checkpoint.SAVE_SECONDS = save_seconds  # 0: a checkpoint after every step
    checkpoint.SAVE_SHARE = 1e9
    # whole: many steps' metrics together, as in earnest
    epoch.FETCH_SECONDS = 0.1 if run == "whole" else 0.0
    die_at(end)
    lab.setup(seed=3, device="cpu", budget="smoke")
    torch.manual_seed(0)
    torch.save(body(run), f"{os.environ['LABHELPERS_RUNS']}/{run}.pt")

lab.setup(seed=3, device="cpu", budget="smoke")
lab.load_data("mnist")  # loads what a life needs, as does the first optimizer: torch._dynamo
torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
for asked in map(json.loads, sys.stdin):
    # Each life in a process of its own: a fork, which saves importing torch again.
    for life in asked["lives"]:
        child = os.fork()
        if child == 0:
            try:
                os.environ["LABHELPERS_RUNS"] = asked["folder"]
                script = asked["folder"] + "/body.py"
                exec(compile(open(script).read(), script, "exec"))
                live(*life)
            except KeyboardInterrupt as error:
                print(f"KeyboardInterrupt: {error}")
            except BaseException as error:
                print(f"{type(error).__name__}: {error}")
                sys.stdout.flush()
                os._exit(1)
            sys.stdout.flush()
            os._exit(0)
        print(f"<<{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}>>", flush=True)
    print("<<done>>", flush=True)
"""

FIT = """
def body(run):
    def shake(x, generator):
        return x + 0.1 * torch.rand(x.shape, generator=generator) + 0.01 * torch.randn_like(x)
    data = lab.load_data("mnist", train_size=400)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(784, 16), torch.nn.BatchNorm1d(16),
        torch.nn.Dropout(0.3), torch.nn.Linear(16, 10),
    )
    done = lab.fit(
        model, data, epochs=5, lr=0.02, optimizer=OPTIMIZER, batch_size=32, patience=2,
        augment=shake, schedule=lambda share: 1 - share, run=run,
    )
    return {"weights": done.model.state_dict(), "optimizer": done.state["optimizer"].state_dict(),
              "history": done.history, "best": done.best}
"""

GAN = """
def body(run):
    import random
    from torch.utils.data import DataLoader, Dataset
    class Noisy(Dataset):  # draws from the global generators at every item, as transforms do
        def __len__(self): return 100
        def __getitem__(self, i):
            noise = 0.1 * torch.randn(2) + random.random()
            return torch.tensor([i / 100, i % 7]) + noise
    maker = torch.nn.Linear(3, 2)
    judge = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1))
    first = torch.optim.Adam(maker.parameters(), lr=0.01)
    second = torch.optim.SGD(judge.parameters(), lr=0.01, momentum=0.9)
    own = torch.Generator().manual_seed(5)
    def step(real):
        fake = maker(torch.randn(len(real), 3, generator=own))
        loss_judge = F.softplus(-judge(real)).mean() + F.softplus(judge(fake.detach())).mean()
        second.zero_grad(); loss_judge.backward(); second.step()
        loss = F.softplus(-judge(fake)).mean()
        first.zero_grad(); loss.backward(); first.step()
        return {"loss": loss, "loss_judge": loss_judge}
    state = {"maker": maker, "judge": judge, "first": first, "second": second, "own": own}
    done = lab.train(step, DataLoader(Noisy(), 8, shuffle=True), epochs=4, state=state, run=run,
                     evaluate=lambda: {"val_loss": float(torch.rand(()))}, patience=4)
    return {"maker": maker.state_dict(), "judge": judge.state_dict(), "second": second.state_dict(),
              "own": own.get_state(), "history": done.history}
"""

AGENT = """
def body(run):
    carts, memory = lab.CartPole(4, seed=2), lab.Replay(60, 4)  # the ring closes on the way
    q, target = lab.QNetwork(4, 2, width=8), lab.QNetwork(4, 2, width=8)
    adam = torch.optim.Adam(q.parameters(), lr=0.01)
    def step(tick):
        obs = carts.obs.clone()
        action = lab.epsilon_greedy(q, obs, 0.3)
        led = carts.step(action)
        memory.add(obs, action, led.reward, led.after, led.terminated)
        obs, action, reward, after, terminated = memory.sample(16)
        with torch.no_grad():
            goal = reward + 0.9 * ~terminated * target(after).amax(dim=1)
        loss = (q(obs).gather(1, action[:, None])[:, 0] - goal).square().mean()
        adam.zero_grad(); loss.backward(); adam.step()
        if int(tick) % 5 == 0: target.load_state_dict(q.state_dict())
        return {"loss": loss}
    state = {"q": q, "target": target, "optimizer": adam, "carts": carts, "memory": memory}
    done = lab.train(step, torch.arange(13).split(1), epochs=5, state=state, run=run,
                     evaluate=lambda: {"val_loss": float(torch.rand(()))}, patience=5)
    return {name: item.state_dict() for name, item in state.items()} | {"history": done.history}
"""


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    """A process that has loaded PyTorch, and forks the lives that it is asked for."""
    folder = tmp_path_factory.mktemp("lives")
    told = {"LABHELPERS_RUNS": str(folder), "LABHELPERS_DATA": str(folder / "none")}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", HEAD], env=os.environ | told, **pipes) as process:
        yield process
        process.stdin.close()
    assert process.returncode == 0


def live(parent, body, tmp_path, lives):
    """Run the lives, each a fork; return what was printed by each and its exit status."""
    (tmp_path / "body.py").write_text(body)
    parent.stdin.write(json.dumps({"folder": str(tmp_path), "lives": lives}) + "\n")
    parent.stdin.flush()
    told = "".join(iter(parent.stdout.readline, "<<done>>\n"))
    found = re.findall(r"(.*?)<<(-?\d+)>>", told, re.DOTALL)
    assert len(found) == len(lives), told
    assert {int(status) for _, status in found} <= {0, -signal.SIGKILL}, told
    return [said for said, _ in found], [int(status) for _, status in found]


def assert_same_bits(tmp_path):
    whole, killed = (
        torch.load(tmp_path / f"{run}.pt", weights_only=True) for run in ("whole", "killed")
    )
    torch.testing.assert_close(killed, whole, rtol=0, atol=0)


def some_ends():
    """Places to die at, others in each run of the tests: inside a step, a write, between renames,
    at any time.
    """
    ends = [
        ["step", random.randint(3, 9)],
        ["write", random.randint(3, 12)],
        ["move", random.randint(2, 7)],
    ]
    ends += [["after", random.uniform(0.1, 0.6)], ["step", random.randint(9, 18)]]
    print("dies at", ends)
    return ends


@pytest.mark.parametrize(
    "body", [FIT.replace("OPTIMIZER", repr(name)) for name in ("momentum", "adam")] + [GAN, AGENT]
)
def test_a_run_killed_at_any_instant_ends_with_the_bits_of_one_never_interrupted(
    parent, body, session, tmp_path
):
    lives = [["whole", ["never", 0], 30]] + [
        ["killed", end, 0] for end in [*some_ends(), ["never", 0]]
    ]
    said, statuses = live(parent, body, tmp_path, lives)
    assert statuses[0] == statuses[-1] == 0 and sum(status < 0 for status in statuses) >= 3
    assert "resumed after step" in said[-1] or "loaded" in said[-1]
    assert_same_bits(tmp_path)


def test_stopping_the_kernel_saves_says_where_and_goes_on(parent, session, tmp_path):
    body = FIT.replace("OPTIMIZER", '"adam"')
    lives = [
        ["whole", ["never", 0], 30],
        ["killed", ["interrupt", 17], 30],
        ["killed", ["never", 0], 30],
    ]
    said, _ = live(parent, body, tmp_path, lives)
    assert (
        "KeyboardInterrupt: interrupted in epoch 2, after step 3 of 13, saved: run the cell again"
        in said[1]
    )
    assert "resumed after step 16" in said[2]
    assert_same_bits(tmp_path)
