"""Folders of pictures: what cameras, scanners, other programs and other people leave in them."""

import numpy as np
import pytest
import torch
from PIL import Image

import labhelpers as lab
from labhelpers.data import folders


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "set"  # the session's own folders lie beside it
    path.mkdir()
    return path


def draw(path, shade=0, size=(8, 6), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, (shade, 0, 0) if mode == "RGB" else shade).save(path)


def classes(folder, count=4, names="ab", **changes):
    for name in names:
        for i in range(count):
            draw(folder / name / f"{i}.png", shade=10 * i, **changes)


def test_sixteen_bits_become_eight(folder, session):
    """Pillow's own conversion makes all but the darkest pixels white."""
    classes(folder, mode="L")
    values = np.linspace(0, 65535, 48).astype(np.uint16).reshape(6, 8)
    Image.fromarray(values).save(folder / "a" / "0.png")
    Image.fromarray(values).save(folder / "a" / "1.tif")
    arrays = folders.read(folder, None)
    both = np.concatenate([arrays["train_images"], arrays["test_images"]])
    scaled = values // 256
    assert both.dtype == np.uint8 and (both == scaled).all((1, 2)).sum() == 2


def test_a_picture_of_fractions_is_refused(folder, session):
    classes(folder)
    Image.fromarray(np.ones((6, 8), np.float32)).save(folder / "b" / "x.tif")
    with pytest.raises(lab.DataError, match=r"x\.tif .*its values are fractions"):
        lab.load_data(folder)


def test_a_camera_that_was_held_on_its_side(folder, session):
    classes(folder, size=(6, 8), mode="L")
    pixels = np.random.default_rng(0).integers(256, size=(6, 8), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    exif = picture.getexif()
    exif[274] = 6  # turn by 90° clockwise to see it upright
    picture.save(folder / "a" / "side.png", exif=exif)
    arrays = folders.read(folder, None)
    both = np.concatenate([arrays["train_images"], arrays["test_images"]])
    assert (both == np.rot90(pixels, -1)).all((1, 2)).any()


def test_what_systems_leave_behind_is_no_class_and_no_picture(folder, session):
    classes(folder)
    for name in ("__MACOSX/a/1.png", ".thumbnails/1.png", "a/._1.png", "a/Thumbs.db", "1.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"none")
    data = lab.load_data(folder)
    assert data.classes == ("a", "b") and sum(map(len, (data.train, data.val, data.test))) == 8


@pytest.mark.parametrize(
    "spelled", [("train", "valid", "test"), ("Training", "Validation", "TEST")]
)
def test_parts_may_be_spelled_in_other_ways(folder, session, spelled):
    for part, count in zip(spelled, (4, 2, 3), strict=True):
        classes(folder / part, count)
    data = lab.load_data(folder)
    assert [len(part) for part in (data.train, data.val, data.test)] == [8, 4, 6]


@pytest.mark.parametrize("others", [["val"], []])
def test_without_a_test_folder_one_training_picture_in_five_is_for_the_test(
    folder, session, others
):
    """The pictures in val/ stay the validation's, and train and val are no classes."""
    classes(folder / "train", 10)
    for part in others:
        classes(folder / part, 3)
    data = lab.load_data(folder)
    assert data.classes == ("a", "b") and torch.bincount(data.test.labels).tolist() == [2, 2]
    assert len(data.val) == (6 if others else 1)
    assert len(data.train) == (16 if others else 15)


def test_one_grey_picture_among_colours_and_a_colour_in_another_part(folder, session):
    classes(folder / "train", mode="L")
    classes(folder / "test")
    data = lab.load_data(folder)
    assert data.shape == (3, 6, 8)
    assert torch.equal(data.train.images[:, 0], data.train.images[:, 2])  # grey stays grey


FAULTS = {
    "z is a class that is not in the training: train/ has only a, b":
        ["train/a", "train/b", "test/z"],
    "has test/ but no train/": ["test/a", "test/b"],
    "has val/ and valid/, which are the same part": ["train/a", "train/b", "val/a", "valid/a"],
    "has 1 folders in it": ["train/a", "test/a"],
}  # fmt: skip


@pytest.mark.parametrize("words", FAULTS)
def test_folders_that_do_not_fit_together(folder, session, words):
    for place in FAULTS[words]:
        for i in range(4):
            draw(folder / place / f"{i}.png")
    with pytest.raises(lab.DataError, match=words):
        lab.load_data(folder)


def test_a_class_needs_a_picture_to_learn_and_one_to_test(folder, session):
    classes(folder)
    draw(folder / "c" / "0.png")
    with pytest.raises(lab.DataError, match="c holds one picture: it needs two or more"):
        lab.load_data(folder)


@pytest.mark.parametrize("name", ["mnist", "digits", "set.npz"])
def test_size_is_for_pictures(folder, session, name):
    with pytest.raises(ValueError, match=f"size=9 is for a folder of pictures, which '{name}' is"):
        lab.load_data(name, size=9)


def test_three_classes_of_pictures_are_learned_and_travel(folder, session):
    """From the folder to a worker and through `fit`, with a last batch of one image."""
    import pickle

    classes(folder, count=11, names="abc", size=(16, 16))
    data = lab.load_data(folder, size=16)
    again = pickle.loads(pickle.dumps(data))
    assert again.content == data.content and len(pickle.dumps(data)) < 2000
    size = len(data.train) - 1  # one image is left over
    model = lab.ResNet(1, width=4, num_classes=3)
    assert len(lab.fit(model, data, epochs=1, batch_size=size).history) == 1
