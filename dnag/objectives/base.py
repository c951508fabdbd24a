"""Objectives: settings that become a function of a noisy architecture, larger being better.

An objective is a frozen description. :meth:`Objective.bind` turns it into a ``PropertyFn`` for one run, given the
space and the properties that can be asked for there; nothing is stored on a model. Its values are in nats: guidance
makes an architecture ``exp(value)`` times as likely.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from torch import Tensor

from dnag.registry import Registry
from dnag.shapes import PropertyFn
from dnag.spaces.base import SearchSpace

objectives: Registry[Objective] = Registry("objective", "dnag.objectives")

T = TypeVar("T")

MomentsFn = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""``x (B,N,F), t (B,) -> mean (B,), variance (B,)`` of a property of the clean architecture, given the noisy one."""


@dataclass(frozen=True)
class ObjectiveContext:
    """What an objective may use.

    Attributes:
        space: the search space.
        properties: name -> function of a guidance scale that gives the property, bound to the run's dataset and SDE.
            At scale 0 it is the mean; at gamma the certainty equivalent.
        moments: name -> mean and variance of the property, among architectures as the rest of the run's guidance
            leaves them.
    """

    space: SearchSpace
    properties: Mapping[str, Callable[[float], PropertyFn]]
    moments: Mapping[str, MomentsFn] = field(default_factory=dict)

    def property(self, name: str, scale: float) -> PropertyFn:
        """The property called ``name``; ``ValueError`` lists those there are."""
        return _known(self.properties, name)(scale)

    def moments_of(self, name: str) -> MomentsFn:
        """Its mean and variance; ``ValueError`` lists the properties that have them."""
        return _known(self.moments, name)


def _known(table: Mapping[str, T], name: str) -> T:
    if name not in table:
        raise ValueError(f"unknown property {name!r}; allowed: {', '.join(table)}")
    return table[name]


class Objective(ABC):
    """Base of all objectives. Members are frozen dataclasses whose fields are knobs."""

    name: ClassVar[str]

    @abstractmethod
    def bind(self, context: ObjectiveContext) -> PropertyFn:
        """The function to climb, ``(x (B,N,F), t (B,)) -> (B,)``."""
