"""`load_data`: the order of the sources, the three parts, what is announced, and how a data set
travels.
"""

import copy
import functools
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

import labhelpers as lab
from labhelpers import session as sessions
from labhelpers.data import files as datafiles
from labhelpers.data import sources, standins

RNG = np.random.default_rng(0)
DOWNLOAD = datafiles.download  # the sessions of the tests have none


@pytest.fixture(autouse=True)
def few_shapes(monkeypatch):
    def draw(train):
        return standins.shapes(train, 100, 100)

    monkeypatch.setitem(sources.DRAWN, "shapes", (draw, "drawn shapes"))


def images(n, *shape):
    return RNG.integers(256, size=(n, *shape), dtype=np.uint8)


def write(path, **changes):
    arrays = {
        "train_images": images(50, 6, 6, 3),
        "train_labels": np.arange(50) % 4,
        "test_images": images(9, 6, 6, 3),
        "test_labels": np.arange(9) % 4,
    }
    arrays = {key: value for key, value in (arrays | changes).items() if value is not None}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)
    return arrays


def rows(split):
    return {
        (image.numpy().tobytes(), int(label))
        for image, label in zip(split.images, split.labels, strict=True)
    }


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mnits", "did you mean 'mnist'? "),
        ("MNIST", "did you mean 'mnist'? "),
        ("cifar-10", "did you mean 'cifar10'? "),
        ("set.npy", ""),
        (None, ""),
        (3, ""),
    ],
)
def test_unknown_data_set(session, name, meant):
    with pytest.raises(ValueError) as error:
        lab.load_data(name)
    assert str(error.value) == (
        f"unknown data set '{name}': {meant}choose from cifar10, digits, mnist, shapes, or give "
        "the path of an .npz file, or of a folder with a folder for each class"
    )


@pytest.mark.parametrize(
    ("name", "shape", "n"), [("mnist", (1, 28, 28), 1797), ("cifar10", (3, 32, 32), 1400)]
)
def test_smoke_budget_uses_the_stand_in_and_says_so(session, capsys, name, shape, n):
    write(session.data / f"{name}.npz")  # not even looked at
    data = lab.load_data(name)
    assert data.shape == shape and data.num_classes == 10 and not data.original
    assert sum(map(len, (data.train, data.val, data.test))) == n
    out = capsys.readouterr().out.splitlines()[-1]
    assert out == f"{name}: {data.source}, because the smoke budget uses no files"
    assert (
        out.startswith(f"{name}: stand-in: ")
        and sessions.current().sources[name] == f"{name}, {data.source}"
    )
    with sessions.hushed(session):
        lab.load_data(name)
    assert not capsys.readouterr().out


def test_stand_in_when_no_mirror_can_be_reached(laptop_session, capsys, monkeypatch):
    dead = "http://127.0.0.1:9/"  # the discard port: refused
    monkeypatch.setattr(datafiles, "download", functools.partial(DOWNLOAD, mirrors=[dead]))
    data = lab.load_data("mnist")
    said = capsys.readouterr().out
    assert f"could not be downloaded; data/README.md names other ways. {dead}" in said
    assert said.endswith(f"mnist: {data.source}, because the original cannot be had\n")
    assert data.source == "stand-in: scikit-learn's digits, redrawn" and not data.original
    for name in ("read", "unpack_own"):  # a worker draws the stand-in as it was
        monkeypatch.setattr(datafiles, name, lambda *args: None)
    assert pickle.loads(pickle.dumps(data)).source == data.source


