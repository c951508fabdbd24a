"""Images: reading, refusing, and what is done to a batch of them."""

import dataclasses
import re

import numpy as np
import pytest
import torch
from torch import Generator

from dnag.trials.data import DataError, TrialData, augmented, prepared
from dnag.trials.recipe import Recipe

PLAIN = Recipe(epochs=1)


def test_a_file_is_read_as_it_was_written(npz, data):
    read = TrialData.load(npz)
    assert read.class_names == ("0", "1", "2") and read.num_classes == 3 and read.image_size == (8, 8)
    assert np.array_equal(read.train_images, data.train_images) and np.array_equal(read.test_labels, data.test_labels)
    named = dataclasses.replace(read, class_names=data.class_names)
    assert named.fingerprint == data.fingerprint != read.fingerprint


def test_the_fingerprint_sees_one_pixel(data):
    images = data.train_images.copy()
    images[5, 4, 3, 2] ^= 1
    assert dataclasses.replace(data, train_images=images).fingerprint != data.fingerprint
    assert re.fullmatch("[0-9a-f]{16}", data.fingerprint)


def test_statistics_are_those_of_the_training_pixels(data):
    mean, std = data.statistics
    pixels = data.train_images.reshape(-1, 3).astype(float)
    assert mean.numpy() == pytest.approx(pixels.mean(0), rel=1e-5)
    assert std.numpy() == pytest.approx(pixels.std(0), rel=1e-5)
    x = prepared(torch.from_numpy(data.train_images), mean, std, (8, 8))
    assert x.shape == (96, 3, 8, 8)
    assert float(x.mean()) == pytest.approx(0, abs=1e-4) and float(x.std()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("size", [(4, 4), (16, 12)])
def test_images_are_scaled(data, size):
    mean, std = data.statistics
    pixels = torch.from_numpy(data.train_images[:5])
    whole, scaled = prepared(pixels, mean, std, (8, 8)), prepared(pixels, mean, std, size)
    assert scaled.shape == (5, 3, *size)
    assert float((scaled.mean((2, 3)) - whole.mean((2, 3))).abs().max()) < 0.1


def test_nothing_is_done_where_nothing_is_asked():
    x = torch.randn(4, 3, 6, 5, generator=Generator().manual_seed(0))
    assert torch.equal(augmented(x, PLAIN, Generator().manual_seed(1)), x)


def test_a_crop_is_a_shift_with_a_margin_of_zeros():
    x = torch.arange(1.0, 1 + 200 * 3 * 4 * 5).reshape(200, 3, 4, 5)
    found = augmented(x, dataclasses.replace(PLAIN, crop=2), Generator().manual_seed(3))
    padded = torch.nn.functional.pad(x, [2] * 4)
    shifts = set()
    for image, margin in zip(found, padded, strict=True):
        where = [
            (dy, dx) for dy in range(5) for dx in range(5) if torch.equal(margin[:, dy : dy + 4, dx : dx + 5], image)
        ]
        assert len(where) == 1
        shifts.add(where[0])
    assert len(shifts) == 25


def test_half_of_the_images_are_mirrored():
    x = torch.randn(400, 3, 4, 5, generator=Generator().manual_seed(0))
    found = augmented(x, dataclasses.replace(PLAIN, flip=True), Generator().manual_seed(3))
    same = (found == x).flatten(1).all(1)
    mirrored = (found == x.flip(3)).flatten(1).all(1)
    assert bool((same ^ mirrored).all()) and 150 < int(mirrored.sum()) < 250


def test_cutout_blanks_a_square_that_may_reach_over_the_edge():
    x = torch.ones(300, 3, 8, 6)
    found = augmented(x, dataclasses.replace(PLAIN, cutout=4), Generator().manual_seed(3))
    assert torch.equal(found.amin(1), found.amax(1))
    blanked = (found[:, 0] == 0).sum((1, 2))
    assert int(blanked.max()) == 16 and 4 <= int(blanked.min()) < 16
    assert bool((found[:, 0] == 0).any(0).all())


def test_the_same_generator_gives_the_same_images():
    x = torch.randn(9, 3, 8, 8, generator=Generator().manual_seed(0))
    recipe = dataclasses.replace(PLAIN, crop=2, flip=True, cutout=3)
    first, second, other = (augmented(x, recipe, Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second) and not torch.equal(first, other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"class_names": ("a",)}, "1 classes; allowed: 2 or more"),
        (
            {"train_images": np.zeros((96, 8, 8), np.uint8)},
            "train images are 96×8×8 of uint8; allowed: n×height×width×3",
        ),
        ({"test_images": np.zeros((48, 8, 8, 3))}, "test images are 48×8×8×3 of float64"),
        ({"test_images": np.zeros((0, 8, 8, 3), np.uint8)}, "test images are 0×8×8×3"),
        ({"train_labels": np.zeros(5, int)}, r"96 train images have labels of shape \(5,\)"),
        ({"test_labels": np.zeros(48)}, "test labels are float64; allowed: whole numbers"),
        ({"train_labels": np.full(96, 3)}, "train labels go from 3 to 3; allowed: 0 to 2"),
        ({"test_images": np.zeros((48, 4, 8, 3), np.uint8)}, "training images are 8×8 and test images 4×8"),
        ({"train_images": np.zeros((1, 8, 8, 3), np.uint8), "train_labels": np.zeros(1, int)}, "1 training image"),
    ],
)
def test_what_cannot_be_trained_on_is_named(data, change, message):
    with pytest.raises(DataError, match=message):
        dataclasses.replace(data, **change)


def test_files_that_do_not_fit_are_named(tmp_path, npz):
    def refused(message):
        with pytest.raises(DataError, match=message):
            TrialData.load(path)

    path = tmp_path / "odd.npz"
    path.write_bytes(b"not a zip file")
    refused("odd.npz is no .npz file of plain arrays")
    path.write_bytes(npz.read_bytes()[:5000])
    refused("odd.npz is no .npz file of plain arrays")
    np.save(path.with_suffix(".npy"), np.zeros(3))
    path.with_suffix(".npy").rename(path)
    refused("odd.npz is no .npz file of plain arrays")
    np.savez(path, x_train=np.zeros(3), other=np.zeros(3))
    refused("odd.npz has no y_train, only x_train, other; allowed: x_train, y_train, x_test, y_test")
    with np.load(npz) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, "y_test": np.array([{}], dtype=object)})
    refused("odd.npz is no .npz file of plain arrays")
    np.savez(path, **{**arrays, "x_test": arrays["x_test"].astype(float)})
    refused("odd.npz: test images are 48×8×8×3 of float64")
    np.savez(path, **{**arrays, "y_test": arrays["y_test"] - 1})
    refused("odd.npz: test labels go from -1 to 1")
    with pytest.raises(FileNotFoundError):
        TrialData.load(tmp_path / "absent.npz")
