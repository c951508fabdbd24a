r"""A budget: the probability that the finished architecture costs at most so much.

``p(a) 1[cost(a) <= limit]`` is a tilted distribution like any other; what guidance climbs is

    log P(cost <= limit | x_t) = log Phi((limit - mean) / sqrt(variance + softness^2))

with mean and variance of the cost given the noisy architecture, known in closed form where costs add up over nodes
(``dnag.additive``), and a normal distribution for a sum of many parts. Early on the variance is large and the pull is
gentle; near the end it vanishes, and ``softness`` keeps the gradient finite.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dnag.knobs import knob
from dnag.objectives.base import Objective, ObjectiveContext, objectives
from dnag.shapes import PropertyFn

_FAR = -5.0
_SLOPE = 5.1865  # of log Phi there


@objectives.register("cost_budget")
@dataclass(frozen=True)
class CostBudget(Objective):
    """``limit`` in the unit of ``property``; ``softness`` as a share of it. ``ValueError`` for a limit of 0 or less."""

    property: str = "macs_m"
    limit: float = 100.0
    softness: float = knob(0.01, "Softness", 1e-4, 1.0)

    def __post_init__(self) -> None:
        if not 0 < self.limit < float("inf"):
            raise ValueError(f"the budget of {self.property} is {self.limit!r}; allowed: a number above 0")

    def bind(self, context: ObjectiveContext) -> PropertyFn:
        moments = context.moments_of(self.property)

        def log_probability(x: Tensor, t: Tensor) -> Tensor:
            mean, variance = moments(x, t)
            return _log_ndtr((self.limit - mean) / (variance + (self.softness * self.limit) ** 2).sqrt())

        return log_probability


def _log_ndtr(z: Tensor) -> Tensor:
    """``log Phi(z)``, five standard deviations out and beyond continued by its tangent, where Phi itself underflows."""
    return torch.special.log_ndtr(z.clamp_min(_FAR)) + _SLOPE * (z - _FAR).clamp_max(0)
