"""Fixed networks that turn an image into a vector: ``phi: [0, 255]^(H×W×3) -> R^D'``.

An extractor is one file with one class. Its package and weights may be missing: ``missing`` says so, and how to get
them, without importing anything; making an instance loads them. Nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from dnag.registry import Registry

extractors: Registry[Extractor] = Registry("extractor", "dnag.datasets.extractors")


class ExtractorError(ValueError):
    """An extractor whose package or weights are missing or damaged; the message says how to get them."""


class Extractor(ABC):
    """A fixed network.

    Attributes:
        name: in the registry.
        label: a few words for users.
        width: D', the length of a feature vector.
        size: height and width of the images it takes unless told otherwise, in pixels.
        version: changes when the features of the same image do.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    width: ClassVar[int]
    size: ClassVar[int]
    version: ClassVar[int] = 1

    def __init__(self) -> None:
        missing = self.missing()
        if missing is not None:
            raise ExtractorError(missing)

    @classmethod
    @abstractmethod
    def missing(cls) -> str | None:
        """What is not installed and how to install it; None if all is there."""

    @abstractmethod
    def __call__(self, images: Tensor) -> Tensor:
        """Features of images: (B, 3, H, W) uint8, RGB -> (B, D') float32."""


def has_package(name: str) -> bool:
    """Whether a package is installed; it is not imported."""
    return importlib.util.find_spec(name) is not None
