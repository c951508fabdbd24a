r"""The accuracy predictor of once-for-all (Cai et al., 2020), as a teacher for our own on the space ``mobilenetv3``.

An MLP, 128-400-400-400-1 with ReLU, that its authors trained on accuracies of sub-networks on a held-out part of the
ImageNet training set. Its input is one-hot: kernel (20 x 3), expansion (20 x 3), zeros where a layer is absent, and
resolution, (r - 112) / 16 of 8. It saw few resolutions; at others its answers mean nothing and are refused.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from dnag.benchmarks.base import BenchmarkError
from dnag.spaces.mobilenetv3 import EXPANSIONS, KERNELS, NODES, RESOLUTIONS

SIZES = (128, 400, 400, 400, 1)


def features(onehot: Tensor, resolution: int) -> Tensor:
    """The teacher's input (B, 128) for matrices (B, 20, 9); ``ValueError`` for an untrained resolution.

    Linear in the matrix, so that probabilities of operations are welcome too.
    """
    if resolution not in RESOLUTIONS:
        allowed = ", ".join(str(pixels) for pixels in RESOLUTIONS)
        raise ValueError(f"resolution is {resolution!r}; the accuracy predictor was trained at: {allowed}")
    kinds = len(KERNELS) * len(EXPANSIONS)
    if onehot.ndim != 3 or onehot.shape[1:] != (NODES, kinds):
        raise ValueError(f"onehot has shape {tuple(onehot.shape)}; allowed: (B, {NODES}, {kinds})")
    table = onehot.unflatten(2, (len(KERNELS), len(EXPANSIONS)))
    pixels = onehot.new_zeros(len(onehot), 8)
    pixels[:, (resolution - 112) // 16] = 1
    return torch.cat([table.sum(3).flatten(1), table.sum(2).flatten(1), pixels], dim=1)


class OfaTeacher(nn.Module):
    """``onehot (B, 20, 9), resolution in pixels -> (B,)``, accuracy in [0, 1]; differentiable."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index in range(len(SIZES) - 1):
            layers += [nn.Linear(SIZES[index], SIZES[index + 1]), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    @classmethod
    def load(cls, path: Path) -> OfaTeacher:
        """Read the weights, arrays ``0.weight``, ``0.bias``, ``2.weight``, ... of an npz file.

        ``BenchmarkError`` names the file and what is wrong with it.
        """
        teacher = cls()
        wanted = {name: tuple(value.shape) for name, value in teacher.layers.state_dict().items()}
        try:
            with np.load(path, allow_pickle=False) as arrays:
                weights = {name: torch.from_numpy(arrays[name]).float() for name in wanted}
        except FileNotFoundError:
            raise BenchmarkError(f"no accuracy predictor at {path}") from None
        except Exception as error:
            raise BenchmarkError(f"{path.name} is no accuracy predictor of once-for-all: {error}") from None
        for name, shape in wanted.items():
            if tuple(weights[name].shape) != shape:
                found = tuple(weights[name].shape)
                raise BenchmarkError(f"{path.name}: {name} has shape {found}; an accuracy predictor has {shape}")
        teacher.layers.load_state_dict(weights)
        return teacher.eval().requires_grad_(False)

    def calibrated(self, ops: Tensor, top1: Tensor, resolution: int) -> tuple[float, float]:
        """Slope and intercept of measured top-1 in % over the teacher's accuracy, by least squares.

        Args:
            ops: operation indices of measured networks, (n, 20).
            top1: what was measured at ``resolution``, (n,).
        """
        onehot = (ops[..., None] == torch.arange(len(KERNELS) * len(EXPANSIONS))).float()
        said = self(onehot, resolution).double()
        slope = torch.cov(torch.stack([said, top1.double()]))
        return float(slope[0, 1] / slope[0, 0]), float(top1.double().mean() - slope[0, 1] / slope[0, 0] * said.mean())

    def forward(self, onehot: Tensor, resolution: int) -> Tensor:
        return self.layers(features(onehot, resolution)).squeeze(1)
