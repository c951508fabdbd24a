"""Search spaces; see :mod:`dnag.spaces.base`."""

from dnag.spaces.base import Architecture, ArchitectureError, Cost, SearchSpace, Violation, spaces

__all__ = ["Architecture", "ArchitectureError", "Cost", "SearchSpace", "Violation", "spaces"]
