r"""What the shipped meta-predictor learns from, and how far it carries to datasets it was not told of.

One picture stands for each ImageNet class. It is reduced to 32 pixels, as in the paper, and shown in several views
(random crops, mirrored, brighter or darker), so that the encoder learns what a class is rather than one picture. The
official records are tasks of 20 such classes. The three tables of NAS-Bench-201 are three more datasets:

* CIFAR-10, by its own pictures, several draws of them;
* ImageNet16-120, by the 120 ImageNet classes it consists of;
* CIFAR-100, whose pictures are not at hand, by those of its classes that ImageNet has too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor, nn

from dnag.benchmarks.base import BenchmarkError
from dnag.benchmarks.meta_records import OfficialRecords
from dnag.checkpoint import Checkpoint
from dnag.datasets.cache import TensorCache
from dnag.datasets.extractors import Extractor, extractors
from dnag.datasets.features import DEFAULT, extract
from dnag.evaluation.base import Figure
from dnag.meta import KIND, MetaRanking, MetaRecords, meta_predict, padded, train_meta_ranking
from dnag.metrics import spearman
from dnag.nets.property_model import LogitLabels
from dnag.recipes import train_guidance
from dnag.spaces.base import SearchSpace
from dnag.training import TrainConfig, TrainProgress, TrainResult

VIEWS = 10
SMALL, SHOWN = 32, 128
DRAWS = 6  # of CIFAR-10, as so many datasets
TASKS = 300  # random ones that the noise-aware predictor learns
TABLE_SHARE = 0.25  # of the draws in training, for each table
STAND_INS = {
    "apple": "Granny_Smith",
    "bear": "brown_bear",
    "beaver": "beaver",
    "bee": "bee",
    "beetle": "ground_beetle",
    "bicycle": "mountain_bike",
    "bottle": "water_bottle",
    "bowl": "soup_bowl",
    "bridge": "suspension_bridge",
    "bus": "school_bus",
    "butterfly": "monarch",
    "camel": "Arabian_camel",
    "castle": "castle",
    "cattle": "ox",
    "chair": "folding_chair",
    "chimpanzee": "chimpanzee",
    "clock": "wall_clock",
    "cockroach": "cockroach",
    "couch": "studio_couch",
    "crab": "rock_crab",
    "crocodile": "African_crocodile",
    "cup": "cup",
    "elephant": "Indian_elephant",
    "fox": "red_fox",
    "hamster": "hamster",
    "kangaroo": "wallaby",
    "keyboard": "computer_keyboard",
    "lamp": "table_lamp",
    "lawn_mower": "lawn_mower",
    "leopard": "leopard",
    "lion": "lion",
    "lizard": "green_lizard",
    "lobster": "American_lobster",
    "motorcycle": "moped",
    "mountain": "alp",
    "mushroom": "mushroom",
    "orange": "orange",
    "otter": "otter",
    "pickup_truck": "pickup",
    "plate": "plate",
    "porcupine": "porcupine",
    "rabbit": "wood_rabbit",
    "ray": "stingray",
    "rocket": "missile",
    "sea": "seashore",
    "shark": "great_white_shark",
    "skunk": "skunk",
    "snail": "snail",
    "snake": "garter_snake",
    "spider": "garden_spider",
    "streetcar": "streetcar",
    "sunflower": "daisy",
    "table": "dining_table",
    "tank": "tank",
    "telephone": "dial_telephone",
    "television": "television",
    "tiger": "tiger",
    "tractor": "tractor",
    "train": "bullet_train",
    "turtle": "box_turtle",
    "wardrobe": "wardrobe",
    "whale": "grey_whale",
    "wolf": "timber_wolf",
}
"""CIFAR-100 class -> the ImageNet class whose picture stands for it."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class MetaData:
    """Features of all classes, standardised; the official records; and the tables as further datasets.

    Attributes:
        features: (K, n, D').
        mean, std: what they were standardised by, (D',).
        official: records of tasks of ImageNet classes.
        tables: name of a dataset -> the classes of each of its draws, and the accuracy of every cell.
    """

    features: Tensor
    mean: Tensor
    std: Tensor
    official: OfficialRecords
    tables: Mapping[str, tuple[Sequence[Tensor], Tensor]]


