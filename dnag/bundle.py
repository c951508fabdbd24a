r"""The models of one search space, ready to be used: score network, noise-aware predictor, ranking ensemble, latency.

A bundle holds no state of a run. The dataset is an argument of every method that needs one, never stored on a model,
so that concurrent runs cannot see each other's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from dnag.additive import Additive
from dnag.checkpoint import DIRECTORY, Checkpoint, CheckpointError, load, read_header
from dnag.costs import CostModel, cost_models
from dnag.exact import Enumeration, ExactDenoiser
from dnag.nets.property_model import Labels, LogitLabels, PropertyModel, RankingEnsemble
from dnag.nets.score_model import ScoreModel
from dnag.registry import from_config
from dnag.sdes.base import SDE, sdes
from dnag.shapes import PropertyFn
from dnag.spaces.base import Architecture, SearchSpace, spaces

Ranking = Callable[[Tensor], tuple[Tensor, Tensor]]
"""``onehot (B,N,F) -> mean (B,), spread (B,)`` of predicted accuracy, in %."""
OWN, UNTOLD = "predictor", "meta_predictor"
"""Kinds of checkpoints: predictors that know datasets by name, and imported ones, which have to be told of one."""


def checkpoint_path(name: str, directory: Path = DIRECTORY) -> Path:
    """Where the checkpoint called ``name`` is: a path to a file, or the name of one in ``directory``."""
    if name.endswith(".safetensors") or "/" in name:
        return Path(name)
    return directory / f"{name}.safetensors"


def task_name(space: SearchSpace, dataset: str, resolution: int = 0) -> str:
    """How a predictor calls a dataset at an image size: by the dataset's name alone for its own size, or 0."""
    return dataset if resolution in (0, space.dataset(dataset).resolution) else f"{dataset}@{resolution}"


@dataclass
class ModelBundle:
    """Models of ``space``. ``predictor`` is None where no predictor is installed: then nothing is guided or ranked;
    ``latency`` is None where no latency is known.

    Methods take a dataset and, where it makes a difference, an image size in pixels (default: the dataset's own).
    """

    space: SearchSpace
    score: Checkpoint
    predictor: Checkpoint | None
    device: torch.device
    latency: Checkpoint | None = None
    untold: dict[str, Checkpoint] = field(default_factory=dict)
    """Imported predictors by what they do, ``guidance`` or ``ranking``; :mod:`dnag.official.bundle` uses them."""
    adapted: dict[tuple[str, str], ModelBundle] = field(default_factory=dict)
    """The same models told of other datasets (``dnag.transfer``), by its name and the id of its features."""
    _values: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)
    _tilts: dict[tuple[str, int], Additive] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sde(self, name: str) -> SDE:
        """The noise process called ``name``, at its usual range of noise. A network that was trained for one process
        serves that one alone, at its own range; ``ValueError`` for another.
        """
        own = self.score.extra.get("sde")
        if own is None:
            return sdes[name]()
        if own["type"] != name:
            raise ValueError(f"sde is {name!r}; the score network was trained for one noise process: {own['type']}")
        return from_config(sdes, own)

    def score_fn(self, sde: SDE) -> ScoreModel:
        """The score network as a score function of ``sde``."""
        return ScoreModel(self.score.modules["score"], sde, self.score.extra["prediction"]).eval()

    def _task(self, dataset: str, resolution: int) -> tuple[Checkpoint, dict[str, Any], Tensor]:
        if self.predictor is None:
            raise CheckpointError(
                f"no predictor is installed for {self.space.name}; train one, or use guidance scale 0"
            )
        known: dict[str, Any] = self.predictor.extra["datasets"]
        task = task_name(self.space, dataset, resolution)
        if task not in known:
            raise ValueError(f"the predictor does not know dataset {task!r}; allowed: {', '.join(known)}")
        entry = known[task]
        return self.predictor, entry, torch.tensor(entry["context"], device=self.device)

    @property
    def ranks(self) -> bool:
        """Is there a predictor that ranks?"""
        return self.predictor is not None

    def guides(self, dataset: str, resolution: int = 0) -> bool:
        """Is there a noise-aware predictor that knows the dataset?"""
        known = {} if self.predictor is None else self.predictor.extra["datasets"]
        return task_name(self.space, dataset, resolution) in known

    def spread(self, dataset: str, resolution: int = 0) -> float:
        """Standard deviation of the accuracies that the noise-aware predictor was trained with, in points."""
        return Labels(**self._task(dataset, resolution)[1]["labels"]).spread

    def property_fn(self, dataset: str, sde: SDE, scale: float = 0.0, resolution: int = 0) -> PropertyFn:
        """Predicted accuracy in % of noisy architectures; at ``scale`` > 0 the certainty equivalent."""
        predictor, entry, context = self._task(dataset, resolution)
        network: Any = predictor.modules["guidance"]
        return PropertyModel(network, sde, Labels(**entry["labels"]), context, scale)

    def ranking(self, dataset: str, resolution: int = 0) -> Ranking:
        """Predicted accuracy in % of finished architectures, with the spread of the ensemble."""
        predictor, entry, context = self._task(dataset, resolution)
        labels = LogitLabels(**entry["logit"]) if "logit" in entry else Labels(**entry["labels"])
        members: list[Any] = [module for name, module in predictor.modules.items() if name.startswith("ranking.")]
        return RankingEnsemble(members, labels, context)

    def predict(self, archs: list[Architecture], dataset: str, resolution: int = 0) -> tuple[Tensor, Tensor]:
        """Mean and spread (B,) of predicted accuracy in %, on the CPU."""
        mean, spread = self.ranking(dataset, resolution)(self.space.encode(archs).to(self.device))
        return mean.cpu(), spread.cpu()

    def costs(self, dataset: str, resolution: int = 0, width: float = 1.0) -> dict[str, CostModel]:
        """Every cost that is known of the space's architectures, by name."""
        pixels = resolution or self.space.dataset(dataset).resolution
        return cost_models(self.space, self.latency, dataset, pixels, width)

    def additive_accuracy(self, dataset: str, resolution: int = 0) -> Additive:
        """The additive function nearest to predicted accuracy, over random architectures; found once."""
        with self._lock:
            key = (dataset, resolution)
            if key not in self._tilts:
                ops = self.space.sample_ops(4096, Generator().manual_seed(0))
                values = self.ranking(dataset, resolution)(self.space.encode_ops(ops).to(self.device))[0].cpu()
                self._tilts[key] = Additive.fit(self.space, ops, values)
            return self._tilts[key]

    @cached_property
    def denoiser(self) -> ExactDenoiser:
        """What noisy architectures say about clean ones before any guidance, in closed form."""
        return ExactDenoiser(self.space, self.device)

    @cached_property
    def enumeration(self) -> Enumeration:
        """Every architecture, for exact runs."""
        return Enumeration(self.space, self.device)

    def predicted_values(self, dataset: str) -> Tensor:
        """The ranking ensemble's value of every architecture of an enumerable space, (A,), computed once."""
        with self._lock:
            if dataset not in self._values:
                onehot = self.space.encode_ops(self.space.all_ops).to(self.device)
                self._values[dataset] = self.ranking(dataset)(onehot)
            return self._values[dataset][0]


