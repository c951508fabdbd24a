r"""Predictors for datasets they have never seen: the dataset enters as features of its images.

An encoder (``dnag.nets.dataset_encoder``) turns features into a context, which the ranking ensemble and the noise-aware
predictor read like any other. Accuracies of datasets differ in range, so what is learned is their logit,

    accuracy = 100 sigmoid(mean + spread * o)

in units of the training records. For a new dataset of a space that can be listed, the ensemble's answer for every
architecture says what is best and how wide values spread there, which the noise-aware predictor counts in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from dnag.nets.dataset_encoder import DatasetEncoder, DatasetEncoderConfig
from dnag.nets.property_model import LogitLabels
from dnag.nets.ranking_predictor import RankingPredictor
from dnag.spaces.base import SearchSpace
from dnag.training import TrainConfig, TrainProgress, train

KIND = "meta"
KNOWN = 0.5
"""Share of the draws in which the ranking knows more of the dataset than how hard it is. What makes an architecture
good is much the same everywhere; a ranking that always knew the dataset would learn each by heart.
"""
VIEWS = 4
"""Images of each class in a training step: fewer than there are, so that no step sees the same dataset twice."""


@dataclass(frozen=True)
class MetaRecords:
    """What a meta-predictor learns from.

    Attributes:
        features: of every class, (K, n, D').
        tasks: the classes of each dataset, one tensor of indices each.
        task: which dataset a record is about, (R,).
        ops: its architecture, (R, N).
        accuracy_pct: what was measured, (R,).
        weight: how often a record is drawn, relative to the others, (R,).
    """

    features: Tensor
    tasks: Sequence[Tensor]
    task: Tensor
    ops: Tensor
    accuracy_pct: Tensor
    weight: Tensor

    def subset(self, index: Tensor) -> MetaRecords:
        """Some of the records."""
        parts = {name: getattr(self, name)[index] for name in ("task", "ops", "accuracy_pct", "weight")}
        return replace(self, **parts)


class MetaRanking(nn.Module):
    """An encoder and the ensemble that shares it; ``onehot (B,N,F), classes (B,C), mask (B,C) -> (M,B)``."""

    def __init__(self, encoder: DatasetEncoder, members: Sequence[RankingPredictor], dropout: float = 0.3):
        super().__init__()
        self.encoder = encoder
        self.members = nn.ModuleList(members)
        self.dropout = nn.Dropout(dropout)

    def contexts(self, features: Tensor, classes: Tensor, mask: Tensor) -> Tensor:
        """Contexts (T,Z) of datasets, given by the indices of their classes, (T,C), into the features (K,n,D')."""
        vectors = self.encoder.class_vectors(self.dropout(features))
        return self.encoder.context(vectors[classes], mask)

    def forward(self, onehot: Tensor, contexts: Tensor) -> Tensor:
        return torch.stack([member(onehot, contexts) for member in self.members])


def padded(tasks: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Class indices of datasets with different numbers of classes, (T,C), and which of them are there."""
    most = max(len(task) for task in tasks)
    classes = torch.zeros(len(tasks), most, dtype=torch.long)
    mask = torch.zeros(len(tasks), most, dtype=torch.bool)
    for row, task in enumerate(tasks):
        classes[row, : len(task)] = task
        mask[row, : len(task)] = True
    return classes, mask


def train_meta_ranking(
    space: SearchSpace,
    records: MetaRecords,
    config: TrainConfig,
    *,
    members: int = 3,
    context: int = 5,
    width: int = 64,
    dropout: float = 0.3,
    batch_size: int = 256,
    callback: Callable[[TrainProgress], None] | None = None,
) -> tuple[MetaRanking, LogitLabels, list[tuple[int, float]]]:
    """Encoder and ensemble, trained together on (dataset, architecture, accuracy)."""
    from dnag.recipes import initialised, ranking_sizes

    labels = LogitLabels.of(records.accuracy_pct)
    targets = labels.rank_target(records.accuracy_pct)
    sizes = ranking_sizes(space, context, shift=True)

    def make() -> MetaRanking:
        encoder = DatasetEncoder(DatasetEncoderConfig(records.features.shape[-1], context, width))
        ensemble = [RankingPredictor(sizes, adjacency=space.adjacency) for _ in range(members)]
        return MetaRanking(encoder, ensemble, dropout)

    classes, mask = padded(records.tasks)

    def loss(module: nn.Module, generator: Generator) -> Tensor:
        drawn = torch.multinomial(records.weight, batch_size, replacement=True, generator=generator)
        views = torch.randperm(records.features.shape[1], generator=generator)[:VIEWS]
        which, place = records.task[drawn].unique(return_inverse=True)
        used, inverse = classes[which].unique(return_inverse=True)
        contexts = module.contexts(records.features[used][:, views], inverse, mask[which])[place]  # type: ignore[operator]
        known = torch.rand(batch_size, 1, generator=generator) < KNOWN
        contexts = torch.cat([contexts[:, :1], contexts[:, 1:] * known], dim=1)
        output = module(space.encode_ops(records.ops[drawn]), contexts)
        return F.huber_loss(output, targets[drawn].expand_as(output), reduction="none").mean(0)

    result = train(initialised(make, config.seed), loss, config, callback=callback)
    return result.module, labels, result.curve  # type: ignore[return-value]


@torch.no_grad()
def meta_predict(
    model: MetaRanking, labels: LogitLabels, space: SearchSpace, features: Tensor, ops: Tensor, contexts: Tensor
) -> Tensor:
    """Mean accuracy in % of the ensemble for architectures (B,N) on datasets given by their contexts (B,Z)."""
    parts = [
        labels.rank_value(model(space.encode_ops(rows), each)).mean(0)
        for rows, each in zip(ops.split(4096), contexts.split(4096), strict=True)
    ]
    return torch.cat(parts)
