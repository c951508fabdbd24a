"""Exponential moving average of parameters, kept apart from the model it follows."""

from __future__ import annotations

import copy

import torch
from torch import nn


class EMA:
    """A shadow copy of ``module`` whose parameters trail it: ``shadow <- d * shadow + (1 - d) * parameter``.

    The decay warms up as ``min(decay, (1 + n) / (10 + n))`` after n updates (Song et al., 2021), so early averages are
    not dominated by the initialisation. The training module is never overwritten: the shadow is a module of its own.
    """

    def __init__(self, module: nn.Module, decay: float = 0.999):
        if not 0 <= decay < 1:
            raise ValueError(f"EMA decay is {decay!r}; allowed: 0 <= decay < 1")
        self.decay = decay
        self.updates = 0
        self.module = copy.deepcopy(module).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the shadow towards ``module``. Buffers are copied."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for shadow, parameter in zip(self.module.parameters(), module.parameters(), strict=True):
            shadow.lerp_(parameter, 1 - decay)
        for copied, buffer in zip(self.module.buffers(), module.buffers(), strict=True):
            copied.copy_(buffer)
