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

from dnag.additive import Additive
from dnag.registry import Registry
from dnag.shapes import Belief, BeliefFn, PropertyFn
from dnag.spaces.base import SearchSpace

objectives: Registry[Objective] = Registry("objective", "dnag.objectives")

T = TypeVar("T")


def _nothing_known(x: Tensor, t: Tensor) -> Belief:
    raise ValueError("this run knows no distribution of clean architectures")


@dataclass(frozen=True)
class ObjectiveContext:
    """What an objective may use.

    Attributes:
        space: the search space.
        properties: name -> function of a guidance scale that gives the property, bound to the run's dataset and SDE.
            At scale 0 it is the mean; at gamma the certainty equivalent.
        costs: name -> cost, adding up over nodes.
        belief: the distribution of clean architectures, as the rest of the run's guidance leaves it.
    """

    space: SearchSpace
    properties: Mapping[str, Callable[[float], PropertyFn]]
    costs: Mapping[str, Additive] = field(default_factory=dict)
    belief: BeliefFn = _nothing_known

    def property(self, name: str, scale: float) -> PropertyFn:
        """The property called ``name``; ``ValueError`` lists those there are."""
        return _known(self.properties, name)(scale)

    def cost(self, name: str) -> Additive:
        """The cost called ``name``; ``ValueError`` lists those there are."""
        return _known(self.costs, name)


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
