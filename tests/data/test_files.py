"""Files and downloads without the internet: tiny files, and a server on this machine that
misbehaves.
"""

import contextlib
import gzip
import hashlib
import http.server
import io
import pickle
import socket
import struct
import tarfile
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import CIFAR10, MNIST

import labhelpers as lab
from labhelpers.data import files as datafiles
from labhelpers.data.files import DataError, check_arrays, fetch, read_npz

CONTENT = bytes(range(256)) * 400  # 100 kB
RNG = np.random.default_rng(0)


def md5(content):
    return hashlib.md5(content).hexdigest()


class Mirrors(http.server.BaseHTTPRequestHandler):
    """The first part of the address says how to behave: /good/, /slow/, /cut/, /lying/ …"""

    files, asked = {}, []

    def do_GET(self):
        _, manner, name = self.path.split("/", 2)
        self.asked.append(manner)
        content = self.files.get(name)
        if content is None or manner == "missing":
            return self.send_error(404)
        if manner == "lying":
            content = content[:-1] + bytes([content[-1] ^ 1])
        self.send_response(200)
        if manner != "lengthless":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            if manner == "slow":
                for part in range(0, len(content), -(-len(content) // 10)):
                    self.wfile.write(content[part : part + -(-len(content) // 10)])
                    time.sleep(0.05)
            elif manner == "stalling":
                self.wfile.write(content[: len(content) // 2])
                time.sleep(1)
            else:
                self.wfile.write(content[: len(content) // 2] if manner == "cut" else content)
        except ConnectionError:  # the client has seen enough
            pass

    def log_message(self, *args):
        pass


@pytest.fixture
def mirror(monkeypatch):
    """Return a function that gives the address of a mirror of the given manner, with clocks made
    fast.
    """
    monkeypatch.setattr(datafiles, "TIMEOUT", 0.4)
    monkeypatch.setattr(Mirrors, "files", {"file": CONTENT})
    monkeypatch.setattr(Mirrors, "asked", [])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirrors)
    server.daemon_threads, server.block_on_close = True, False
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    with socket.create_server(("127.0.0.1", 0)) as mute:  # accepts, never answers
        with socket.create_server(("127.0.0.1", 0)) as closed:
            refused = closed.getsockname()[1]  # nobody listens there once it is closed
        ports = {"mute": mute.getsockname()[1], "refused": refused}
        yield lambda manner: f"http://127.0.0.1:{ports.get(manner, server.server_port)}/{manner}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("manner", ["good", "lengthless"])
def test_good_mirror(mirror, manner, tmp_path):
    path = fetch("file", [mirror(manner), mirror("refused")], md5(CONTENT), tmp_path)
    assert path == tmp_path / "file" and path.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [path] and Mirrors.asked == [manner]


@pytest.mark.parametrize("manner", ["stalling", "mute", "refused", "cut", "lying", "missing"])
def test_bad_mirror_is_left_for_the_next(mirror, manner, tmp_path):
    start = time.monotonic()
    path = fetch("file", [mirror(manner), mirror("good")], md5(CONTENT), tmp_path)
    assert path.read_bytes() == CONTENT and list(tmp_path.iterdir()) == [path]
    assert Mirrors.asked in ([manner, "good"], ["good"])  # the last when no connection came about
    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("stalling", "timed out"),
        ("mute", "timed out"),
        ("refused", "refused"),
        ("cut", "sent another file or a part of it"),
        ("lying", f"sent another file .*expected MD5 {md5(CONTENT)}"),
        ("missing", "404"),
    ],
)
def test_no_mirror_delivers(mirror, manner, reason, tmp_path):
    with pytest.raises(
        ConnectionError, match=f"^file could not be downloaded; data/README.md .*{reason}"
    ) as error:
        fetch("file", [mirror(manner)], md5(CONTENT), tmp_path)
    assert mirror(manner) in str(error.value)


def test_a_throttled_mirror_is_sat_out(mirror, tmp_path):
    mirrors = [mirror(manner) for manner in ("lying", "refused", "slow")]
    assert fetch("file", mirrors, md5(CONTENT), tmp_path).read_bytes() == CONTENT
    assert Mirrors.asked == ["lying", "slow"]


def test_download_into_a_folder_that_cannot_be_written(mirror, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        PermissionError, match=r"cannot write to .*: set LABHELPERS_DATA to a folder you can write"
    ):
        datafiles.download("mnist", tmp_path / "file" / "data", [mirror("good")])
    assert not Mirrors.asked


@pytest.mark.parametrize("manner", ["cut", "lying"])
def test_a_download_that_fails_leaves_nothing_behind(mirror, tiny_cifar10, manner, tmp_path):
    with pytest.raises(ConnectionError):
        datafiles.download("cifar10", tmp_path, [mirror(manner)])
    assert not list(tmp_path.iterdir())  # nothing that a later call could mistake for the file


# --- MNIST and CIFAR-10 from tiny files ---


def idx(array):
    """An array of uint8 as in MNIST's files: two zeros, 8 for uint8, the dimensions, the bytes."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def tiny_mnist(monkeypatch):
    """Twelve training and four test images; returns the arrays, while `Mirrors` has the packed
    files.
    """
    arrays, packed, table, archives = {}, {}, {}, []
    for short, part, n in (("train", "train", 12), ("t10k", "test", 4)):
        arrays[f"{part}_images"] = RNG.integers(256, size=(n, 28, 28), dtype=np.uint8)
        arrays[f"{part}_labels"] = RNG.integers(10, size=n, dtype=np.uint8)
        for kind in ("images-idx3", "labels-idx1"):
            name, content = f"{short}-{kind}-ubyte", idx(arrays[f"{part}_{kind[:6]}"])
            packed[f"{name}.gz"] = gzip.compress(content)
            table[name] = md5(content)
            archives.append((f"{name}.gz", md5(packed[f"{name}.gz"])))
    monkeypatch.setattr(datafiles, "MNIST_FILES", table)
    monkeypatch.setattr(MNIST, "resources", archives)
    monkeypatch.setattr(Mirrors, "files", packed)
    return arrays


def archive(members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def tiny_cifar10(monkeypatch):
    """Five training batches of two images and a test batch of two, served as the archive."""
    names, members, batches, listed = [f"class {k}" for k in range(10)], {}, {}, {}
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        pixels = RNG.integers(256, size=(2, 3, 32, 32), dtype=np.uint8)
        batches[name] = pixels, RNG.integers(10, size=2).tolist()
        members[name] = pickle.dumps({"data": pixels.reshape(2, -1), "labels": batches[name][1]})
    members["batches.meta"] = pickle.dumps({"label_names": names})
    listed = {name: [name, md5(content)] for name, content in members.items()}
    packed = archive({f"cifar-10-batches-py/{name}": content for name, content in members.items()})
    monkeypatch.setattr(CIFAR10, "train_list", [listed[f"data_batch_{i}"] for i in range(1, 6)])
    monkeypatch.setattr(CIFAR10, "test_list", [listed["test_batch"]])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": listed["batches.meta"][1]})
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(packed))
    monkeypatch.setattr(Mirrors, "files", {CIFAR10.filename: packed})
    return batches, names


def test_mnist_is_downloaded_unpacked_and_read(mirror, tiny_mnist, tmp_path):
    datafiles.download("mnist", tmp_path, [mirror("lying"), mirror("good")])
    raw = tmp_path / "MNIST" / "raw"
    assert sorted(file.name for file in raw.iterdir()) == sorted(datafiles.MNIST_FILES)
    arrays = datafiles.read("mnist", tmp_path)
    assert all(np.array_equal(arrays[key], tiny_mnist[key]) for key in tiny_mnist)
    assert arrays["classes"].tolist() == list("0123456789")


def test_mnist_download_that_was_cut_off_goes_on(mirror, tiny_mnist, tmp_path):
    missing = Mirrors.files.pop("t10k-images-idx3-ubyte.gz")
    with pytest.raises(ConnectionError, match=r"t10k-images-idx3-ubyte.gz could not be downloaded"):
        datafiles.download("mnist", tmp_path, [mirror("good")])
    assert datafiles.read("mnist", tmp_path) is None  # incomplete, therefore not used
    Mirrors.files["t10k-images-idx3-ubyte.gz"] = missing
    Mirrors.asked.clear()
    datafiles.download("mnist", tmp_path, [mirror("good")])
    assert (
        len(Mirrors.asked) == 2 and datafiles.read("mnist", tmp_path) is not None
    )  # what was there is not fetched again


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b""]
)
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_damaged_mnist_is_named_and_never_read(mirror, tiny_mnist, tmp_path, name, damage):
    datafiles.download("mnist", tmp_path, [mirror("good")])
    path = tmp_path / "MNIST" / "raw" / name
    path.write_bytes(damage(path.read_bytes()))
    advice = "delete it, then load the data set again, or copy it from a good source$"
    with pytest.raises(DataError, match=f"^{path} is damaged .*: {advice}"):
        datafiles.read("mnist", tmp_path)
    path.unlink()  # the advice works
    datafiles.download("mnist", tmp_path, [mirror("good")])
    assert np.array_equal(
        datafiles.read("mnist", tmp_path)["train_images"], tiny_mnist["train_images"]
    )


def test_cifar10_is_downloaded_unpacked_and_read(mirror, tiny_cifar10, tmp_path):
    assert datafiles.read("cifar10", tmp_path) is None
    datafiles.download("cifar10", tmp_path, [mirror("cut"), mirror("good")])
    assert [file.name for file in tmp_path.iterdir()] == ["cifar-10-batches-py"]
    batches, names = tiny_cifar10
    arrays = datafiles.read("cifar10", tmp_path)
    assert arrays["classes"].tolist() == names
    images = np.concatenate([batches[f"data_batch_{i}"][0] for i in range(1, 6)])
    assert np.array_equal(arrays["train_images"], images.transpose(0, 2, 3, 1))
    assert np.array_equal(arrays["test_labels"], batches["test_batch"][1])


def test_damaged_cifar10_is_named_and_its_advice_works(mirror, tiny_cifar10, tmp_path):
    datafiles.download("cifar10", tmp_path, [mirror("good")])
    path = tmp_path / "cifar-10-batches-py" / "data_batch_3"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(DataError, match=f"^{path} is damaged"):
        datafiles.read("cifar10", tmp_path)
    path.unlink()
    assert datafiles.read("cifar10", tmp_path) is None
    datafiles.download("cifar10", tmp_path, [mirror("good")])
    assert len(datafiles.read("cifar10", tmp_path)["train_labels"]) == 10


@pytest.mark.parametrize(
    "member", ["../escaped", "/tmp/escaped-labhelpers", "cifar-10-batches-py/../../escaped"]
)
def test_archive_does_not_escape_its_folder(mirror, tiny_cifar10, tmp_path, monkeypatch, member):
    packed = archive({member: b"evil"})
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(packed))
    Mirrors.files[CIFAR10.filename] = packed
    folder = tmp_path / "data"
    with contextlib.suppress(DataError):
        datafiles.download("cifar10", folder, [mirror("good")])
    assert [file.name for file in tmp_path.rglob("*") if "escaped" in file.name] == []
    assert not list((folder / "cifar-10-batches-py").glob("*"))


# --- .npz files ---


def good_arrays():
    return {
        "train_images": RNG.integers(256, size=(6, 4, 5, 3), dtype=np.uint8),
        "train_labels": np.arange(6) % 3,
        "test_images": RNG.integers(256, size=(3, 4, 5, 3), dtype=np.uint8),
        "test_labels": np.array([[2], [1], [0]]),
        "classes": np.array(["a", "b", "c"]),
    }


def test_npz_is_read_as_it_was_written(tmp_path):
    arrays = good_arrays()
    np.savez_compressed(tmp_path / "set.npz", **arrays)
    read = read_npz(tmp_path / "set.npz")
    assert read.keys() == arrays.keys() and all(
        np.array_equal(read[key], arrays[key]) for key in arrays
    )


FAULTS = {  # what the sentence has to say: the change that earns it
    "train_labels, test_images is missing; needed are train_images, train_labels, test_images, "
    "test_labels":
        {"train_labels": None, "test_images": None},
    "val_labels is missing": {"val_images": np.zeros((2, 4, 5, 3), np.uint8)},
    "train_images is float64 (6, 4, 5, 3); needed is uint8 (N, H, W) or (N, H, W, C)":
        {"train_images": np.ones((6, 4, 5, 3))},
    "(images * 255).round().astype('uint8')": {"test_images": np.ones((3, 4, 5, 3), np.float32)},
    "train_images is uint8 (6, 3, 4, 5); needed is":
        {"train_images": np.zeros((6, 3, 4, 5), np.uint8)},
    "train_images is uint8 (6, 20); needed is": {"train_images": np.zeros((6, 20), np.uint8)},
    "train_images is uint8 (0, 4, 5, 3); needed is":
        {"train_images": np.zeros((0, 4, 5, 3), np.uint8)},
    "train_images is uint8 (); needed is": {"train_images": np.uint8(1)},
    "test_images and train_images differ in their shapes":
        {"test_images": np.zeros((3, 5, 5, 3), np.uint8)},
    "there are 6 train_images but 5 train_labels": {"train_labels": np.arange(5) % 3},
    "there are 3 test_images but 0 test_labels": {"test_labels": np.zeros(0, int)},
    "train_labels is float64; needed are whole numbers from 0": {"train_labels": np.zeros(6)},
    "train_labels is (1, 6); needed is (6,): train_labels.reshape(-1)":
        {"train_labels": np.arange(6)[None] % 3},
    "train_labels is <U3; needed are whole numbers from 0: np.searchsorted(np.unique(train_labels)":
        {"train_labels": np.array(["cat"] * 6)},
    "train_labels run from 0 to 3; with 3 classes they have to lie from 0 to 2":
        {"train_labels": np.arange(6) % 4},
    "train_labels run from -1 to 1; with 3": {"train_labels": np.arange(6) % 3 - 1},
    "test_labels run from 0 to 3; with 3 classes": {"test_labels": np.array([0, 3, 1])},
    "classes is <U1 (1,); needed are two names": {"classes": np.array(["a"])},
    "classes is float64 (3,); needed are two names": {"classes": np.ones(3)},
    "labels run from 1 to 3: number them from 0, labels - 1":
        {"train_labels": np.arange(6) % 3 + 1, "test_labels": np.array([1, 2, 3])},
    "labels run from 1 to 4: number them from 0, labels - 1":
        {"train_labels": np.arange(6) % 4 + 1, "test_labels": np.array([1, 2, 3]), "classes": None},
    "train_labels is (6, 3), one-hot it seems: use train_labels.argmax(1)":
        {"train_labels": np.eye(3, dtype=int)[np.arange(6) % 3]},
    "train_masks is uint8 (6, 4, 5); needed is bool (6, 4, 5): masks > 0":
        {"train_masks": np.zeros((6, 4, 5), np.uint8)},
    "test_masks is bool (3, 4, 4); needed is bool (3, 4, 5): one for each image":
        {"test_masks": np.zeros((3, 4, 4), bool)},
    "val_images is missing": {"val_labels": np.arange(3)},
    "there are 3 val_images but 2 val_labels":
        {"val_images": np.zeros((3, 4, 5, 3), np.uint8), "val_labels": np.arange(2)},
    "labels run from 1 to 26: number them from 0, labels - 1":  # EMNIST's letters
        {"train_labels": np.array([2, 3, 4, 5, 6, 26]),
         "test_labels": np.array([1, 3, 2]), "classes": None},
    "there are 3 different labels, but they run to 2024: number them from 0, np.searchsorted":
        {"train_labels": np.array([2022, 2023, 2024] * 2),
         "test_labels": np.array([2022] * 3), "classes": None},
    "classes has a 2 times: each name stands once": {"classes": np.array(["a", "b", "a"])},
    "test_masks is bool (3, 4, 5, 1); needed is bool (3, 4, 5): masks[..., 0] > 0":
        {"test_masks": np.zeros((3, 4, 5, 1), bool)},
    "val_images, val_labels is missing; needed": {"val_masks": np.zeros((3, 4, 5), bool)},
    "source is <U1 (2,); needed is one sentence": {"source": np.array(["a", "b"])},
    "source is int64 (); needed is one sentence": {"source": np.array(3)},
    "source is <U1 (0,); needed is one sentence": {"source": np.zeros(0, "U")},
    "Channels go last: images.transpose(0, 2, 3, 1)":
        {"train_images": np.zeros((6, 3, 4, 5), np.uint8)},
}  # fmt: skip


@pytest.mark.parametrize("sentence", FAULTS)
def test_npz_with_a_fault(tmp_path, sentence):
    arrays = {
        key: value for key, value in (good_arrays() | FAULTS[sentence]).items() if value is not None
    }
    path = tmp_path / "set.npz"
    np.savez(path, **arrays)
    with pytest.raises(DataError) as error:
        read_npz(path)
    assert str(error.value).startswith(f"{path}: ") and sentence in str(error.value)


def test_classes_are_counted_over_all_parts(tmp_path, session):
    arrays = good_arrays() | {"test_labels": np.array([0, 3, 1])}
    del arrays["classes"]
    np.savez(tmp_path / "set.npz", **arrays)
    assert lab.load_data(tmp_path / "set.npz").num_classes == 4


@pytest.mark.parametrize("place", ["", "MNIST/raw", "mnist"])
def test_archives_that_lie_in_the_folder_are_unpacked_without_a_network(
    mirror, tiny_mnist, tmp_path, place
):
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    for archive_name, content in Mirrors.files.items():
        (tmp_path / place / archive_name).write_bytes(content)
    Mirrors.asked.clear()
    arrays = datafiles.fetched("mnist", tmp_path)
    assert np.array_equal(arrays["train_images"], tiny_mnist["train_images"]) and not Mirrors.asked


def test_cifar_10s_archive_in_the_folder_is_unpacked(mirror, tiny_cifar10, tmp_path):
    (tmp_path / CIFAR10.filename).write_bytes(Mirrors.files[CIFAR10.filename])
    Mirrors.asked.clear()
    assert len(datafiles.fetched("cifar10", tmp_path)["train_labels"]) == 10 and not Mirrors.asked


@pytest.mark.parametrize("place", ["", "MNIST", "MNIST/raw", "mnist"])
@pytest.mark.parametrize("pack", [lambda content: gzip.compress(content, 1), None])
@pytest.mark.parametrize("dot", [False, True])
def test_files_that_somebody_else_has_packed_or_unpacked(
    mirror, tiny_mnist, tmp_path, place, pack, dot
):
    """Their archives have other bytes than the originals, the files in them the same."""
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    for name, content in Mirrors.files.items():
        spelled = name.replace("-idx", ".idx") if dot else name
        plain = gzip.decompress(content)
        path = tmp_path / place / (spelled if pack else spelled.removesuffix(".gz"))
        path.write_bytes(pack(plain) if pack else plain)
    mine = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    Mirrors.asked.clear()
    arrays = datafiles.fetched("mnist", tmp_path)
    assert np.array_equal(arrays["train_images"], tiny_mnist["train_images"]) and not Mirrors.asked
    assert all(path.read_bytes() == content for path, content in mine.items())  # left as they were


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda packed: packed[: len(packed) // 2], "cannot be unpacked"),
        (lambda packed: packed[:20] + bytes([packed[20] ^ 255]) + packed[21:], "train-images"),
        (lambda packed: b"<html>not found</html>", "cannot be unpacked"),
        (lambda packed: gzip.compress(b"another data set"), "holds another train-images"),
    ],
    ids=["half", "flipped byte", "text", "another data set"],
)  # fmt: skip
def test_an_archive_in_the_folder_that_is_not_the_original(
    mirror, tiny_mnist, tmp_path, spoil, words
):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(spoil(Mirrors.files[path.name]))
    with pytest.raises(DataError, match=words) as error:
        datafiles.fetched("mnist", tmp_path)
    assert str(error.value).startswith(str(path)) and "delete it" in str(error.value)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [path]


def test_a_torn_archive_of_cifar_10(mirror, tiny_cifar10, tmp_path):
    (tmp_path / CIFAR10.filename).write_bytes(Mirrors.files[CIFAR10.filename][:-300])
    with pytest.raises(DataError, match=rf"{CIFAR10.filename} cannot be unpacked"):
        datafiles.fetched("cifar10", tmp_path)


# --- folders of pictures ---


def draw(path, size=(8, 6), mode="RGB", shade=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, shade if mode == "L" else (shade, 0, 0)).save(path)


def test_a_folder_of_class_folders_is_a_data_set(tmp_path, session, monkeypatch):
    for name, count in (("oak", 10), ("ash", 20), ("elm", 5)):
        for i in range(count):
            draw(tmp_path / "trees" / name / f"{i}.png", shade=i)
    (tmp_path / "trees" / ".hidden").mkdir()
    monkeypatch.chdir(tmp_path)
    data, again = (lab.load_data("trees") for _ in range(2))
    assert data.classes == ("ash", "elm", "oak") and data.shape == (3, 6, 8)
    assert sum(map(len, (data.train, data.val, data.test))) == 35
    assert torch.bincount(data.test.labels).tolist() == [4, 1, 2]
    assert data.content == again.content and not data.original
    assert "pictures in trees/" in repr(data)


def test_parts_and_grey_pictures_and_a_size(tmp_path, session):
    for part, count in (("train", 6), ("val", 2), ("test", 3)):
        for name in "ab":
            for i in range(count):
                draw(tmp_path / part / name / f"{i}.jpg", (8 + i, 6), "L", 10 * i)
    with pytest.raises(DataError, match=r"of 6 sizes, most of them 6 × 8 pixels: give one"):
        lab.load_data(tmp_path)
    data = lab.load_data(tmp_path, size=5)
    assert data.shape == (1, 5, 5) and [len(data.train), len(data.val), len(data.test)] == [
        12,
        4,
        6,
    ]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: None, "has 0 folders in it"),
        (lambda folder: draw(folder / "a" / "1.png"), "has 1 folders in it"),
        (
            lambda folder: [draw(folder / "a" / "1.png"), (folder / "b").mkdir()],
            "b holds no pictures",
        ),
        (
            lambda folder: [
                draw(folder / "a" / "1.png"),
                (folder / "b").mkdir(),
                (folder / "b" / "1.png").write_bytes(b"no picture"),
            ],
            "1.png is no picture that can be read",
        ),
    ],
)
def test_a_folder_with_a_fault(tmp_path, session, spoil, words):
    folder = tmp_path / "set"
    folder.mkdir()
    spoil(folder)
    with pytest.raises(DataError, match=words):
        lab.load_data(folder)


def test_labels_may_use_any_whole_number_type():
    for kind in (np.uint8, np.int32, np.uint64):
        arrays = good_arrays()
        arrays["train_labels"] = arrays["train_labels"].astype(kind)
        check_arrays(arrays, "here")


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


def objects(path):
    np.savez(path, **good_arrays() | {"train_labels": np.array([Bomb()] * 6, dtype=object)})


def npy(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))


def shortened(path, keep):
    np.savez_compressed(path, **good_arrays())
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])


def flipped(path):
    np.savez(path, **good_arrays())
    content = bytearray(path.read_bytes())
    content[200] ^= 255  # inside the pixels of the first array
    path.write_bytes(content)


@pytest.mark.parametrize(
    "write",
    [
        objects,
        npy,
        flipped,
        lambda path: shortened(path, 0.5),
        lambda path: shortened(path, 0.99),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("<html>not found</html>"),
        lambda path: path.write_bytes(pickle.dumps(Bomb())),
        lambda path: path.mkdir(),
    ],
    ids=["objects", "npy", "flipped bit", "half", "no end", "empty", "text", "pickle", "folder"],
)
def test_npz_that_cannot_be_read(tmp_path, write):
    path = tmp_path / "set.npz"
    write(path)
    advice = "copy the file again, or save it again as plain arrays with np.savez"
    with pytest.raises(DataError, match=rf"^{path} is damaged or no .npz file \(.*\): {advice}$"):
        read_npz(path)


def test_npz_that_is_not_there(tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match=f"^there is no file {tmp_path}/x.npz: give the path of an .npz file$",
    ):
        read_npz(tmp_path / "x.npz")
