"""What generation is steered towards; see :mod:`dnag.objectives.base`."""

from dnag.objectives.base import Objective, ObjectiveContext, objectives

__all__ = ["Objective", "ObjectiveContext", "objectives"]
