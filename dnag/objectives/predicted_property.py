"""The paper's objective: the predicted value of one property."""

from __future__ import annotations

from dataclasses import dataclass

from dnag.knobs import knob
from dnag.objectives.base import Objective, ObjectiveContext, objectives
from dnag.shapes import PropertyFn


@objectives.register("predicted_property")
@dataclass(frozen=True)
class PredictedProperty(Objective):
    """``certainty_scale`` is the gamma the predictor is asked about: 0 for first-order guidance (``dnag.guidance``);
    negative where the property is to be small.
    """

    property: str = "accuracy"
    certainty_scale: float = knob(0.0, "Certainty scale", -1e6, 1e6)

    def bind(self, context: ObjectiveContext) -> PropertyFn:
        return context.property(self.property, self.certainty_scale)