def test_stand_in_when_the_data_folder_cannot_be_written(start, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LABHELPERS_DATA", str(tmp_path / "file" / "data"))
    start("laptop")
    monkeypatch.setattr(datafiles, "download", DOWNLOAD)
    assert lab.load_data("mnist").source.startswith("stand-in")
    assert "set LABHELPERS_DATA to a folder you can write" in capsys.readouterr().out


def test_sources_in_order(laptop_session, capsys, monkeypatch):
    """An .npz of the name, the files, a download, the stand-in: each is used when those before it
    are missing.
    """
    log, there, can_download = [], False, True
    arrays = {key: value for key, value in write(laptop_session.data / "mnist.npz").items()}

    def read(name, folder):
        log.append("read")
        return dict(arrays) if there else None

    def download(name, folder):
        nonlocal there
        log.append("download")
        if not can_download:
            raise ConnectionError("no mirror")
        there = True

    monkeypatch.setattr(datafiles, "read", read)
    monkeypatch.setattr(datafiles, "download", download)
    assert lab.load_data("mnist").source == "mnist.npz" and not log
    assert sessions.current().sources == {"mnist": "mnist, mnist.npz"}  # not the original files
    (laptop_session.data / "mnist.npz").unlink()
    assert lab.load_data("mnist").source == "original files" and log == ["read", "download", "read"]
    assert lab.load_data("mnist").original and log[3:] == ["read"]
    assert not sessions.current().sources
    there = can_download = False
    assert lab.load_data("mnist").source.startswith("stand-in") and log[4:] == ["read", "download"]
    assert list(sessions.current().sources) == ["mnist"]
    there = True
    assert (
        lab.load_data("mnist").original and not sessions.current().sources
    )  # captions stop saying stand-in
    assert capsys.readouterr().out.count("stand-in") == 1


def test_damaged_files_stop_the_cell_instead_of_falling_back(laptop_session):
    raw = laptop_session.data / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in datafiles.MNIST_FILES:
        (raw / name).write_bytes(b"not MNIST")
    with pytest.raises(lab.DataError, match=f"^{raw}/train-images-idx3-ubyte is damaged"):
        lab.load_data("mnist")
    (laptop_session.data / "mnist.npz").write_bytes(b"not a zip")
    with pytest.raises(lab.DataError, match=f"^{laptop_session.data}/mnist.npz is damaged"):
        lab.load_data("mnist")


def test_npz_by_path(session, tmp_path, monkeypatch):
    arrays = write(
        tmp_path / "set.npz", classes=np.array(list("abcd")), source=np.array("drawn by hand")
    )
    monkeypatch.chdir(tmp_path)
    data = lab.load_data("set.npz")
    assert (data.classes, data.source, data.original) == (
        ("a", "b", "c", "d"),
        "drawn by hand",
        False,
    )
    assert torch.equal(
        data.test.images, torch.from_numpy(arrays["test_images"]).permute(0, 3, 1, 2)
    )
    assert torch.equal(data.test.labels, torch.from_numpy(arrays["test_labels"]))
    assert repr(data) == (
        "set.npz: 45 train · 5 validation · 9 test · images (3, 6, 6) · 4 classes · "
        "source: drawn by hand"
    )
    assert lab.load_data(tmp_path / "set.npz").fingerprint == data.fingerprint
    with pytest.raises(FileNotFoundError, match=r"there is no file .*other.npz"):
        lab.load_data("other.npz")


def test_npz_like_medmnist(session, tmp_path):
    """Grey (N, H, W), labels (N, 1) of uint8, and a validation part of its own."""
    arrays = write(
        tmp_path / "set.npz",
        train_images=images(50, 7, 5),
        train_labels=(np.arange(50) % 4)[:, None].astype(np.uint8),
        test_images=images(9, 7, 5),
        val_images=images(6, 7, 5),
        val_labels=np.array([[0], [1], [2], [3], [0], [1]], np.uint8),
    )
    data = lab.load_data(str(tmp_path / "set.npz"))
    assert (
        data.shape == (1, 7, 5)
        and not data.original
        and data.source == "set.npz"
        and data.classes == tuple("0123")
    )
    for part in ("train", "val", "test"):
        split = getattr(data, part)
        assert torch.equal(split.images[:, 0], torch.from_numpy(arrays[f"{part}_images"]))
        assert (
            split.labels.dtype == torch.int64
            and split.labels.tolist() == arrays[f"{part}_labels"].ravel().tolist()
        )


def test_validation_part_is_fixed_and_taken_from_the_training_images(session, tmp_path):
    arrays = write(tmp_path / "set.npz")
    data, again = (lab.load_data(str(tmp_path / "set.npz")) for _ in range(2))
    train, val, test = rows(data.train), rows(data.val), rows(data.test)
    assert (len(train), len(val), len(test)) == (45, 5, 9)
    assert not train & val and not (train | val) & test
    whole = torch.from_numpy(arrays["train_images"]).permute(0, 3, 1, 2)
    assert train | val == {(image.numpy().tobytes(), k % 4) for k, image in enumerate(whole)}
    assert torch.equal(data.val.images, again.val.images) and torch.equal(
        data.train.images, again.train.images
    )
    held_out = [i for i, image in enumerate(whole) if (image.numpy().tobytes(), i % 4) in val]
    assert (
        sorted(np.random.RandomState(0).permutation(50)[-5:]) == held_out
    )  # the same on every machine and version


@pytest.mark.parametrize("name", ["digits", "shapes", "mnist", "cifar10"])
@pytest.mark.parametrize("sizes", [(100, 1500), (1, 3000)])
def test_stand_ins_are_drawn_to_the_size_asked_for(session, name, sizes):
    small, large = (lab.load_data(name, train_size=size) for size in sizes)
    assert (len(small.train), len(large.train)) == sizes
    assert torch.equal(small.train.images, large.train.images[: sizes[0]])  # part of the larger
    assert torch.equal(small.val.images, large.val.images)
    assert torch.equal(small.test.images, large.test.images)
    assert small.num_classes == 10


def test_a_sample_keeps_the_shares_of_the_classes_and_grows(session, tmp_path):
    labels = np.repeat([0, 1, 2], [700, 200, 100])  # in order: a prefix would hold one class
    write(
        tmp_path / "set.npz",
        train_images=images(1000, 4, 4),
        train_labels=labels,
        val_images=images(6, 4, 4),
        val_labels=np.arange(6) % 3,
        test_images=images(6, 4, 4),
        test_labels=np.arange(6) % 3,
    )
    sizes = (10, 100, 500)
    found = [lab.load_data(tmp_path / "set.npz", train_size=size).train for size in sizes]
    for size, split in zip(sizes, found, strict=True):
        shares = torch.bincount(split.labels, minlength=3) / size
        np.testing.assert_allclose(shares, [0.7, 0.2, 0.1], atol=1 / size)
    assert rows(found[0]) < rows(found[1]) < rows(found[2])
    again = lab.load_data(tmp_path / "set.npz", train_size=100).train
    assert torch.equal(again.images, found[1].images)


@pytest.mark.parametrize("size", [0, -1, 2.5, "10", True])
def test_bad_train_size(session, size):
    with pytest.raises(ValueError, match=f"train_size={size!r} is not allowed"):
        lab.load_data("digits", train_size=size)


@pytest.mark.parametrize(("name", "most"), [("mnist", 55_000), ("cifar10", 45_000)])
def test_more_than_the_original_has_is_refused(session, name, most):
    with pytest.raises(
        ValueError, match=f"{name} has {most:,} training images, so use 1 to {most}"
    ):
        lab.load_data(name, train_size=most + 1)


@pytest.mark.parametrize("size", [np.int64(7), np.int32(7), torch.tensor(7)])
def test_whole_numbers_of_any_type_are_taken(session, size):
    assert len(lab.load_data("digits", train_size=size).train) == 7


@pytest.mark.parametrize("train_size", [None, 500])
def test_training_images_are_normalised_exactly(session, train_size):
    data = lab.load_data("shapes", train_size)
    x = torch.cat([x for x, _ in data.train.batches(512)]).double()
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(3).double(), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        x.std((0, 2, 3), correction=0), torch.ones(3).double(), atol=1e-5, rtol=0
    )
    assert torch.equal(data.test.mean, data.train.mean) and torch.equal(
        data.val.std, data.train.std
    )


