r"""A budget: the probability that the finished architecture costs at most so much.

``p(a) 1[cost(a) <= limit]`` is a tilted distribution like any other, and what guidance climbs is

    log P(cost <= limit | x_t)

for a cost that adds up over nodes (``dnag.additive``). A normal distribution with the cost's mean and variance would do
near the limit, but says little of architectures far beyond it, which is where strong guidance by accuracy pulls. So the
distribution is first tilted by a *multiplier* lambda >= 0 that brings its mean to the limit (Esscher, 1932; Daniels,
1954), where it is nearly normal:

    log P = log E[exp(-lambda (cost - limit))] + log E_lambda[exp(lambda (cost - limit)) 1[cost <= limit]]

The first term is in closed form for any tilt, and so are the mean and variance that the second and Newton's search for
lambda need. ``softness`` adds a little normal noise to the cost, which keeps all of it finite once every operation is
decided.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dnag.knobs import knob
from dnag.objectives.base import Objective, ObjectiveContext, objectives
from dnag.shapes import Belief, PropertyFn

_ITERATIONS = 8
_NATS = 500.0  # what is less likely than exp(-500) is out of reach: no multiplier is searched for it


@objectives.register("cost_budget")
@dataclass(frozen=True)
class CostBudget(Objective):
    """``limit`` in the unit of ``property``; ``softness`` and ``margin`` as shares of it.

    A sampler of few steps lands beside what it aims at, so it is told to keep ``margin`` less than the limit.
    ``ValueError`` for a limit of 0 or less.
    """

    property: str = "macs_m"
    limit: float = 100.0
    softness: float = knob(0.004, "Softness", 1e-4, 1.0)
    margin: float = knob(0.02, "Margin", 0.0, 0.5)

    def __post_init__(self) -> None:
        if not 0 < self.limit < float("inf"):
            raise ValueError(f"the budget of {self.property} is {self.limit!r}; allowed: a number above 0")

    def bind(self, context: ObjectiveContext) -> PropertyFn:
        cost = context.cost(self.property)
        limit, noise = (1 - self.margin) * self.limit - cost.offset, (self.softness * self.limit) ** 2

        def log_probability(x: Tensor, t: Tensor) -> Tensor:
            return log_probability_under(context.belief(x, t), cost.weights.to(x), limit, noise)

        return log_probability


def log_probability_under(belief: Belief, weights: Tensor, limit: float, noise: float) -> Tensor:
    """``log P(sum of weights + noise <= limit)``, (B,), for weights (N,F) and noise of that variance."""
    multiplier = _multiplier(belief, weights, limit, noise)
    tilted = belief.tilted(-multiplier[:, None, None] * weights)
    mean, variance = tilted.moments(weights)
    mean, variance = mean - multiplier * noise, variance + noise
    bound = tilted.log_evidence + multiplier**2 * noise / 2 + multiplier * limit
    deviation = variance.sqrt()
    over = ((mean - limit) / deviation).clamp_max(3)  # about 0, unless the limit is out of reach
    edge = over + multiplier * deviation  # of the half line, once exp(lambda cost) is absorbed into the normal density
    near = edge.clamp_min(0)
    inside = torch.where(
        edge > 0,
        (torch.special.erfcx(near / math.sqrt(2)) / 2).log() - over.square() / 2,
        torch.special.log_ndtr(-edge) + (edge.square() - over.square()) / 2,
    )
    return bound + inside


@torch.no_grad()
def _multiplier(belief: Belief, weights: Tensor, limit: float, noise: float) -> Tensor:
    """The multiplier (B,) that brings the mean to the limit, 0 where it is below: Newton's method within a bracket."""
    mean, variance = belief.moments(weights)
    low = torch.zeros_like(mean)
    excess = (mean - limit).clamp_min(0)
    high = torch.minimum(excess / noise, _NATS / excess.clamp_min(math.sqrt(noise)))
    found = torch.zeros_like(mean)
    for _ in range(_ITERATIONS):
        excess = mean - found * noise - limit
        low, high = torch.where(excess > 0, found, low), torch.where(excess > 0, high, found)
        step = found + excess / (variance + noise)
        found = torch.where((step > low) & (step < high), step, (low + high) / 2)
        mean, variance = belief.tilted(-found[:, None, None] * weights).moments(weights)
    return found
