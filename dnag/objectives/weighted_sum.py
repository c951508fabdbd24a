"""Several objectives at once: a weighted sum of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from dnag.objectives.base import Objective, ObjectiveContext, objectives
from dnag.objectives.predicted_property import PredictedProperty
from dnag.registry import from_config
from dnag.shapes import PropertyFn


@objectives.register("weighted_sum")
@dataclass(frozen=True)
class WeightedSum(Objective):
    """``terms``: pairs of a weight, in nats per unit of the objective, and an objective (or its ``to_config``).

    ``ValueError`` without any term.
    """

    terms: tuple[tuple[float, Any], ...] = ((1.0, PredictedProperty()),)

    def __post_init__(self) -> None:
        if not self.terms:
            raise ValueError("a weighted sum of no objectives; allowed: one or more")
        made = [
            (float(weight), from_config(objectives, term) if isinstance(term, Mapping) else term)
            for weight, term in self.terms
        ]
        object.__setattr__(self, "terms", tuple(made))

    def bind(self, context: ObjectiveContext) -> PropertyFn:
        bound = [(weight, term.bind(context)) for weight, term in self.terms]

        def total(x: Tensor, t: Tensor) -> Tensor:
            first, *others = [weight * function(x, t) for weight, function in bound]
            return sum(others, first)

        return total
