r"""From a predictor's raw output to a property in its own unit, for one SDE and one dataset.

The noise-aware predictor outputs ``o`` and means ``best + spread * o``: how far from the best value, in units of the
dataset's spread. The ranking predictor outputs the standardised ``-log(best - value +
1)``, which resolves the top of the range, where values crowd.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dnag.nets.property_predictor import PropertyPredictor
from dnag.nets.ranking_predictor import RankingPredictor
from dnag.sdes.base import SDE
from dnag.tensors import expand


@dataclass(frozen=True)
class Labels:
    """What is known of a property's values on one dataset: the best, and their standard deviation, in its unit."""

    best: float
    spread: float
    log_mean: float
    log_spread: float

    @classmethod
    def of(cls, values: Tensor, margin: float = 0.0) -> Labels:
        """From training values (n,); ``margin``: by how much the best of them may be surpassed."""
        best = values.max() + margin
        logs = -(best - values + 1).log()
        return cls(float(best), float(values.std()), float(logs.mean()), float(logs.std()))

    def value(self, output: Tensor) -> Tensor:
        """The noise-aware predictor's output in the property's unit."""
        return self.best + self.spread * output

    def rank_target(self, values: Tensor) -> Tensor:
        """What the ranking predictor learns. Values above ``best`` count as it."""
        return (-((self.best - values).clamp_min(0) + 1).log() - self.log_mean) / self.log_spread

    def rank_value(self, output: Tensor) -> Tensor:
        """The inverse of :meth:`rank_target`. Not capped at ``best``, which keeps the order and spread of the top."""
        return self.best + 1 - (-(output * self.log_spread + self.log_mean)).exp()


@dataclass(frozen=True)
class LogitLabels:
    """From the ranking predictor's output to accuracy in percent, and back."""

    mean: float
    spread: float

    @classmethod
    def of(cls, accuracy_pct: Tensor) -> LogitLabels:
        """From training values (n,) in percent."""
        logits = torch.logit(accuracy_pct / 100)
        return cls(float(logits.mean()), float(logits.std()))

    def rank_target(self, accuracy_pct: Tensor) -> Tensor:
        """What the ranking predictor learns."""
        return (torch.logit(accuracy_pct / 100, eps=1e-4) - self.mean) / self.spread

    def rank_value(self, output: Tensor) -> Tensor:
        """Accuracy in percent."""
        return 100 * torch.sigmoid(self.mean + self.spread * output)


class PropertyModel:
    """A noise-aware predictor bound to an SDE, a dataset and a guidance scale; a ``PropertyFn``.

    Args:
        context: (Z,) the dataset, or None for a predictor without context.
        scale: gamma; 0 gives the plain mean (first-order guidance).
    """

    def __init__(
        self, predictor: PropertyPredictor, sde: SDE, labels: Labels, context: Tensor | None = None, scale: float = 0.0
    ):
        self.predictor = predictor
        self.sde = sde
        self.labels = labels
        self.context = context
        self.scale = scale

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = self.sde.marginal(t)
        level = sigma / alpha
        context = None if self.context is None else self.context.to(x).expand(len(x), -1)
        output = self.predictor(x / expand(alpha, x), level, context, torch.full_like(level, self.scale))
        return self.labels.value(output)


class RankingEnsemble:
    """Clean predictors that judge finished architectures: mean and spread over members, in the property's unit."""

    def __init__(self, members: list[RankingPredictor], labels: Labels | LogitLabels, context: Tensor | None = None):
        self.members = members
        self.labels = labels
        self.context = context

    @torch.no_grad()
    def __call__(self, onehot: Tensor, batch_size: int = 2048) -> tuple[Tensor, Tensor]:
        """``(B,N,F) -> mean (B,), standard deviation over members (B,)``."""
        means, spreads = [], []
        for part in onehot.split(batch_size):
            context = None if self.context is None else self.context.to(part).expand(len(part), -1)
            values = torch.stack([self.labels.rank_value(member(part, context)) for member in self.members])
            means.append(values.mean(0))
            spreads.append(values.std(0) if len(self.members) > 1 else torch.zeros(len(part)))
        return torch.cat(means), torch.cat(spreads)