def test_constant_channel_does_not_divide_by_zero(session, tmp_path):
    write(tmp_path / "set.npz", train_images=np.full((50, 6, 6, 3), 7, np.uint8))
    data = lab.load_data(str(tmp_path / "set.npz"))
    assert data.train.normalise(data.train.images).abs().max() < 1e-4


def test_masks_go_with_their_images(session):
    data = lab.load_data("shapes")
    for split in (data.train, data.val, data.test):
        assert split.masks.shape == (len(split), 32, 32) and split.masks.dtype == torch.bool
        inside = (split.images.float() * split.masks[:, None]).sum((2, 3)) / split.masks.sum(
            (1, 2)
        )[:, None]
        outside = (split.images.float() * ~split.masks[:, None]).sum((2, 3)) / (~split.masks).sum(
            (1, 2)
        )[:, None]
        assert (inside - outside).abs().amax(
            1
        ).median() > 80  # of 255; masks of other images would show far less
    assert (
        data.original and not sessions.current().sources
    )  # shapes asked for by name are no stand-in


@pytest.mark.parametrize("name", ["shapes", "set.npz"])
def test_data_travels_by_name(session, tmp_path, monkeypatch, name):
    write(tmp_path / "set.npz")
    monkeypatch.chdir(tmp_path)
    data = lab.load_data(name, train_size=40)
    pickled = pickle.dumps(data)
    assert len(pickled) < 2000
    monkeypatch.chdir("/")
    again, third = pickle.loads(pickled), pickle.loads(pickled)
    assert again is third  # a worker reads it once
    assert again.fingerprint == data.fingerprint and repr(again) == repr(data)
    assert torch.equal(again.test.images, data.test.images) and torch.equal(
        again.train.mean, data.train.mean
    )


