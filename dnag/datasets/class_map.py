r"""Where a data set lies among ImageNet's classes and among known data sets.

One file, trained by ``python -m dnag train class-map``, holds a prototype for every class (``dnag.nets``): those of
ImageNet, which have a place on a map, and those of other data sets. Everything here compares the mean feature vector of
a class with prototypes:

* *near* is the cosine of the angle between two classes, seen from the mean of ImageNet's: 1 the same, 0 unrelated;
* a class is *placed* at the weighted mean of the places of its nearest prototypes;
* two data sets are as far apart as the energy distance of their classes (Szekely and Rizzo, 2013), scaled to [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from dnag.checkpoint import DIRECTORY, CheckpointError, load
from dnag.datasets.base import DatasetError
from dnag.datasets.features import FeatureSet
from dnag.nets.class_prototypes import ClassPrototypes

NAME, KIND = "imagenet-classes", "class-map"
NEAREST = 5
SHARPNESS = 20.0  # of the weights in `place`: a prototype 0.05 less near counts e times less
COMMAND = "python -m dnag train class-map"


@dataclass(frozen=True)
class KnownDataset:
    """A data set by its ``label`` and the numbers of its classes among all prototypes."""

    label: str
    classes: tuple[int, ...]


@dataclass(frozen=True)
class ClassMap:
    """Prototypes with their names.

    Attributes:
        network: prototypes of K classes, the first of them ImageNet's, with their places.
        names: of all classes, (K,).
        known: data sets by name.
        extractor: of the features that it takes.
        size: of the images that the extractor was shown, in pixels.
    """

    network: ClassPrototypes
    names: tuple[str, ...]
    known: Mapping[str, KnownDataset]
    extractor: str
    size: int

    @classmethod
    def load(cls, directory: Path = DIRECTORY) -> ClassMap:
        """Read the file. ``CheckpointError`` if it is missing or damaged."""
        path = directory / f"{NAME}.safetensors"
        found = load(path, kind=KIND)
        network: Any = found.modules.get("prototypes")
        about = found.extra
        if not isinstance(network, ClassPrototypes) or len(about.get("names", ())) != network.config.classes:
            raise CheckpointError(f"{path.name} does not hold a name for each of its classes; make it anew: {COMMAND}")
        known = {name: KnownDataset(data["label"], tuple(data["classes"])) for name, data in about["known"].items()}
        return cls(network, tuple(about["names"]), known, about["extractor"], about["size"])

    @property
    def imagenet(self) -> tuple[str, ...]:
        """Names of the ImageNet classes."""
        return self.names[: self.network.config.placed]

    @property
    def places(self) -> Tensor:
        """Where the ImageNet classes lie on the map, (K,2), within [-1, 1]."""
        return self.network.places.float()

    def problem(self, features: FeatureSet) -> str | None:
        """Why features cannot be compared with the prototypes; None if they can."""
        if features.extractor == self.extractor:
            return None
        return f"features of {features.extractor}; the map of classes reads: {self.extractor}"

    def _similarity(self, features: Tensor) -> Tensor:
        """Of classes, by n images each (C,n,D'), to ImageNet's, (C,K)."""
        return self.network(features.mean(1))[:, : self.network.config.placed]

    def nearest(self, features: Tensor, k: int = NEAREST) -> list[list[tuple[str, float]]]:
        """The ``k`` ImageNet classes nearest to each class of features (C,n,D'), with their cosine, nearest first."""
        values, classes = self._similarity(features).topk(k)
        return [
            [(self.names[index], value) for index, value in zip(*row, strict=True)]
            for row in zip(classes.tolist(), values.tolist(), strict=True)
        ]

    def place(self, features: Tensor) -> Tensor:
        """Where classes of features (C,n,D') lie on the map, (C,2)."""
        values, classes = self._similarity(features).topk(NEAREST)
        weights = torch.softmax(SHARPNESS * values, dim=1)
        return (weights[..., None] * self.places[classes]).sum(1)

    def places_of(self, name: str) -> Tensor:
        """Where the classes of a known data set lie on the map, (C,2)."""
        return self.place(self._means(self.known[name].classes))

    def nearest_datasets(self, features: Tensor) -> list[tuple[str, float]]:
        """Known data sets and how far they are from features (C,n,D'), 0 the same to 1 nothing in common, nearest
        first.
        """
        own = F.normalize(self.network.project(features.mean(1)), dim=-1)
        unit = self.network.unit()
        found = [(name, energy_distance(own, unit[list(data.classes)])) for name, data in self.known.items()]
        return sorted(found, key=lambda item: item[1])

    def _means(self, classes: Sequence[int]) -> Tensor:
        return self.network.features(torch.tensor(classes))[:, None]

    def known_features(self, name: str) -> FeatureSet:
        """A known data set by the prototypes of its classes, one feature vector each."""
        if name not in self.known:
            raise DatasetError(f"unknown data set {name!r}; allowed: {', '.join(self.known)}")
        data = self.known[name]
        names = tuple(self.names[index] for index in data.classes)
        return FeatureSet(data.label, names, self._means(data.classes), self.extractor, self.size)

    def mix(self, names: Sequence[str]) -> FeatureSet:
        """A data set of ImageNet classes, by their prototypes. ``DatasetError`` for fewer than two, or unknown ones."""
        numbers = {name: index for index, name in enumerate(self.imagenet)}
        unknown = [name for name in names if name not in numbers]
        if unknown:
            raise DatasetError(f"unknown class {unknown[0]!r}; allowed: the {len(numbers):,} classes of ImageNet")
        if len(set(names)) < max(2, len(names)):
            raise DatasetError(f"a mix of {len(names)} classes: {', '.join(names)}; allowed: two or more, each once")
        label = f"{len(names)} ImageNet classes"
        return FeatureSet(
            label, tuple(names), self._means([numbers[name] for name in names]), self.extractor, self.size
        )

    def draw(self, count: int, seed: int) -> list[str]:
        """``count`` ImageNet classes at random, in the order of their names."""
        drawn = torch.randperm(len(self.imagenet), generator=Generator().manual_seed(seed))[:count]
        return sorted(self.imagenet[index] for index in drawn.tolist())


def energy_distance(x: Tensor, y: Tensor) -> float:
    """Of two sets of points (C,d) and (K,d): 0 for equal sets, 1 for two points that differ."""
    between = float(torch.cdist(x, y).mean())
    within = float(torch.cdist(x, x).mean() + torch.cdist(y, y).mean())
    return max(0.0, 1 - within / (2 * between)) if between > 1e-6 else 0.0
