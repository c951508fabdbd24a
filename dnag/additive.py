r"""Properties that add up over the nodes of an architecture: ``value(a) = offset + sum_i weights[i, a_i]``.

MACs, parameters and, nearly, latency are of this kind in both spaces: what a layer costs depends on where it stands and
on its own operation only. Mean and variance given a noisy architecture, and the effect of a tilt, then have closed
forms (``dnag.exact.Posterior``), so that guidance by cost needs no trained network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from dnag.spaces.base import Architecture, SearchSpace


class NotAdditiveError(ValueError):
    """A property that does not add up over the nodes of its space."""


@dataclass(frozen=True)
class Additive:
    """``ops (B,N) -> (B,)``.

    Attributes:
        offset: value of an architecture without any operation, where there could be one.
        weights: what each operation of each node adds, (N,F); absent nodes add nothing.
    """

    offset: float
    weights: Tensor

    def __call__(self, ops: Tensor) -> Tensor:
        nodes = len(self.weights)
        padded = torch.cat([self.weights, self.weights.new_zeros(nodes, 1)], dim=1)  # index -1: absent
        return self.offset + padded[torch.arange(nodes), ops].sum(-1)

    @classmethod
    def fit(cls, space: SearchSpace, ops: Tensor, values: Tensor, ridge: float = 1e-6) -> Additive:
        """Least squares on architectures (n,N) and their values (n,); of all equal solutions the smallest."""
        onehot = space.encode_ops(ops).flatten(1).double()
        mean_x, mean_y = onehot.mean(0), values.double().mean()
        centred = onehot - mean_x
        gram = centred.T @ centred + ridge * len(ops) * torch.eye(centred.shape[1], dtype=torch.double)
        weights = torch.linalg.solve(gram, centred.T @ (values.double() - mean_y))
        return cls(float(mean_y - mean_x @ weights), weights.float().view(space.num_nodes, space.num_ops))

    @classmethod
    def of(cls, space: SearchSpace, value: Callable[[Architecture], float]) -> Additive:
        """The exact form of an additive function, found by asking it about architectures of the space.

        ``NotAdditiveError`` if it is not additive.
        """
        generator = Generator().manual_seed(0)
        count = 2 * space.num_nodes * (space.num_ops + 1)
        archs = space.sample(count, generator)
        ops = torch.tensor([arch.ops for arch in archs])
        values = torch.tensor([float(value(arch)) for arch in archs], dtype=torch.double)
        found = cls.fit(space, ops, values, ridge=1e-12)
        error = float((found(ops) - values).abs().max())
        if not error <= 1e-4 * float(values.abs().max()):
            raise NotAdditiveError(f"the property does not add up over the nodes of {space.name}: off by {error:.3g}")
        return found

    def range(self, space: SearchSpace) -> tuple[float, float]:
        """Smallest and largest value over all architectures of the space, exactly."""
        low = high = self.offset
        for factor in space.factors:
            nodes = list(factor.nodes)
            totals = (space.encode_ops(factor.choices) * self.weights[nodes]).sum((1, 2))
            low, high = low + float(totals.min()), high + float(totals.max())
        return low, high

    def to(self, device: torch.device | str) -> Additive:
        """The same on another device."""
        return Additive(self.offset, self.weights.to(device))