def test_a_changed_copy_travels_with_its_own_pixels(session):
    data = lab.load_data("digits")
    changed = replace(data, train=data.train[:10])
    again = pickle.loads(pickle.dumps(changed))
    assert len(again.train) == 10 and again.fingerprint == changed.fingerprint != data.fingerprint


def test_fingerprint_leaves_the_test_set_out(session, tmp_path):
    write(tmp_path / "a.npz")
    arrays = dict(np.load(tmp_path / "a.npz"))

    def fingerprint(name, key):
        changed = arrays[key].copy()
        changed.flat[0] ^= 1
        np.savez(tmp_path / name, **arrays | {key: changed})
        return lab.load_data(str(tmp_path / name)).fingerprint

    reference = lab.load_data(str(tmp_path / "a.npz")).fingerprint
    assert fingerprint("b.npz", "test_images") == reference
    assert fingerprint("c.npz", "train_images") != reference != fingerprint("d.npz", "train_labels")


def test_a_worker_without_the_files_says_so_instead_of_training_on_a_stand_in(laptop_session):
    write(laptop_session.data / "mnist.npz")
    pickled = pickle.dumps(lab.load_data("mnist"))
    (laptop_session.data / "mnist.npz").unlink()
    with pytest.raises(
        lab.DataError, match=r"mnist in .*data on this machine is not what the notebook loaded"
    ):
        pickle.loads(pickled)


def test_a_worker_draws_a_stand_in_without_trying_the_network_again(
    laptop_session, monkeypatch, capsys
):
    data = lab.load_data("mnist", train_size=300)
    assert data.stand_in
    pickled = pickle.dumps(data)
    monkeypatch.setattr(datafiles, "fetched", lambda *args: pytest.fail("asked for the original"))
    capsys.readouterr()
    assert pickle.loads(pickled).content == data.content and not capsys.readouterr().out


