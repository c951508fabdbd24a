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
from dnag.spaces.base import ABSENT
from dnag.spaces.mobilenetv3 import EXPANSIONS, KERNELS, NODES

RESOLUTIONS = (160, 176, 192, 208, 224)
"""Pixels that the teacher was trained on."""
SIZES = (128, 400, 400, 400, 1)


def features(ops: Tensor, resolution: int) -> Tensor:
    """The teacher's input (B, 128) for operation indices (B, 20); ``ValueError`` for an untrained resolution."""
    if resolution not in RESOLUTIONS:
        allowed = ", ".join(str(pixels) for pixels in RESOLUTIONS)
        raise ValueError(f"resolution is {resolution!r}; the accuracy predictor was trained at: {allowed}")
    if ops.ndim != 2 or ops.shape[1] != NODES:
        raise ValueError(f"ops has shape {tuple(ops.shape)}; allowed: (B, {NODES})")
    present = (ops != ABSENT)[..., None]
    kernel, expansion = ops // len(EXPANSIONS), ops % len(EXPANSIONS)
    onehot = [
        ((index[..., None] == torch.arange(count, device=ops.device)) & present).float().flatten(1)
        for index, count in ((kernel, len(KERNELS)), (expansion, len(EXPANSIONS)))
    ]
    pixels = torch.zeros(len(ops), 8, device=ops.device)
    pixels[:, (resolution - 112) // 16] = 1
    return torch.cat([*onehot, pixels], dim=1)


class OfaTeacher(nn.Module):
    """``ops (B, 20) int64, resolution in pixels -> (B,)``, accuracy in [0, 1]."""

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

    def forward(self, ops: Tensor, resolution: int) -> Tensor:
        return self.layers(features(ops, resolution)).squeeze(1)
