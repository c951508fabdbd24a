r"""What imported predictors need to be used: a dataset as they see it, and architectures as they see them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from dnag.datasets.features import FeatureSet
from dnag.official.weights import OfficialError
from dnag.spaces.base import ABSENT, SearchSpace
from dnag.spaces.mobilenetv3 import SLOTS, depths

IMAGES = 20
"""Images of each class that the official code draws at a time."""
DRAWS = 10
"""So many draws its ranking is averaged over."""
EXTRACTOR = "resnet18"
"""What the features are of, and ``SIZE``: height and width of the images it was shown, in pixels."""
SIZE = 32


@dataclass(frozen=True)
class Features:
    """Image features of a dataset: (n, 512), and the class of each (n,)."""

    features: Tensor
    label: Tensor

    @classmethod
    def load(cls, path: Path) -> Features:
        """Read what ``import_official`` made of a ``*bylabel.pt``; ``OfficialError`` if it is something else."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                features, label = (torch.from_numpy(arrays[name]) for name in ("features", "label"))
        except FileNotFoundError:
            raise
        except Exception as error:
            raise OfficialError(f"{path.name} holds no image features: {error}") from None
        if features.ndim != 2 or label.shape != features.shape[:1]:
            raise OfficialError(f"{path.name} has features {tuple(features.shape)}, labels {tuple(label.shape)}")
        return cls(features.float(), label.long())

    def draw(self, generator: Generator, *, images: int = IMAGES, classes: list[int] | None = None) -> Tensor:
        """Random images of every class, or of those named in their order, (classes, images, 512): what a ``SetEncoder``
        takes. ``ValueError`` where a class has fewer.
        """
        drawn = []
        for number in self.label.unique().tolist() if classes is None else classes:
            own = (self.label == number).nonzero().flatten()
            if len(own) < images:
                raise ValueError(f"class {number} has {len(own)} images; allowed: {images} or more")
            drawn.append(self.features[own[torch.randperm(len(own), generator=generator)[:images]]])
        return torch.stack(drawn)

    def feature_set(self, name: str, *, seed: int = 0) -> FeatureSet:
        """As many of the images of every class, drawn by the seed, as ranking looks at; or the most that all have, in
        whole draws.
        """
        classes, counts = self.label.unique(return_counts=True)
        images = IMAGES * min(DRAWS, max(1, int(counts.min()) // IMAGES))
        drawn = self.draw(Generator().manual_seed(seed), images=images)
        return FeatureSet(name, tuple(map(str, classes.tolist())), drawn, EXTRACTOR, SIZE, seed)


def vertex_types(space: SearchSpace, ops: Tensor, generator: Generator | None = None) -> Tensor:
    """Architectures as the ranking predictor sees them: operation indices (B, N) -> one-hot (B, n, T).

    For NAS-Bench-201 the usual matrix. For MobileNetV3 an input, an output, and for every layer one of 27 types: depth
    of its stage by kernel by expansion. The official code gives slots without a layer a random type, which
    ``generator`` repeats; without one they get the mean of all types, so that ranking is the same each time.
    """
    if space.name == "nasbench201":
        return space.encode_ops(ops)
    kinds = space.num_ops
    depth = torch.tensor([depths(row) for row in ops.tolist()]).repeat_interleave(SLOTS, dim=1)  # (B,N), 2 to 4
    absent = ops == ABSENT
    layer = kinds * (depth - 2) + ops
    if generator is not None:
        layer = torch.where(absent, torch.randint(3 * kinds, ops.shape, generator=generator), layer)
        absent = torch.zeros_like(absent)
    types = torch.zeros(len(ops), ops.shape[1] + 2, 2 + 3 * kinds)
    types[:, 0, 0] = types[:, -1, 1] = 1
    inner = (layer[..., None] == torch.arange(3 * kinds)).float()
    types[:, 1:-1, 2:] = torch.where(absent[..., None], torch.tensor(1 / (3 * kinds)), inner)
    return types
