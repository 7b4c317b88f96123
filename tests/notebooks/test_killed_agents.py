"""An agent whose process is killed in the middle ends with the bits of one that was left alone:
weights, carts and memory.
"""

import os
import signal

import pytest
import torch
from notebook_code import defined

import labhelpers as lab

# The step of the carts that learn at which the process dies: in the middle of the second epoch.
LABS = {"15-deep-q-learning.ipynb": 45, "16-policy-gradients.ipynb": 4 * 16 + 5}


def trained(name, session, run):
    scope = defined(name, session)
    scope |= {"updates": 3, "horizon": 16, "ticks": 30, "epochs": 2, "limit": 30}
    return {
        key: value.state_dict()
        for key, value in scope["agent"](seed=1, run=run).state.items()
        if hasattr(value, "state_dict")
    }


@pytest.fixture
def one_thread():
    """A child that is forked has one, and with another number the first weights differ."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread", "saved_every_step")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that dies is forked")
@pytest.mark.parametrize("name", LABS)
def test_an_agent_survives_the_death_of_its_process(name, session, capsys):
    whole = trained(name, session, "whole")
    child = os.fork()
    if child == 0:
        signal.alarm(300)  # a child that hangs is no test that hangs
        step, calls = lab.CartPole.step, []

        def last(carts, action):
            if carts.n == 8:  # not those that are played for testing
                calls.append(1)
            if len(calls) == LABS[name]:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(carts, action)

        lab.CartPole.step = last
        try:
            trained(name, session, "killed")
        finally:
            os._exit(1)  # it should have died
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    killed = trained(name, session, "killed")
    assert "resumed after step" in capsys.readouterr().out
    torch.testing.assert_close(killed, whole, rtol=0, atol=0)
