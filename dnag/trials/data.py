r"""Images to train candidates on: whole arrays of 8-bit pixels, and what is done to a batch of them.

    x = (pixels - mean) / std per channel, scaled to the recipe's size; then shifted, mirrored, and a square blanked out

all for a batch at once, by indexing: row ``r`` and column ``c`` of a shifted image are ``r + dy`` and ``c + dx`` of one
with a margin of zeros, which is the mean colour; mirroring reverses the columns.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from dnag.datasets import ImageDataset
from dnag.trials.recipe import Recipe

ARRAYS = ("x_train", "y_train", "x_test", "y_test")


class DataError(ValueError):
    """Images or labels that cannot be trained on; the message says which and why."""


@dataclass(frozen=True, eq=False)
class TrialData:
    """A dataset for classification. Checked when made: ``DataError`` says what came and what is allowed.

    Attributes:
        train_images: (n, H, W, 3) uint8.
        train_labels: (n,) whole numbers, an index into ``class_names``.
        test_images: (m, H, W, 3) uint8, of the same size.
        test_labels: (m,).
        class_names: a name per class, two or more.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", tuple(self.class_names))
        if len(self.class_names) < 2:
            raise DataError(f"{len(self.class_names)} classes; allowed: 2 or more")
        for part in ("train", "test"):
            images, labels = getattr(self, f"{part}_images"), getattr(self, f"{part}_labels")
            if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8 or 0 in images.shape:
                found = f"{'×'.join(map(str, images.shape))} of {images.dtype}"
                raise DataError(f"{part} images are {found}; allowed: n×height×width×3 of uint8")
            if labels.shape != images.shape[:1]:
                raise DataError(f"{len(images)} {part} images have labels of shape {labels.shape}")
            if not np.issubdtype(labels.dtype, np.integer):
                raise DataError(f"{part} labels are {labels.dtype}; allowed: whole numbers")
            low, high = int(labels.min()), int(labels.max())
            if low < 0 or high >= len(self.class_names):
                allowed = f"0 to {len(self.class_names) - 1}, one for each class"
                raise DataError(f"{part} labels go from {low} to {high}; allowed: {allowed}")
        if len(self.train_images) < 2:
            raise DataError("1 training image; allowed: 2 or more")
        if self.train_images.shape[1:] != self.test_images.shape[1:]:
            sizes = [f"{images.shape[1]}×{images.shape[2]}" for images in (self.train_images, self.test_images)]
            raise DataError(f"training images are {sizes[0]} and test images {sizes[1]}; allowed: one size")

    @classmethod
    def of(cls, images: ImageDataset) -> TrialData:
        """The two parts of a data set."""
        train, test = images.train, images.test
        return cls(train.images, train.labels, test.images, test.labels, images.class_names)

    @classmethod
    def load(cls, path: Path) -> TrialData:
        """Read an .npz file with ``x_train``, ``y_train``, ``x_test``, ``y_test``, and ``class_names`` if it has them.

        Nothing is unpickled. ``DataError`` names the file and what is wrong with it.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                missing = [name for name in ARRAYS if name not in file]
                if missing:
                    held = ", ".join(file) or "nothing"
                    raise DataError(f"{path.name} has no {missing[0]}, only {held}; allowed: {', '.join(ARRAYS)}")
                arrays = [file[name] for name in ARRAYS]
                names = [str(name) for name in file["class_names"]] if "class_names" in file else None
        except DataError:
            raise
        except (ValueError, BadZipFile, EOFError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path.name} is no .npz file of plain arrays: {error}") from None
        if names is None:
            labels = [labels for labels in arrays[1::2] if labels.size and np.issubdtype(labels.dtype, np.integer)]
            names = [str(label) for label in range(1 + max((int(part.max()) for part in labels), default=1))]
        try:
            return cls(arrays[0], arrays[1], arrays[2], arrays[3], tuple(names))
        except DataError as error:
            raise DataError(f"{path.name}: {error}") from None

    @property
    def num_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.train_images.shape[1], self.train_images.shape[2]

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that differ for other images, labels or classes."""
        digest = hashlib.blake2b("\0".join(self.class_names).encode(), digest_size=8)
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(str((array.shape, array.dtype.str)).encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    @cached_property
    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the training pixels per channel, (3,) each, in [0, 255]."""
        counts = np.stack([np.bincount(self.train_images[..., channel].ravel(), minlength=256) for channel in range(3)])
        shares = counts / counts.sum(1, keepdims=True)
        mean = shares @ np.arange(256)
        std = np.sqrt((shares * (np.arange(256) - mean[:, None]) ** 2).sum(1))
        return torch.tensor(mean, dtype=torch.float), torch.tensor(np.maximum(std, 1.0), dtype=torch.float)


def prepared(pixels: Tensor, mean: Tensor, std: Tensor, size: tuple[int, int]) -> Tensor:
    """Pixels (B, h, w, 3) uint8 -> (B, 3, H, W) float, normalised and scaled to ``size`` = (H, W)."""
    x = ((pixels.float() - mean) / std).permute(0, 3, 1, 2)  # a view: the channels stay last in memory
    if tuple(x.shape[2:]) != size:
        x = F.interpolate(x, size, mode="bicubic", antialias=True, align_corners=False)
    return x


def augmented(x: Tensor, recipe: Recipe, generator: Generator) -> Tensor:
    """Images (B, 3, H, W) shifted, mirrored and cut into as the recipe says; draws come from a CPU generator."""
    count, _, height, width = x.shape
    rows, columns = (torch.arange(side).expand(count, side) for side in (height, width))
    if recipe.flip:
        mirrored = torch.rand(count, 1, generator=generator) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
    if recipe.crop:
        shifts = torch.randint(0, 2 * recipe.crop + 1, (2, count, 1), generator=generator)
        rows, columns = rows + shifts[0], columns + shifts[1]
        x = F.pad(x, [recipe.crop] * 4)
    if recipe.flip or recipe.crop:
        image = torch.arange(count, device=x.device)[:, None, None]
        rows, columns = rows.to(x.device)[:, :, None], columns.to(x.device)[:, None, :]
        x = x.permute(0, 2, 3, 1)[image, rows, columns].permute(0, 3, 1, 2)
    if recipe.cutout:
        sides = torch.tensor([[height], [width]])
        centres = (torch.rand(2, count, generator=generator) * sides).long()[..., None]
        gaps = [torch.arange(int(side)) - centre for side, centre in zip(sides, centres, strict=True)]
        half = recipe.cutout // 2
        inside_rows, inside_columns = ((gap >= -half) & (gap < recipe.cutout - half) for gap in gaps)  # (B,H), (B,W)
        hole = inside_rows[:, None, :, None] & inside_columns[:, None, None, :]
        x = x.masked_fill(hole.to(x.device), 0.0)
    return x