def test_a_worker_whose_data_was_changed_in_place_reads_it_again(session):
    """An experiment that adds noise to its labels would else hand them on to the next call."""
    data = lab.load_data("digits", train_size=200)
    pickled = pickle.dumps(data)
    pickle.loads(pickled).train.labels.zero_()
    assert torch.equal(pickle.loads(pickled).train.labels, data.train.labels)


@pytest.mark.parametrize("change", ["labels", "images", "mean", "a part", "test labels"])
def test_what_was_changed_in_memory_travels_as_it_is(session, change):
    data = lab.load_data("digits", train_size=200)
    if change == "a part":
        data = replace(data, val=data.val[:7])
    elif change == "test labels":
        data.test.labels[0] += 1
    else:
        getattr(data.train, change).view(-1)[0] += 1
    again = pickle.loads(pickle.dumps(data))
    assert again.content == data.content
    for part in ("train", "val", "test"):
        assert getattr(again, part).fingerprint == getattr(data, part).fingerprint


def test_another_name_and_source_travel_along(session):
    data = replace(lab.load_data("digits", train_size=200), name="mine", source="my own words")
    assert repr(pickle.loads(pickle.dumps(data))) == repr(data)


def test_copies(session):
    """A deep copy has pixels of its own."""
    data = lab.load_data("digits", train_size=200)
    before = data.content
    deep, shallow = copy.deepcopy(data), copy.copy(data)
    assert shallow.train.images is data.train.images
    assert deep.content == before and repr(deep) == repr(data) and len(pickle.dumps(deep)) < 2000
    deep.train.labels.zero_()
    assert data.content == copy.deepcopy(data).content == before != deep.content


def test_classes_do_not_depend_on_the_sample(session, tmp_path):
    """The last class has one image, which a small sample leaves out, and no other part has it."""
    labels = np.arange(50) % 4
    labels[7] = 4
    write(tmp_path / "set.npz", train_labels=labels)
    sizes = [None, 45, 20, 5]
    assert {lab.load_data(tmp_path / "set.npz", size).num_classes for size in sizes} == {5}


def test_names_of_classes_in_bytes(session, tmp_path):
    names = np.array([name.encode() for name in ("Ähre", "b", "c", "d")])
    write(tmp_path / "set.npz", classes=names)
    assert lab.load_data(tmp_path / "set.npz").classes == ("Ähre", "b", "c", "d")


def test_the_originals_pixels_in_a_file_of_ones_own(session, tmp_path, monkeypatch):
    """Only their content makes them the original, in any shape that holds the same numbers."""
    from labhelpers.store.fingerprint import describe, digest

    arrays = write(tmp_path / "a.npz", train_images=images(50, 6, 6), test_images=images(9, 6, 6))
    order = ("train_images", "train_labels", "test_images", "test_labels")
    plain = [torch.from_numpy(arrays[key].astype(np.uint8)) for key in order]
    monkeypatch.setitem(datafiles.ORIGINALS, "mnist", digest(describe(plain)))
    assert datafiles.is_original("mnist", arrays) and not datafiles.is_original("cifar10", arrays)
    longer = {key: arrays[key][..., None] for key in order}
    assert datafiles.is_original("mnist", longer)
    arrays["train_images"][0, 0, 0] ^= 1
    assert not datafiles.is_original("mnist", arrays)


@pytest.mark.parametrize("name", ["my/pictures", "./x", "..\\pictures", "data/set.csv"])
def test_a_path_that_leads_nowhere(session, name):
    with pytest.raises(FileNotFoundError, match=r"is neither a folder nor an \.npz file: give the"):
        lab.load_data(name)


def test_an_empty_name_is_not_the_folder_one_is_in(session):
    with pytest.raises(ValueError, match="unknown data set ''"):
        lab.load_data("")
