r"""The models of one search space, ready to be used: score network, noise-aware predictor, ranking ensemble.

A bundle holds no state of a run. The dataset is an argument of every method that needs one, never stored on a model,
so that concurrent runs cannot see each other's.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dnag.checkpoint import DIRECTORY, Checkpoint, CheckpointError, load
from dnag.exact import Enumeration
from dnag.nets.property_model import Labels, PropertyModel, RankingEnsemble
from dnag.nets.score_model import ScoreModel
from dnag.sdes.base import SDE
from dnag.spaces.base import Architecture, SearchSpace, spaces


def checkpoint_path(name: str, directory: Path = DIRECTORY) -> Path:
    """Where the checkpoint called ``name`` is: a path to a file, or the name of one in ``directory``."""
    if name.endswith(".safetensors") or "/" in name:
        return Path(name)
    return directory / f"{name}.safetensors"


@dataclass
class ModelBundle:
    """Models of ``space``. ``predictor`` is None where no predictor is installed: then nothing is guided or ranked."""

    space: SearchSpace
    score: Checkpoint
    predictor: Checkpoint | None
    device: torch.device
    _values: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def score_fn(self, sde: SDE) -> ScoreModel:
        """The score network as a score function of ``sde``."""
        return ScoreModel(self.score.modules["score"], sde, self.score.extra["prediction"]).eval()

    def _dataset(self, dataset: str) -> tuple[Checkpoint, Labels, Tensor]:
        if self.predictor is None:
            raise CheckpointError(
                f"no predictor is installed for {self.space.name}; train one, or use guidance scale 0"
            )
        known: dict[str, Any] = self.predictor.extra["datasets"]
        if dataset not in known:
            raise ValueError(f"the predictor does not know dataset {dataset!r}; allowed: {', '.join(known)}")
        entry = known[dataset]
        return self.predictor, Labels(**entry["labels"]), torch.tensor(entry["context"], device=self.device)

    def labels(self, dataset: str) -> Labels:
        """What the predictor was told of the dataset's values."""
        return self._dataset(dataset)[1]

    def property_fn(self, dataset: str, sde: SDE, scale: float = 0.0) -> PropertyModel:
        """Predicted accuracy in % of noisy architectures; at ``scale`` > 0 the certainty equivalent."""
        predictor, labels, context = self._dataset(dataset)
        network: Any = predictor.modules["guidance"]
        return PropertyModel(network, sde, labels, context, scale)

    def ranking(self, dataset: str) -> RankingEnsemble:
        """Predicted accuracy in % of finished architectures, with the spread of the ensemble."""
        predictor, labels, context = self._dataset(dataset)
        members: list[Any] = [module for name, module in predictor.modules.items() if name.startswith("ranking.")]
        return RankingEnsemble(members, labels, context)

    def predict(self, archs: list[Architecture], dataset: str) -> tuple[Tensor, Tensor]:
        """Mean and spread (B,) of predicted accuracy in %, on the CPU."""
        mean, spread = self.ranking(dataset)(self.space.encode(archs).to(self.device))
        return mean.cpu(), spread.cpu()

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
                path = checkpoint_path(predictor or f"{space}-predictor", self.directory)
                found = None
                if predictor or path.exists():
                    found = load(path, kind="predictor", space=space, device=device)
                self._bundles[key] = ModelBundle(spaces[space](), score, found, torch.device(device))
            return self._bundles[key]
