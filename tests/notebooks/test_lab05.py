"""Lab 05's own functions, taken from its notebook: nets, static, scores, covering, weights."""

import copy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from notebook_code import compiled

import labhelpers as lab

NAMES = ["build", "with_static", "hits", "overlap", "cover", "randomised", "rank_correlations"]
NAMES += ["activation_map", "contrast", "of_class"]
LEVELS = ["head", "block 3", "block 2", "block 1", "first layer"]
WEIGHTS = Path(lab.__file__).parent / "published" / "05-photos.pt"


@pytest.fixture
def notebook(start):
    scope = {"torch": torch, "F": F, "lab": lab, "copy": copy, "replace": replace}
    scope |= {"session": SimpleNamespace(device="cpu"), "levels": LEVELS}
    return compiled("05-class-activation-maps.ipynb", NAMES, scope)


@pytest.fixture
def shapes():
    return lab.load_data("shapes", train_size=100).train


@pytest.mark.parametrize("side", [16, 4])
def test_nets_end_with_maps_of_the_size_asked_for(notebook, side):
    features = notebook["build"](side, 2).features(torch.zeros(2, 3, 32, 32))
    assert features.shape[2:] == (side, side)


def test_fine_and_coarse_nets_start_from_the_same_weights(notebook):
    nets = []
    for side in (16, 4):
        lab.seed_everything(0)
        nets.append(notebook["build"](side, 2).state_dict())
    torch.testing.assert_close(*nets, rtol=0, atol=0)


def test_the_shipped_weights_fit_the_net_and_are_small(notebook):
    model = notebook["build"](16, 16)
    model.load_state_dict(torch.load(WEIGHTS, weights_only=True))
    assert model.features[0].weight.dtype == torch.float32
    assert WEIGHTS.stat().st_size < 200_000


def test_the_loop_gives_the_map_of_the_package(notebook):
    model, x = notebook["build"](4, 2).eval(), torch.rand(1, 3, 32, 32)
    notebook["model"] = model
    found = notebook["activation_map"](model.features(x)[0].detach(), 3)
    torch.testing.assert_close(found, lab.class_activation_maps(model, x)[0, 3])


def test_static_lies_beside_the_object_wherever_there_is_room(notebook, shapes):
    changed = (notebook["with_static"](shapes, seed=0).images != shapes.images).any(1)  # (N, H, W)
    room = F.avg_pool2d(shapes.masks[:, None].float(), 8, stride=1).flatten(1).amin(1) == 0
    assert room.float().mean() > 0.9
    assert not (changed & shapes.masks)[room].any()
    rows, columns = changed.any(2).sum(1), changed.any(1).sum(1)
    assert rows.tolist() == columns.tolist() == [8] * len(shapes)


def test_static_is_put_into_a_share_of_the_images_and_changes_no_others(notebook, shapes):
    before = shapes.images.clone()
    littered = notebook["with_static"](shapes, seed=0, share=0.5)
    share = (littered.images != shapes.images).flatten(1).any(1).float().mean()
    assert 0.35 < share < 0.65
    assert torch.equal(shapes.images, before)
    assert littered.labels is shapes.labels and littered.masks is shapes.masks


def test_static_has_stronger_edges_than_the_object(notebook, shapes):
    littered = notebook["with_static"](shapes, seed=0)
    edges = notebook["contrast"](littered.images / 255)
    static = (littered.images != shapes.images).any(1)
    means = [(edges * where).sum((1, 2)) / where.sum((1, 2)) for where in (static, littered.masks)]
    assert (means[0] > means[1]).float().mean() > 0.95


def test_scores_of_half_a_mask(notebook):
    mask = torch.zeros(1, 4, 4, dtype=torch.bool)
    mask[:, :2, :2] = True
    heat = torch.zeros(1, 4, 4)
    heat[:, 0, :2], heat[:, 0, 0] = 0.5, 1.0
    assert notebook["hits"](heat, mask) == 100 and notebook["hits"](heat, ~mask) == 0
    assert notebook["overlap"](heat, mask, 0.5) == 0.5
    assert notebook["overlap"](heat, mask, 0.6) == 0.25


def test_covering_takes_the_highest_tenth_and_no_more(notebook):
    heat = torch.arange(100.0).reshape(1, 10, 10)
    covered = notebook["cover"](torch.ones(1, 3, 10, 10), heat)
    assert (covered == 0).sum() == 3 * 10
    assert (covered[:, :, 9] == 0).all()


@pytest.mark.parametrize("level", LEVELS)
def test_weights_are_redrawn_from_the_head_down_to_the_level(notebook, level):
    model = notebook["build"](4, 2)
    ruin = notebook["randomised"](model, level, seed=7)
    parts = ["head", "features.5", "features.4", "features.3", "features.0"]  # from the head down
    same = [
        all(map(torch.equal, *(net.get_submodule(part).parameters() for net in (model, ruin))))
        for part in parts
    ]
    assert same == [place > LEVELS.index(level) for place in range(5)]


def test_rank_correlation_sees_the_order_and_the_sign_only(notebook):
    maps = torch.randn(3, 4, 4)
    correlations = notebook["rank_correlations"]
    torch.testing.assert_close(correlations(maps.exp(), maps), torch.ones(3).double())
    torch.testing.assert_close(correlations(-maps, maps), -torch.ones(3).double())


def test_each_image_gets_the_map_of_its_own_class(notebook):
    maps = torch.arange(6.0).reshape(2, 3, 1, 1)
    assert notebook["of_class"](maps, torch.tensor([2, 0])).flatten().tolist() == [2.0, 3.0]
