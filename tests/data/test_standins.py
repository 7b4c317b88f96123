"""Stand-ins have to be repeatable, honest about their masks, and solvable by shape alone."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from labhelpers.data.standins import SHAPES, digits, shapes


@pytest.fixture(scope="module")
def drawn():
    return shapes(train=1000, val=10, test=500)


def test_shapes_repeat_with_their_seed(drawn):
    again, other = shapes(1000, 10, 500), shapes(1000, 10, 500, seed=1)
    assert all(np.array_equal(drawn[key], again[key]) for key in drawn)
    assert not np.array_equal(drawn["train_images"], other["train_images"])
    assert not np.array_equal(drawn["train_images"][:500], drawn["test_images"])


def test_shapes_have_the_promised_form(drawn):
    assert tuple(drawn["classes"]) == SHAPES and len(SHAPES) == 10
    for split, n in (("train", 1000), ("test", 500)):
        images, labels, masks = (drawn[f"{split}_{kind}"] for kind in ("images", "labels", "masks"))
        assert (images.shape, images.dtype) == ((n, 32, 32, 3), np.uint8)
        assert (masks.shape, masks.dtype) == ((n, 32, 32), bool)
        assert np.bincount(labels).tolist() == [n // 10] * 10


def test_masks_cover_the_object(drawn):
    """Outside the mask a plane explains the picture up to noise, inside it does not."""
    down, across = np.mgrid[:32, :32]
    design = np.stack([np.ones(1024), down.ravel(), across.ravel()], 1)  # (1024, 3)
    misses, hits = [], []
    for image, mask in zip(drawn["test_images"], drawn["test_masks"], strict=True):
        pixels, inside = image.reshape(-1, 3) / 255.0, mask.ravel()
        near = np.pad(mask, 1)  # pixels beside the edge are mixed
        near = (near[:-2, 1:-1] | near[2:, 1:-1] | near[1:-1, :-2] | near[1:-1, 2:] | mask).ravel()
        plane = np.linalg.lstsq(design[~near], pixels[~near], rcond=None)[0]
        off = np.abs(pixels - design @ plane).max(1)
        misses.append((off[~near] > 0.25).mean())
        hits.append((off[inside] > 0.25).mean())
    assert max(misses) < 0.05  # a background that clips at black or white bends a little
    assert np.mean(hits) > 0.8 and np.quantile(hits, 0.05) > 0.5


def test_masks_are_the_size_of_an_object_and_inside_the_picture(drawn):
    area = drawn["train_masks"].mean((1, 2))
    assert area.min() > 0.015 and area.max() < 0.35
    border = np.concatenate([drawn["train_masks"][:, edge] for edge in (0, -1)], 1).mean()
    assert border < 0.02


def test_colour_and_place_do_not_give_the_class_away(drawn):
    def clues(split):
        images, masks = drawn[f"{split}_images"] / 255.0, drawn[f"{split}_masks"][..., None]
        inside = (images * masks).sum((1, 2)) / masks.sum((1, 2))
        outside = (images * ~masks).sum((1, 2)) / (~masks).sum((1, 2))
        down, across = np.mgrid[:32, :32] / 32
        place = [
            (grid * masks[..., 0]).sum((1, 2)) / masks.sum((1, 2, 3)) for grid in (down, across)
        ]
        return np.column_stack([inside, outside, *place])

    guess = LogisticRegression(max_iter=1000).fit(clues("train"), drawn["train_labels"])
    assert guess.score(clues("test"), drawn["test_labels"]) < 0.2  # chance is 0.1


def test_classes_can_be_told_apart_by_their_masks(drawn):
    """Masks cut out, brought to one size and compared with the nearest neighbour."""
    import torch

    def cut(masks):
        out = []
        for mask in masks:
            rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
            box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            box = torch.from_numpy(box)[None, None].float()
            ratio = [4 * box.shape[2] / box.shape[3]] * 8
            out.append(
                np.append(
                    torch.nn.functional.interpolate(box, size=(16, 16)).numpy().ravel(), ratio
                )
            )
        return np.array(out)

    nearest = KNeighborsClassifier(3).fit(cut(drawn["train_masks"]), drawn["train_labels"])
    right = nearest.predict(cut(drawn["test_masks"])) == drawn["test_labels"]
    assert min(right[drawn["test_labels"] == label].mean() for label in range(10)) > 0.75


def test_digits_for_validation_and_test_are_sklearns_enlarged():
    arrays, small = digits(100), load_digits()
    images = np.concatenate([arrays["val_images"], arrays["test_images"]])
    labels = np.concatenate([arrays["val_labels"], arrays["test_labels"]])
    assert images.shape == (597, 28, 28) and images.dtype == np.uint8
    assert np.array_equal(labels, small.target[1200:])
    assert list(arrays["classes"]) == list("0123456789")
    assert not images[:, :4].any() and not images[:, :, -4:].any()  # framed
    # The same parts of the small and of the large pictures, 5 × 5 pixels each: (N, 4, 4).
    blocks = images[:, 4:24, 4:24].reshape(597, 4, 5, 4, 5).mean((2, 4)) / 255
    oracle = small.images[1200:].reshape(597, 4, 2, 4, 2).mean((2, 4)) / 16
    assert np.abs(blocks - oracle).max() < 0.15


def test_training_digits_are_redrawn_from_the_first_writers():
    arrays, small = digits(3000), load_digits()
    images, labels = arrays["train_images"], arrays["train_labels"]
    assert np.array_equal(labels, small.target[np.arange(3000) % 1200])
    first, second = images[:1200].astype(int), images[1200:2400].astype(int)
    assert (np.abs(first - second).mean((1, 2)) > 2).all()  # no digit is drawn the same way twice
    # Still the same digit: the nearest of the first drawings is nearly always of its class.
    nearest = KNeighborsClassifier(1).fit(first.reshape(1200, -1), labels[:1200])
    assert nearest.score(second.reshape(1200, -1), labels[1200:2400]) > 0.9
    assert np.array_equal(digits(500)["train_images"], images[:500])
    assert not np.array_equal(digits(500, seed=1)["train_images"], images[:500])


def test_redrawn_digits_teach_other_writers_digits():
    train = digits(3000)
    images = train["train_images"].reshape(3000, -1) / 255
    model = LogisticRegression(max_iter=60).fit(images, train["train_labels"])
    assert model.score(train["test_images"].reshape(297, -1) / 255, train["test_labels"]) > 0.85
