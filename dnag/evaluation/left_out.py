r"""What a user with a new dataset gets: candidates for a dataset that the models were never told of, as measured.

For each table of a space, a meta-predictor is trained without it (ranking and guidance), a guided run is told of the
dataset by the features of its images alone, and of its first ten candidates the best measured accuracy counts. Beside
it stand ten random architectures, and the best of the whole table.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Generator

from dnag.bundle import ModelStore
from dnag.checkpoint import save
from dnag.datasets.features import DEFAULT, FeatureSet, keep
from dnag.evaluation.base import Figure
from dnag.meta_training import SHOWN, MetaData, train_meta
from dnag.run_settings import RunSettings
from dnag.runs import run
from dnag.spaces.base import SearchSpace, custom_dataset
from dnag.transfer import meta_path

CANDIDATES = 10
SAMPLES = 256
AIMS = {"cifar10": "94.1", "cifar100": "72.8", "imagenet16-120": "46.3"}

Tell = Callable[[str], None]


def left_out_figures(
    space: SearchSpace,
    data: MetaData,
    store: ModelStore,
    folder: Path,
    *,
    seeds: int = 10,
    tables: tuple[str, ...] = (),
    tell: Tell,
) -> list[Figure]:
    """Best measured accuracy of ten candidates for each table left out, mean over seeds.

    Args:
        folder: where the models trained for it are kept: a second call goes on from there.
        tables: which of the tables to leave out; default: each in turn.
    """
    for name in tables:
        if name not in data.tables:
            raise ValueError(f"no table of {name!r} to leave out; allowed: {', '.join(data.tables)}")
    figures = []
    for name in tables or tuple(data.tables):
        models = left_out_models(space, data, store, folder, name, tell)
        figures += _figures(space, data, models, name, seeds, tell)
    return figures


def left_out_models(
    space: SearchSpace, data: MetaData, store: ModelStore, folder: Path, name: str, tell: Tell
) -> ModelStore:
    """The shipped models with a meta-predictor that was trained without the table ``name``."""
    models = ModelStore(folder / name)
    path = meta_path(space.name, models)
    if path.exists():
        return models
    models.directory.mkdir(parents=True, exist_ok=True)
    for shipped in store.directory.glob(f"{space.name}-*.safetensors"):
        if shipped.name != path.name:
            shutil.copy(shipped, models.directory / shipped.name)
    others = {other: table for other, table in data.tables.items() if other != name}
    made, _ = train_meta(
        space,
        replace(data, tables=others),
        tell=lambda what: tell(f"without {name}: {what}"),
        callback=lambda progress: tell(f"without {name}: step {progress.step} of {progress.total}"),
        state_path=models.directory / "guidance.state",
    )
    save(path, made)
    return models


def _figures(space: SearchSpace, data: MetaData, models: ModelStore, name: str, seeds: int, tell: Tell) -> list[Figure]:
    draws, accuracy = data.tables[name]
    label = space.dataset(name).label
    known = {tuple(ops): value for ops, value in zip(space.all_ops.tolist(), accuracy.tolist(), strict=True)}
    raw = data.features[draws[0]] * data.std + data.mean
    features = FeatureSet(label, tuple(f"class {i}" for i in range(len(raw))), raw, DEFAULT, SHOWN)
    best, random = [], []
    for seed in range(seeds):
        tell(f"candidates for {label}: seed {seed} of {seeds}")
        settings = RunSettings(
            space=space.name,
            dataset=custom_dataset(len(raw)),
            features=keep(features),
            samples=SAMPLES,
            seed=seed,
            device="cpu",
        )
        result = run(settings, store=models)
        best.append(max(known[candidate.ops] for candidate in result.candidates[:CANDIDATES]))
        drawn = torch.randint(space.size, (CANDIDATES,), generator=Generator().manual_seed(seed))
        random.append(float(accuracy[drawn].max()))
    whose = f"{label}, left out of training: best measured accuracy"
    mean, top = sum(best) / len(best), float(accuracy.max())
    return [
        Figure(
            f"{whose} of {CANDIDATES} candidates of {SAMPLES} samples, mean of {seeds} seeds",
            mean,
            "%",
            top,
            AIMS.get(name, ""),
        ),
        Figure(f"{whose} of {CANDIDATES} candidates, worst of {seeds} seeds", min(best), "%", top),
        Figure(f"{whose} of {CANDIDATES} random cells, mean of {seeds} seeds", sum(random) / len(random), "%", top),
    ]