def views(picture: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Views of a picture (H,W,3), (count, 128, 128, 3) uint8: itself at 32 pixels first, then changed at random."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(picture).resize((SMALL, SMALL), Image.Resampling.BOX)
    found = [np.asarray(small.resize((SHOWN, SHOWN), Image.Resampling.BICUBIC))]
    while len(found) < count:
        side = rng.uniform(0.7, 1.0) * SMALL
        left, top = rng.uniform(0, SMALL - side, 2)
        box = (left, top, left + side, top + side)
        view = np.asarray(small.resize((SHOWN, SHOWN), Image.Resampling.BICUBIC, box=box), dtype=np.float32)
        if rng.random() < 0.5:
            view = view[:, ::-1]
        view = 128 + (view - 128) * rng.uniform(0.8, 1.2) + rng.uniform(-16, 16)
        found.append(np.clip(view, 0, 255).astype(np.uint8))
    return np.stack(found)


def read_class_pictures(path: Path) -> tuple[np.ndarray, list[str]]:
    """One picture per class, (K,H,W,3) uint8, and the names of the classes, from an ``.npz`` file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            images, names = file["images"], [str(name) for name in file["class_name"]]
    except Exception as error:
        raise BenchmarkError(
            f"{path.name} holds no class pictures ({error}); allowed: .npz with images, class_name"
        ) from None
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8 or len(images) != len(names):
        raise BenchmarkError(f"{path.name}: images are {images.dtype} {images.shape}; allowed: uint8 (K, H, W, 3)")
    return images, names


def picture_features(network: Extractor, images: np.ndarray, cache: TensorCache, tell: Tell) -> list[Tensor]:
    """Of the views of each picture, (n,D')."""
    found = []
    for index, picture in enumerate(images):
        found.append(extract(network, views(picture, VIEWS, index), cache))
        if index % 50 == 0:
            tell(f"features of class {index} of {len(images)}")
    return found


def cifar10_features(network: Extractor, path: Path, cache: TensorCache) -> list[Tensor]:
    """Of ``DRAWS`` draws of CIFAR-10 (``x_train`` and ``y_train``), class by class: (n,D') for each draw and class."""
    with np.load(path, allow_pickle=False) as file:
        x, y = file["x_train"], file["y_train"].ravel()
    found = []
    for draw in range(DRAWS):
        for label in range(10):
            own = x[y == label][draw * VIEWS : (draw + 1) * VIEWS]
            found.append(extract(network, np.concatenate([views(picture, 1, 0) for picture in own]), cache))
    return found


def read_meta_data(
    space: SearchSpace,
    official: OfficialRecords,
    pictures: Path,
    cifar10: Path | None,
    accuracies: Mapping[str, Tensor],
    tell: Tell,
    *,
    cache: TensorCache | None = None,
) -> MetaData:
    """Extract features of all classes.

    Args:
        pictures: one picture of each ImageNet class (``.npz``).
        cifar10: CIFAR-10 pictures, ``x_train`` and ``y_train`` (``.npz``); None where its table is not among the
            accuracies.
        accuracies: dataset -> accuracy of every cell in the order of ``space.all_ops``.
    """
    images, names = read_class_pictures(pictures)
    network, cache = extractors[DEFAULT](), cache or TensorCache()
    found = picture_features(network, images, cache, tell)
    if cifar10 is not None:
        found += cifar10_features(network, cifar10, cache)
    features = torch.stack(found)
    mean, std = features.mean((0, 1)), features.std((0, 1)) + 1e-6
    first = len(images)
    draws = {
        "cifar10": [torch.arange(first + 10 * draw, first + 10 * (draw + 1)) for draw in range(DRAWS)],
        "cifar100": [torch.tensor([names.index(name) for name in STAND_INS.values()])],
        "imagenet16-120": [torch.arange(120)],
    }
    tables = {name: (draws[name], values) for name, values in accuracies.items() if name in draws}
    return MetaData((features - mean) / std, mean, std, official, tables)


def meta_records(space: SearchSpace, data: MetaData, *, tables: Sequence[str], validation: bool) -> MetaRecords:
    """The official records, with those for validation or without, and the tables named."""
    official = data.official
    kept = torch.ones_like(official.validation) if validation else ~official.validation
    tasks = [*official.classes]
    task, ops, accuracy = [official.task[kept]], [official.ops[kept]], [official.accuracy_pct[kept]]
    weight = [torch.full((int(kept.sum()),), (1 - TABLE_SHARE * len(tables)) / int(kept.sum()))]
    for name in tables:
        draws, values = data.tables[name]
        for classes in draws:
            task.append(torch.full((len(values),), len(tasks)))
            tasks.append(classes)
            ops.append(space.all_ops)
            accuracy.append(values)
            weight.append(torch.full((len(values),), TABLE_SHARE / len(draws) / len(values)))
    parts = [torch.cat(part) for part in (task, ops, accuracy, weight)]
    return MetaRecords(data.features, tasks, *parts)


def contexts_of(model: MetaRanking, features: Tensor, tasks: Sequence[Tensor]) -> Tensor:
    """Contexts (T,Z) of datasets given by their classes."""
    with torch.no_grad():
        found = [model.contexts(features, *padded([task])) for task in tasks]
    return torch.cat(found)


def train_meta(
    space: SearchSpace,
    data: MetaData,
    *,
    steps: int = 1500,
    guidance_steps: int = 3000,
    seed: int = 0,
    tell: Tell,
    callback: Callable[[TrainProgress], None] | None = None,
    state_path: Path | None = None,
) -> tuple[Checkpoint, TrainResult]:
    """Ranking on everything there is and, where the space can be listed, a noise-aware predictor taught by it."""
    tell("ranking")
    records = meta_records(space, data, tables=list(data.tables), validation=True)
    model, logit, curve = train_meta_ranking(space, records, ranking_config(steps, seed), callback=callback)
    modules: dict[str, Any] = {"encoder": model.encoder}
    if space.enumerable:
        modules["guidance"], result = _train_guidance(
            space, data, model, logit, TrainConfig(steps=guidance_steps, seed=seed), tell, callback, state_path
        )
    else:
        result = TrainResult(model, curve)
    modules |= {f"ranking.{index}": member for index, member in enumerate(model.members)}
    extra = {
        "logit": {"mean": logit.mean, "spread": logit.spread},
        "features": {
            "extractor": DEFAULT,
            "size": SHOWN,
            "mean": [round(value, 5) for value in data.mean.tolist()],
            "std": [round(value, 5) for value in data.std.tolist()],
        },
        "steps": steps,
        "guidance_steps": guidance_steps,
        "seed": seed,
    }
    return Checkpoint(KIND, space.name, modules, extra), result


def _train_guidance(
    space: SearchSpace,
    data: MetaData,
    model: MetaRanking,
    logit: LogitLabels,
    config: TrainConfig,
    tell: Tell,
    callback: Callable[[TrainProgress], None] | None,
    state_path: Path | None,
) -> tuple[nn.Module, TrainResult]:
    """A noise-aware predictor taught by what the ranking says of every architecture on random datasets."""
    tell("accuracies of the datasets that the noise-aware predictor learns")
    generator = Generator().manual_seed(config.seed)
    known = len(set(data.official.classes.flatten().tolist()))
    tasks = [torch.randperm(known, generator=generator)[:20] for _ in range(TASKS)]
    tasks += [draws[0] for draws, _ in data.tables.values()]
    contexts = contexts_of(model, data.features, tasks)
    values = {
        str(index): meta_predict(model, logit, space, data.features, space.all_ops, context.expand(space.size, -1))
        for index, context in enumerate(contexts)
    }
    tell("guidance")
    return train_guidance(
        space,
        values,
        config,
        contexts=contexts,
        state_path=state_path,
        callback=callback,
    )


def ranking_config(steps: int, seed: int) -> TrainConfig:
    """How the ranking part is trained."""
    return TrainConfig(steps=steps, lr=2e-3, warmup=100, weight_decay=1e-2, ema_decay=0.995, seed=seed)


def transfer_figures(
    space: SearchSpace, data: MetaData, *, steps: int = 1200, seed: int = 0, tell: Tell
) -> list[Figure]:
    """What the dataset input is worth: on records held back, and on tables that were left out of training."""
    figures = []
    names = list(data.tables)

    def trained(tables: Sequence[str]) -> tuple[MetaRanking, LogitLabels]:
        records = meta_records(space, data, tables=tables, validation=False)
        model, logit, _ = train_meta_ranking(space, records, ranking_config(steps, seed))
        return model, logit

    def on_table(model: MetaRanking, logit: LogitLabels, name: str) -> float | None:
        draws, values = data.tables[name]
        context = contexts_of(model, data.features, draws[:1]).expand(space.size, -1)
        return spearman(meta_predict(model, logit, space, data.features, space.all_ops, context), values)

    tell("records alone")
    model, logit = trained([])
    held = data.official.validation
    task, ops, truth = data.official.task[held], data.official.ops[held], data.official.accuracy_pct[held]
    contexts = contexts_of(model, data.features, [*data.official.classes[task]])
    shuffled = contexts[torch.randperm(len(contexts), generator=Generator().manual_seed(seed))]
    for label, given, aim in (("", contexts, "0.78"), (", features of another record's dataset", shuffled, "")):
        said = meta_predict(model, logit, space, data.features, ops, given)
        pearson = float(torch.corrcoef(torch.stack([said, truth]))[0, 1])
        count = int(held.sum())
        figures.append(Figure(f"{count} validation records{label}: Spearman", spearman(said, truth), target=aim))
        figures.append(Figure(f"{count} validation records{label}: Pearson", pearson))
    for name in names:
        label = space.dataset(name).label
        figures.append(
            Figure(
                f"{label}, from the records alone: Spearman of all cells", on_table(model, logit, name), target="report"
            )
        )
    for name in names:
        tell(f"without {name}")
        model, logit = trained([other for other in names if other != name])
        label = space.dataset(name).label
        figures.append(
            Figure(f"{label}, left out of training: Spearman of all cells", on_table(model, logit, name), target="0.93")
        )
    return figures
