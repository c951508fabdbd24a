r"""Imported predictors in a run: told of a dataset by the features of its images, they guide and rank.

A noise-aware predictor guides by its answer to one draw of 20 images of each class, as the official code does. A
ranking predictor's value is the mean of its answers to all such draws that the features hold, and its spread theirs.
What no imported predictor does, the shipped one does, if it knows the dataset by name; where nothing else ranks, the
noise-aware one does, asked at the least noise it was trained with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from dnag.bundle import ModelBundle, Ranking
from dnag.checkpoint import Checkpoint, CheckpointError
from dnag.datasets.features import FeatureSet
from dnag.nets.official import FEATURES, OfficialPropertyModel, OfficialRankingPredictor
from dnag.official.using import EXTRACTOR, IMAGES, vertex_types
from dnag.registry import from_config
from dnag.sdes.base import SDE, sdes
from dnag.shapes import PropertyFn
from dnag.spaces.base import ABSENT, SearchSpace
from dnag.tensors import centre, expand

GUIDANCE, RANKING = "guidance", "ranking"


@dataclass
class OfficialBundle(ModelBundle):
    """A bundle whose imported predictors are told of a dataset; :func:`told` makes it.

    Attributes:
        contexts: role of a predictor -> what its encoder says of the dataset, for each draw of images, (draws, Z).
    """

    contexts: dict[str, Tensor] = field(default_factory=dict)

    @property
    def ranks(self) -> bool:
        return True

    def guides(self, dataset: str, resolution: int = 0) -> bool:
        return GUIDANCE in self.untold or super().guides(dataset, resolution)

    def spread(self, dataset: str, resolution: int = 0) -> float:
        if GUIDANCE in self.untold:
            return self.untold[GUIDANCE].extra["labels"]["spread"]
        return super().spread(dataset, resolution)

    def property_fn(self, dataset: str, sde: SDE, scale: float = 0.0, resolution: int = 0) -> PropertyFn:
        """As of any bundle; an imported predictor knows no scale, and another than 0 is a ``ValueError``."""
        if not self.guides(dataset, resolution):
            raise ValueError(
                f"the imported predictor only ranks and the shipped one does not know {dataset!r}, so nothing guides "
                "there; allowed: a noise-aware one named beside it (--predictor A,B), or guidance scale 0"
            )
        if GUIDANCE not in self.untold:
            return super().property_fn(dataset, sde, scale, resolution)
        if scale:
            raise ValueError("guidance is 'calibrated'; imported predictors allow: first_order, exact")
        return self._noise_aware(sde)

    def ranking(self, dataset: str, resolution: int = 0) -> Ranking:
        if RANKING in self.untold:
            return OfficialRanking(self.space, self.untold[RANKING], self.contexts[RANKING])
        if super().guides(dataset, resolution):
            return super().ranking(dataset, resolution)
        return self._least_noise

    def _noise_aware(self, sde: SDE | None = None) -> OfficialPropertyModel:
        """The noise-aware predictor under ``sde``; default: the one it was trained for."""
        checkpoint = self.untold[GUIDANCE]
        network: Any = checkpoint.modules[GUIDANCE]
        trained = from_config(sdes, checkpoint.extra["sde"])
        labels = checkpoint.extra["labels"]
        context = self.contexts[GUIDANCE][0]
        return OfficialPropertyModel(network, sde or trained, context, **labels, trained=trained)

    @torch.no_grad()
    def _least_noise(self, onehot: Tensor) -> tuple[Tensor, Tensor]:
        model = self._noise_aware()
        found = []
        for part in onehot.split(1024):
            t = part.new_full((len(part),), model.trained.t_min)
            found.append(model(centre(part) * expand(model.trained.marginal(t)[0], part), t))
        values = torch.cat(found)
        return values, torch.zeros_like(values)


class OfficialRanking:
    """A ranking predictor that was told of a dataset: mean and spread over draws of its images, in points of accuracy.

    Args:
        contexts: one a draw, (draws, Z).
    """

    def __init__(self, space: SearchSpace, checkpoint: Checkpoint, contexts: Tensor):
        network = checkpoint.modules[RANKING]
        assert isinstance(network, OfficialRankingPredictor)
        self.space = space
        self.network = network
        self.labels = checkpoint.extra["labels"]
        self.contexts = contexts

    @torch.no_grad()
    def __call__(self, onehot: Tensor, batch_size: int = 1024) -> tuple[Tensor, Tensor]:
        """``(B,N,F) -> mean (B,), standard deviation over draws (B,)``."""
        ops = torch.where(onehot.sum(-1) > 0, onehot.argmax(-1), ABSENT)
        means, spreads = [], []
        for part in ops.split(batch_size):
            vectors = self.network.vector(vertex_types(self.space, part.cpu()).to(self.contexts))
            outputs = torch.stack(
                [self.network.joint(context.expand(len(part), -1), vectors) for context in self.contexts]
            )
            values = self.labels["mean"] + 100 * self.labels["spread"] * outputs
            means.append(values.mean(0))
            spreads.append(values.std(0) if len(values) > 1 else torch.zeros_like(values[0]))
        return torch.cat(means), torch.cat(spreads)


def told(bundle: ModelBundle, features: FeatureSet) -> OfficialBundle:
    """The bundle with its imported predictors told of a dataset by its features.

    ``CheckpointError`` for features of another extractor than ResNet-18, or a predictor whose labels are not known.
    """
    if features.extractor != EXTRACTOR or features.features.shape[-1] != FEATURES:
        raise CheckpointError(
            f"features of {features.extractor}, {features.features.shape[-1]} wide; imported predictors read: "
            f"{EXTRACTOR}, {FEATURES} wide (import-official of a *bylabel.pt, or encode --extractor {EXTRACTOR})"
        )
    for role, checkpoint in bundle.untold.items():
        if "labels" not in checkpoint.extra:
            raise CheckpointError(
                f"the {role} predictor of {bundle.space.name} does not say what accuracies it was trained with, so "
                "its values have no unit; import it again with --labels MEAN,SPREAD (in %), or with --labels 0,1 to "
                "have standard deviations for points"
            )
    draws = features.features.to(bundle.device).split(IMAGES, dim=1)
    whole = [draw for draw in draws if draw.shape[1] == IMAGES] or draws[:1]
    with torch.no_grad():
        contexts = {role: _contexts(checkpoint.modules[role], whole) for role, checkpoint in bundle.untold.items()}
    return OfficialBundle(
        bundle.space, bundle.score, bundle.predictor, bundle.device, bundle.latency, bundle.untold, contexts=contexts
    )


def _contexts(network: Any, draws: Sequence[Tensor]) -> Tensor:
    return torch.stack([network.encoder(draw) for draw in draws])
