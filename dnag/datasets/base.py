r"""Data sets as dnag sees them: classes, each with a number of images, each of which can be had at any size.

The networks of this package never see an image. A data set ``D`` enters as the features of ``n`` images of each of its
``C`` classes, a tensor (C, n, D') made by a fixed extractor; from it an encoder makes the context of the predictors
(Lee et al., 2021, https://arxiv.org/abs/2107.00860, as in DiffusionNAG). Real training of an architecture takes the
images themselves, as arrays.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""RGB images, (H, W, 3) or (n, H, W, 3), 0 to 255."""
Labels = NDArray[np.int64]
"""Class numbers, (n,), from 0."""


class DatasetError(ValueError):
    """A data set that is missing, damaged, too large or not of a known form; the message says what is allowed."""


class ImageSource(Protocol):
    """Images by class, decoded when asked for.

    Attributes:
        name: of the data set, for users.
        class_names: one a class, (C,).
        counts: images of each class, (C,).
        warnings: what a user should know of the data, a sentence each.
    """

    @property
    def name(self) -> str: ...

    @property
    def class_names(self) -> tuple[str, ...]: ...

    @property
    def counts(self) -> tuple[int, ...]: ...

    @property
    def warnings(self) -> tuple[str, ...]: ...

    def pixels(self, label: int, index: int, size: int) -> Pixels:
        """Image ``index`` of class ``label``, its largest centred square scaled to (size, size, 3).

        ``DatasetError`` if it cannot be decoded.
        """


def printable(name: str) -> str:
    """A name from a file system or an archive, as it may be shown: no control characters, no broken text."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
