"""Small tensor helpers: broadcasting, centring, and noise that does not depend on the batch.

Reproducibility: sample ``i`` of a run draws from a generator of its own, whose seed is the ``i``-th number of the run's
one ``torch.Generator``. How samples are cut into batches therefore cannot change them (the idea of the stacked random
generator of Karras et al., 2022).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

_AHEAD = 16  # draws made at a time per sample: few enough to stay small, enough to hide the cost of a call


def expand(values: Tensor, like: Tensor) -> Tensor:
    """Append dimensions to ``values (B,)`` so that it broadcasts against ``like (B, *)``."""
    return values.reshape(values.shape + (1,) * (like.ndim - values.ndim))


def centre(onehot: Tensor) -> Tensor:
    """{0, 1} -> {-1, +1}."""
    return 2 * onehot - 1


def uncentre(x: Tensor) -> Tensor:
    """{-1, +1} -> {0, 1}, the inverse of :func:`centre`."""
    return (x + 1) / 2


def sample_seeds(generator: Generator, count: int) -> Tensor:
    """``count`` seeds, (count,) int64, the same first ones whatever ``count`` is."""
    return torch.stack([torch.randint(2**62, (), generator=generator) for _ in range(count)])


class Noise:
    """Standard normal draws, one independent stream per sample; calling it gives the next ``(B, *shape)``.

    Args:
        seeds: (B,) int64, the seed of every sample's stream.
        shape: shape of one draw, without the batch.
        device: where the draws are wanted. They are made on the CPU, so that every device sees the same numbers.
    """

    def __init__(self, seeds: Tensor, shape: Sequence[int], device: torch.device | str = "cpu"):
        self.shape = (len(seeds), *shape)
        self.device = torch.device(device)
        self._generators = [Generator().manual_seed(int(seed)) for seed in seeds]
        self._draws: list[Tensor] = []

    @classmethod
    def from_generator(cls, generator: Generator, shape: Sequence[int], device: torch.device | str = "cpu") -> Noise:
        """Streams for ``shape = (B, *)``, seeded from ``generator``."""
        return cls(sample_seeds(generator, shape[0]), shape[1:], device)

    def __call__(self) -> Tensor:
        if not self._draws:
            ahead = torch.stack([torch.randn(_AHEAD, *self.shape[1:], generator=g) for g in self._generators], dim=1)
            self._draws = list(ahead.to(self.device).unbind())[::-1]
        return self._draws.pop()
