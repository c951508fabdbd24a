r"""How the map of classes (``dnag.datasets.class_map``) is made, and what it is worth.

The pictures are those that the meta-predictor learned from, seen in the same way (``dnag.meta_training``): one for each
ImageNet class, in ten views at 32 pixels, and CIFAR-10's own. Half of the CIFAR-10 pictures are left to judge by.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Generator, Tensor

from dnag.bundle import ModelBundle, ModelStore
from dnag.checkpoint import Checkpoint, load
from dnag.datasets import BUILTIN, encode, image_source
from dnag.datasets.builtin import CIFAR10
from dnag.datasets.cache import TensorCache
from dnag.datasets.class_map import KIND, ClassMap, KnownDataset
from dnag.datasets.embedding import kept_neighbours, tsne
from dnag.datasets.extractors import extractors
from dnag.datasets.features import DEFAULT, extract
from dnag.evaluation.base import Figure
from dnag.meta import KIND as META
from dnag.meta_training import (
    DRAWS,
    SHOWN,
    STAND_INS,
    cifar10_features,
    picture_features,
    read_class_pictures,
    views,
)
from dnag.metrics import spearman
from dnag.nets.class_prototypes import ClassPrototypes
from dnag.spaces.base import custom_dataset
from dnag.transfer import adapted, meta_path

COMPONENTS = 256
COMPARED = (64, 128, COMPONENTS, 1000)  # as many as there are classes lose nothing
MIXES, MIXED = 6, 20
HELD_VIEWS, HELD_SEED = 3, 100_000  # seeds of the views beyond those of the ones learned from
Tell = Callable[[str], None]


@dataclass(frozen=True)
class ClassFeatures:
    """What the map is made from.

    Attributes:
        imagenet: ten views of a picture of each class, (K,n,D'), and the classes' ``names``.
        cifar10: pictures of each CIFAR-10 class, (10,n,D'); the first half is learned from.
    """

    imagenet: Tensor
    names: tuple[str, ...]
    cifar10: Tensor

    @property
    def half(self) -> int:
        """How many CIFAR-10 pictures of each class are learned from."""
        return self.cifar10.shape[1] // 2


def read_class_features(pictures: Path, cifar10: Path, tell: Tell) -> ClassFeatures:
    """Extract the features of all pictures (``.npz`` files, as for the meta-predictor)."""
    images, names = read_class_pictures(pictures)
    network, cache = extractors[DEFAULT](), TensorCache()
    own = torch.stack(picture_features(network, images, cache, tell))
    other = torch.stack(cifar10_features(network, cifar10, cache)).unflatten(0, (DRAWS, -1))
    return ClassFeatures(own, unique_names(names), other.transpose(0, 1).flatten(1, 2))


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names as people write them; those of several classes are numbered."""
    plain = [name.replace("_", " ") for name in names]
    return tuple(
        f"{name} {plain[: index + 1].count(name)}" if plain.count(name) > 1 else name
        for index, name in enumerate(plain)
    )


def train_class_map(data: ClassFeatures, known: Sequence[str], tell: Tell) -> Checkpoint:
    """Prototypes, known data sets and the map.

    Args:
        known: further data sets, as :func:`~dnag.datasets.image_source` takes them.
    """
    means = [data.cifar10[:, : data.half].mean(1)]
    names = [*data.names, *CIFAR10]
    stand_ins = tuple(data.names.index(name.replace("_", " ")) for name in STAND_INS.values())
    sets = {
        "cifar10": KnownDataset("CIFAR-10", tuple(range(len(data.names), len(names)))),
        "cifar100": KnownDataset(f"CIFAR-100, {len(stand_ins)} of its classes", stand_ins),
        "imagenet16-120": KnownDataset("ImageNet16-120", tuple(range(120))),
    }
    for name in known:
        tell(f"features of {name}")
        features = encode(image_source(name))
        label = BUILTIN[name].label.partition(" (")[0] if name in BUILTIN else features.name
        sets[features.name] = KnownDataset(label, tuple(range(len(names), len(names) + len(features.class_names))))
        means.append(features.features.mean(1))
        names += features.class_names
    network = ClassPrototypes.fit(data.imagenet, torch.cat(means), COMPONENTS)
    tell("map of the classes")
    network.places.copy_(tsne(network.unit()[: len(data.names)]))
    extra = {
        "names": names,
        "known": {name: {"label": kept.label, "classes": list(kept.classes)} for name, kept in sets.items()},
        "extractor": DEFAULT,
        "size": SHOWN,
    }
    return Checkpoint(KIND, "", {"prototypes": network}, extra)


# ---------------------------------------------------------------------- what it is worth


def class_map_figures(found: ClassMap, data: ClassFeatures, pictures: Path, tell: Tell) -> list[Figure]:
    """On views and pictures that were left out, and for mixes beside ten views of each class."""
    tell("views that were left out")
    return [*_recognised(found, data, pictures), *_distances(found, data), *_map(found), *_mixes(data, tell)]


def _recognised(found: ClassMap, data: ClassFeatures, pictures: Path) -> list[Figure]:
    images, _ = read_class_pictures(pictures)
    network, cache = extractors[DEFAULT](), TensorCache()
    held = torch.stack(
        [
            extract(network, views(picture, HELD_VIEWS + 1, HELD_SEED + index)[1:], cache)
            for index, picture in enumerate(images)
        ]
    )
    own = torch.arange(len(images))[:, None]
    right = (found.network(held)[..., : len(images)].argmax(-1) == own).float().mean()
    ten = list(found.known["cifar10"].classes)
    other = found.network(data.cifar10[:, data.half :])[..., ten].argmax(-1)
    correct = (other == torch.arange(10)[:, None]).float().mean()
    return [
        Figure(f"{held[..., 0].numel():,} left-out views: nearest of {len(images):,} classes is right", float(right)),
        Figure(f"{other.numel()} left-out CIFAR-10 pictures: nearest of its 10 classes is right", float(correct)),
    ]


def _distances(found: ClassMap, data: ClassFeatures) -> list[Figure]:
    return [
        Figure(f"left-out CIFAR-10 pictures: distance to {found.known[name].label}", value)
        for name, value in found.nearest_datasets(data.cifar10[:, data.half :])
    ]


def _map(found: ClassMap) -> list[Figure]:
    unit = found.network.unit()[: len(found.imagenet)]
    flat = torch.linalg.svd(unit - unit.mean(0), full_matrices=False)
    plane = flat.U[:, :2] * flat.S[:2]
    return [
        Figure("map: ten nearest neighbours kept", kept_neighbours(unit, found.places)),
        Figure("two principal components: ten nearest neighbours kept", kept_neighbours(unit, plane)),
    ]


def _mixes(data: ClassFeatures, tell: Tell) -> list[Figure]:
    """How far predictions for 20 classes move when a class is known by a prototype instead of ten views."""
    store = ModelStore()
    bundle, meta = store.bundle("nasbench201"), load(meta_path("nasbench201", store), kind=META)
    reduced = {
        f"prototypes of {size:,} components": ClassPrototypes.fit(data.imagenet, data.imagenet[:0, 0], size)
        for size in COMPARED
    }
    generator = Generator().manual_seed(0)
    mixes = [torch.randperm(len(data.imagenet), generator=generator)[:MIXED] for _ in range(MIXES)]
    truth = [_predicted(bundle, meta, data.imagenet[classes]) for classes in mixes]
    spread = torch.pdist(torch.stack([context for _, context in truth])).mean()
    figures = _between(truth)
    for name in (*reduced, "five of the ten views"):
        tell(name)
        order, error, moved = [], [], []
        for classes, (values, context) in zip(mixes, truth, strict=True):
            known = reduced[name].features(classes)[:, None] if name in reduced else data.imagenet[classes][:, :5]
            said, told = _predicted(bundle, meta, known)
            order.append(spearman(said, values) or 0.0)
            error.append(float((said - values).abs().mean()))
            moved.append(float((told - context).norm() / spread))
        start = f"mix of {MIXED} classes, {name} against ten views"
        figures += [
            Figure(f"{start}: Spearman of all cells, worst of {MIXES}", min(order)),
            Figure(f"{start}: mean difference of predicted accuracy", sum(error) / MIXES, "points"),
            Figure(f"{start}: the context moves, in distances between two mixes", sum(moved) / MIXES),
        ]
    return figures


def _between(mixes: Sequence[tuple[Tensor, Tensor]]) -> list[Figure]:
    """How much it matters at all which classes a data set has: predictions for one mix beside those for another."""
    pairs = [(first, second) for (first, _), (second, _) in itertools.combinations(mixes, 2)]
    order = [spearman(first, second) or 0.0 for first, second in pairs]
    level = [float((first - second).abs().mean()) for first, second in pairs]
    start = f"two mixes of {MIXED} classes, mean of {len(pairs)} pairs"
    return [
        Figure(f"{start}: Spearman of all cells", sum(order) / len(pairs)),
        Figure(f"{start}: difference of predicted accuracy", sum(level) / len(pairs), "points"),
    ]


def _predicted(bundle: ModelBundle, meta: Checkpoint, features: Tensor) -> tuple[Tensor, Tensor]:
    """Accuracies of all cells, and the context."""
    name = custom_dataset(len(features))
    made = adapted(bundle, meta, name, features)
    assert made.predictor is not None
    return made.predicted_values(name), torch.tensor(made.predictor.extra["datasets"][name]["context"])


def neighbours(found: ClassMap, data: ClassFeatures) -> list[dict[str, str]]:
    """The ImageNet classes nearest to each CIFAR-10 class, by the pictures left out."""
    rows = found.nearest(data.cifar10[:, data.half :])
    return [
        {"CIFAR-10 class": name, "nearest ImageNet classes": ", ".join(f"{near} {value:.2f}" for near, value in row)}
        for name, row in zip(CIFAR10, rows, strict=True)
    ]
