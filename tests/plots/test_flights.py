"""The picture of a flight: places, moments, the pad; the acrobot that takes the lander's place."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.patches import Polygon

import labhelpers as lab
from labhelpers.plots.flights import HIGH, WIDE


def test_the_craft_stands_where_the_observations_say_and_turns(session):
    flight = torch.zeros(21, 8)
    flight[:, 0], flight[:, 1] = torch.linspace(-0.5, 0.5, 21), torch.linspace(1.4, 0, 21)
    flight[-1, 4] = np.pi / 2
    ax = lab.plot_flight(flight, moments=3)
    crafts = [patch.get_xy()[:-1] for patch in ax.patches if isinstance(patch, Polygon)]
    assert len(crafts) == 3
    path = ax.lines[0].get_xydata()
    np.testing.assert_allclose(path[0], (-0.5 * WIDE, 1.4 * HIGH), rtol=1e-5)
    # A quarter turn to the left: what was the top now points to the left.
    top = (crafts[-1] - path[-1])[[0, 3]].mean(axis=0)
    np.testing.assert_allclose(top, (-0.5, 0), atol=1e-5)
    assert "pad" in {text.get_text() for text in ax.texts}
    plt.close("all")


def test_feet_of_a_craft_at_height_zero_touch_the_pad(session):
    ax = lab.plot_flight(torch.zeros(1, 8))
    pad = ax.lines[1].get_xydata()
    feet = np.stack([line.get_xydata()[1] for line in ax.lines[2:]])
    assert (feet[:, 1] == pad[0, 1]).all() and (abs(feet[:, 0]) < pad[1, 0]).all()
    plt.close("all")


def test_an_acrobot_hangs_down_at_rest_and_its_second_angle_is_added(session):
    swing = torch.tensor([[1.0, 0, 1, 0, 0, 0], [0, 1, 0, 1, 0, 0]])  # at rest; a quarter, twice
    ax = lab.plot_flight(swing)
    first, last = (line.get_xydata() for line in ax.lines[1:])
    np.testing.assert_allclose(first, [(0, 0), (0, -1), (0, -2)], atol=1e-6)
    np.testing.assert_allclose(last, [(0, 0), (1, 0), (1, 1)], atol=1e-6)
    plt.close("all")


@pytest.mark.parametrize("shape", [(5, 4), (8,), (0, 8)])
def test_what_is_no_flight_is_refused(session, shape):
    with pytest.raises(ValueError, match="are no flight"):
        lab.plot_flight(torch.zeros(shape))
