r"""Generation for a dataset the models have never seen: images in, architectures out.

The meta-predictor's encoder turns the features of the images into a context; with it the predictors are those of one
more dataset, and a run is like any other. Where a space has no meta-predictor, architectures are ranked and steered by
its own first dataset, and that is said.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from dnag.bundle import ModelBundle, ModelStore, checkpoint_path
from dnag.checkpoint import Checkpoint, CheckpointError, load, read_header
from dnag.datasets.base import DatasetError
from dnag.datasets.features import FeatureSet, is_id, keep, recall
from dnag.meta import KIND
from dnag.nets.property_model import Labels
from dnag.nets.property_predictor import AdditivePropertyPredictor
from dnag.spaces.base import custom_dataset, spaces

_KEPT = 16  # adapted bundles


def meta_path(space: str, store: ModelStore) -> Path:
    """Where the meta-predictor of a space is, if it is installed."""
    return checkpoint_path(f"{space}-meta", store.directory)


def transfers(space: str, store: ModelStore) -> bool:
    """Has the space a meta-predictor?"""
    return meta_path(space, store).exists()


def settings_for(space: str, features: FeatureSet, store: ModelStore) -> dict[str, Any]:
    """The settings (``RunSettings``) that make a run one for a dataset of the user's own.

    Where the space has no meta-predictor they are those of its first dataset; see :func:`what_is_missing`.
    """
    if not transfers(space, store):
        return {"space": space, "dataset": next(iter(spaces[space].datasets))}
    return {"space": space, "dataset": custom_dataset(len(features.class_names)), "features": keep(features)}


def what_is_missing(space: str, store: ModelStore) -> str | None:
    """What to tell a user whose dataset cannot be taken into account; None if it can."""
    if transfers(space, store):
        return None
    owner = spaces[space]()
    label = next(iter(owner.datasets.values())).label
    return (
        f"{owner.label} has no meta-predictor, so {label} stands for your dataset. What is missing is "
        f"checkpoints/{space}-meta.safetensors; to train one takes accuracies of its networks on many datasets."
    )


def read_features(text: str) -> FeatureSet:
    """Features by their id, or from a file of ``encode`` (safetensors) or of ``import-official`` (npz)."""
    if is_id(text):
        return recall(text)
    path = Path(text)
    if path.suffix == ".safetensors":
        return FeatureSet.load(path)
    if path.suffix == ".npz":
        from dnag.official import Features

        return Features.load(path).feature_set(path.stem.removesuffix("-features"))
    raise DatasetError(f"features is {text!r}; allowed: a file of encode (.safetensors) or import-official (.npz)")


def check_features(features: FeatureSet, space: str, store: ModelStore) -> None:
    """``CheckpointError`` if the space's meta-predictor reads other features than these; there must be one."""
    _check_features(features, space, read_header(meta_path(space, store))["extra"])


def _check_features(features: FeatureSet, space: str, extra: Mapping[str, Any]) -> None:
    found = features.extractor, features.features.shape[-1]
    wanted = extra["features"]["extractor"], len(extra["features"]["mean"])
    if found != wanted:
        raise CheckpointError(
            f"features of {found[0]}, {found[1]} wide; the meta-predictor of {space} reads: {wanted[0]}, "
            f"{wanted[1]} wide"
        )


def extractor_of(store: ModelStore, bundle: ModelBundle) -> str:
    """Name of the extractor whose features the bundle's predictors read. ``CheckpointError`` if there is none."""
    if bundle.untold:
        from dnag.official.using import EXTRACTOR

        return EXTRACTOR
    path = meta_path(bundle.space.name, store)
    if not path.exists():
        raise CheckpointError(what_is_missing(bundle.space.name, store) or "")
    return read_header(path)["extra"]["features"]["extractor"]


def adapted_bundle(store: ModelStore, bundle: ModelBundle, name: str, features: FeatureSet, key: str) -> ModelBundle:
    """A bundle whose predictors are told of one dataset; ``bundle`` keeps the last ones made, by name and ``key``.

    ``CheckpointError`` if the space has no meta-predictor and no imported one is named, or it reads other features than
    these; ``ValueError`` if the dataset has another number of classes.
    """
    made = bundle.adapted.get((name, key))
    if made is None:
        made = bundle.adapted[name, key] = _adapted_bundle(store, bundle, name, features)
        for oldest in list(bundle.adapted)[:-_KEPT]:
            bundle.adapted.pop(oldest, None)
    return made


def _adapted_bundle(store: ModelStore, bundle: ModelBundle, name: str, features: FeatureSet) -> ModelBundle:
    classes = bundle.space.dataset(name).num_classes
    if len(features.class_names) != classes:
        raise ValueError(f"features of {len(features.class_names)} classes; dataset {name} has {classes}")
    if bundle.untold:
        from dnag.official.bundle import told

        return told(bundle, features)
    path = meta_path(bundle.space.name, store)
    if not path.exists():
        raise CheckpointError(what_is_missing(bundle.space.name, store) or "")
    meta = load(path, kind=KIND, space=bundle.space.name, device=bundle.device)
    _check_features(features, bundle.space.name, meta.extra)
    return adapted(bundle, meta, name, features.features)


def adapted(bundle: ModelBundle, meta: Checkpoint, name: str, features: Tensor) -> ModelBundle:
    """A bundle whose predictor is the meta-predictor, told of one dataset by its features (C,n,D')."""
    encoder: Any = meta.modules["encoder"]
    normal = meta.extra["features"]
    standard = (features - torch.tensor(normal["mean"])) / torch.tensor(normal["std"])
    with torch.no_grad():
        context = encoder(standard[None].to(bundle.device))[0].cpu()
    known: dict[str, Any] = {"context": context.tolist(), "logit": meta.extra["logit"]}
    modules = {key: module for key, module in meta.modules.items() if key != "encoder"}
    predictor = Checkpoint("predictor", bundle.space.name, modules, {"datasets": {name: known}})
    made = replace(bundle, predictor=predictor, adapted={}, _values={}, _tilts={}, _lock=threading.Lock())
    if bundle.space.enumerable:
        values = made.predicted_values(name)
    else:
        ops = bundle.space.sample_ops(8192, Generator().manual_seed(0))
        values = made.ranking(name)(bundle.space.encode_ops(ops).to(bundle.device))[0]
    labels = Labels.of(values.cpu())
    known["labels"] = asdict(labels)
    if "guidance" not in modules:
        additive = made.additive_accuracy(name)
        modules["guidance"] = AdditivePropertyPredictor(
            additive.weights, additive.offset - labels.best, labels.spread, posterior=bundle.denoiser.posterior
        ).to(bundle.device)
    return made
