"""Batches against plain indexing, augmentation against a loop over the pixels."""

import functools

import pytest
import torch

from labhelpers.data.batches import Split, random_crop_flip
from labhelpers.store.fingerprint import describe


@pytest.fixture
def split(session):
    """Eleven random images; each one's label is its number."""
    images = torch.randint(
        256, (11, 3, 6, 5), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    mean, std = images.double().mean((0, 2, 3)), images.double().std((0, 2, 3), correction=0)
    moments = (m.float()[:, None, None] for m in (mean, std))
    return Split(images, torch.arange(11), *moments, masks=images[:, 0] > 127)


def order(batches):
    return torch.cat([y for _, y in batches]).tolist()


def test_batches_are_the_normalised_images_in_order(split):
    batches = split.batches(4)
    x, y = (torch.cat(column) for column in zip(*batches, strict=True))
    oracle = split.images.double()
    oracle = (oracle - oracle.mean((0, 2, 3), keepdim=True)) / oracle.std(
        (0, 2, 3), keepdim=True, correction=0
    )
    torch.testing.assert_close(x, oracle.float())
    assert y.tolist() == list(range(11)) and x.dtype == torch.float32 and y.dtype == torch.int64
    assert [len(y) for _, y in batches] == [4, 4, 3] and len(batches) == 3


def test_every_example_once_per_epoch_in_a_new_order(split):
    batches = split.batches(4, shuffle=True)
    orders = [order(batches) for _ in range(4)]
    assert all(sorted(o) == list(range(11)) for o in orders)
    assert len({tuple(o) for o in orders}) == 4


def test_images_stay_with_their_labels_and_masks(split):
    for x, y in split.batches(4, shuffle=True):
        assert torch.equal(x, split.normalise(split.images[y]))
    some = split[torch.tensor([7, 2])]
    assert torch.equal(some.masks, some.images[:, 0] > 127) and some.labels.tolist() == [7, 2]
    assert len(split[:3]) == 3 and split[split.labels > 8].labels.tolist() == [9, 10]


def test_an_epoch_depends_on_seed_and_number_alone(split):
    once, again = (
        split.batches(4, shuffle=True, augment=random_crop_flip, seed=3) for _ in range(2)
    )
    epochs = [list(once) for _ in range(3)]
    torch.rand(5)  # what happens elsewhere does not matter
    again.set_epoch(2)
    assert all(
        torch.equal(a, c) and torch.equal(b, d)
        for (a, b), (c, d) in zip(epochs[2], again, strict=True)
    )
    assert order(again) not in [
        order(epoch) for epoch in epochs
    ]  # the pass after epoch 2 is epoch 3
    assert order(split.batches(4, shuffle=True, seed=4)) != order(
        split.batches(4, shuffle=True, seed=3)
    )
    assert order(split.batches(4, shuffle=True)) == order(
        split.batches(4, shuffle=True, seed=0)
    )  # the session's


def test_each_epoch_is_augmented_anew(split):
    batches = split.batches(11, augment=random_crop_flip)
    (first, _), (second, _) = next(iter(batches)), next(iter(batches))
    assert not torch.equal(first, second)


def test_a_pass_that_is_broken_off_counts(split):
    batches = split.batches(4, shuffle=True)
    next(iter(batches))
    reference = split.batches(4, shuffle=True)
    reference.set_epoch(1)
    assert order(batches) == order(reference)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "128", None])
def test_bad_batch_size(split, batch_size):
    with pytest.raises(
        ValueError, match=r"is not allowed: use a whole number from 1, such as 128$"
    ) as error:
        split.batches(batch_size)
    assert f"batch_size={batch_size!r}" in str(error.value)


def naive_crop(image, row, column, flip, padding):
    """The window that starts `row`, `column` of the image padded with zeros, pixel by pixel."""
    _, height, width = image.shape
    out = torch.zeros_like(image)
    for i in range(height):
        for j in range(width):
            y, x = i + row - padding, (width - 1 - j if flip else j) + column - padding
            if 0 <= y < height and 0 <= x < width:
                out[:, i, j] = image[:, y, x]
    return out


def test_random_crop_flip_is_a_shift_and_a_mirror_of_each_image():
    n, padding = 60, 2
    x = torch.randn(n, 2, 5, 4, generator=torch.Generator().manual_seed(1))
    out = random_crop_flip(x, torch.Generator().manual_seed(2), padding)
    assert out.shape == x.shape and out.dtype == x.dtype
    seen = []
    for image, result in zip(x, out, strict=True):
        ways = [
            (row, column, flip)
            for row in range(2 * padding + 1)
            for column in range(2 * padding + 1)
            for flip in (False, True)
            if torch.equal(naive_crop(image, row, column, flip, padding), result)
        ]
        assert len(ways) == 1
        seen += ways
    rows, columns, flips = zip(*seen, strict=True)
    assert set(rows) == set(columns) == set(range(5))  # every shift from -2 to 2 occurs
    assert 15 < sum(flips) < 45  # half of 60, give or take 3.9 standard deviations
    assert len(set(seen)) > 25  # rows, columns and flips are drawn apart


def test_random_crop_flip_repeats_with_its_generator_only():
    x = torch.randn(8, 1, 28, 28)
    a, b, c = (random_crop_flip(x, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_fingerprint_sees_every_pixel_label_and_choice(split):
    def changed(name):
        tensors = {"images": split.images.clone(), "labels": split.labels.clone()}
        tensors[name].view(-1)[-1] += 1
        return Split(tensors["images"], tensors["labels"], split.mean, split.std)

    assert changed("images").fingerprint != split.fingerprint != changed("labels").fingerprint
    assert split[:].fingerprint == split.fingerprint != split[:-1].fingerprint
    crop3 = functools.partial(random_crop_flip, padding=3)
    choices = [
        (4, True, None, 0),
        (5, True, None, 0),
        (4, False, None, 0),
        (4, True, None, 1),
        (4, True, crop3, 0),
    ]
    choices += [(4, True, random_crop_flip, 0)]
    batches = split.batches(4)
    before = describe(batches)
    assert list(batches) and describe(batches) == before  # how far it has come is no choice
    assert len({str(describe(split.batches(*choice))) for choice in choices}) == len(choices)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 15, 16, 17])
@pytest.mark.parametrize("batch_size", [1, 2, 4, 8, 20])
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_single_image_left_over_joins_the_batch_before_it(n, batch_size, shuffle):
    images = torch.arange(n, dtype=torch.uint8)[:, None, None, None]
    one = torch.ones(1, 1, 1)
    split = Split(images, torch.arange(n), 0 * one, one)
    batches = split.batches(batch_size, shuffle=shuffle, seed=0)
    sizes = [len(y) for _, y in batches]
    plain = [len(part) for part in torch.arange(n).split(batch_size)]
    joined = shuffle and len(plain) > 1 and plain[-1] == 1 < batch_size
    assert sizes == ([*plain[:-2], batch_size + 1] if joined else plain)
    assert len(batches) == len(sizes)
    assert sorted(torch.cat([y for _, y in batches]).tolist()) == list(range(n))


def test_batch_normalisation_survives_a_single_image_left_over(split):
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(3), torch.nn.BatchNorm1d(3))
    for x, _ in split.batches(len(split) - 1, shuffle=True, seed=0):
        assert torch.isfinite(model(x)).all()
