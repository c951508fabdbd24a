"""Noise processes; see :mod:`dnag.sdes.base`."""

from dnag.sdes.base import SDE, sdes

__all__ = ["SDE", "sdes"]
