"""Objectives: settings that become a function of a noisy architecture, larger being better.

An objective is a frozen description. :meth:`Objective.bind` turns it into a ``PropertyFn`` for one run, given the
space and the properties that can be asked for there; nothing is stored on a model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dnag.registry import Registry
from dnag.shapes import PropertyFn
from dnag.spaces.base import SearchSpace

objectives: Registry[Objective] = Registry("objective", "dnag.objectives")


@dataclass(frozen=True)
class ObjectiveContext:
    """What an objective may use.

    Attributes:
        space: the search space.
        properties: name -> function of a guidance scale that gives the property, bound to the run's dataset and SDE.
            At scale 0 it is the mean; at gamma the certainty equivalent.
    """

    space: SearchSpace
    properties: Mapping[str, Callable[[float], PropertyFn]]

    def property(self, name: str, scale: float) -> PropertyFn:
        """The property called ``name``; ``ValueError`` lists those there are."""
        if name not in self.properties:
            raise ValueError(f"unknown property {name!r}; allowed: {', '.join(self.properties)}")
        return self.properties[name](scale)


class Objective(ABC):
    """Base of all objectives. Members are frozen dataclasses whose fields are knobs."""

    name: ClassVar[str]

    @abstractmethod
    def bind(self, context: ObjectiveContext) -> PropertyFn:
        """The function to climb, ``(x (B,N,F), t (B,)) -> (B,)``."""
