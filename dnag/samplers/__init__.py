"""Numerical methods; see :mod:`dnag.samplers.base`."""

from dnag.samplers.base import Sampler, StepInfo, samplers

__all__ = ["Sampler", "StepInfo", "samplers"]