class ModelStore:
    """Bundles, loaded when first asked for and kept. Safe to share between threads."""

    def __init__(self, directory: Path = DIRECTORY):
        self.directory = directory
        self._bundles: dict[tuple[str, str, str, str], ModelBundle] = {}
        self._lock = threading.Lock()

    def bundle(
        self, space: str, *, checkpoint: str = "", predictor: str = "", device: torch.device | str = "cpu"
    ) -> ModelBundle:
        """The bundle of ``space``.

        Args:
            checkpoint: name or path of a score checkpoint; default ``<space>-score``.
            predictor: name or path of a predictor checkpoint; default ``<space>-predictor``, which may be missing.
                Imported ones that guide and rank may be named together, parted by a comma.
        """
        spaces[space]  # an unknown space is the clearer error
        key = (space, checkpoint, predictor, str(device))
        with self._lock:
            if key not in self._bundles:
                score = load(
                    checkpoint_path(checkpoint or f"{space}-score", self.directory),
                    kind="score",
                    space=space,
                    device=device,
                )
                named = self._predictors(space, predictor, device)
                found = named.pop(OWN, None) or self._optional(space, OWN, device)
                latency = self._optional(space, "latency", device)
                self._bundles[key] = ModelBundle(spaces[space](), score, found, torch.device(device), latency, named)
            return self._bundles[key]

    def _optional(self, space: str, kind: str, device: torch.device | str) -> Checkpoint | None:
        """The shipped checkpoint of a kind, if it is installed."""
        path = checkpoint_path(f"{space}-{kind}", self.directory)
        return load(path, kind=kind, space=space, device=device) if path.exists() else None

    def _predictors(self, space: str, names: str, device: torch.device | str) -> dict[str, Checkpoint]:
        """Named predictors by what they do: one of our own both guides and ranks, imported ones do either."""
        found: dict[str, Checkpoint] = {}
        files: dict[str, str] = {}
        for name in filter(None, map(str.strip, names.split(","))):
            path = checkpoint_path(name, self.directory)
            kind = read_header(path)["kind"]
            checkpoint = load(path, kind=UNTOLD if kind == UNTOLD else OWN, space=space, device=device)
            role = OWN if kind != UNTOLD else next(iter(checkpoint.modules))
            if role in found:
                both = f"{files[role]} and {path.name} are both for {role}"
                raise CheckpointError(f"{both}; allowed: one imported predictor that guides, one that ranks")
            found[role], files[role] = checkpoint, path.name
        return found
