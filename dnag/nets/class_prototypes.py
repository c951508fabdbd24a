r"""A nearest-class-mean classifier (Mensink et al., 2013): one vector a class, in principal components of features.

    h = (x - mean) / std @ basis,        similarity to class k = cos(h, prototype_k)

The way back, from a prototype to features, is what a class is known by where its images are not at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class ClassPrototypesConfig:
    """Numbers of classes K, of features D' and of principal components d; ``placed`` of the classes, the first ones,
    have a place on a map.
    """

    classes: int
    features: int
    components: int
    placed: int = 0


class ClassPrototypes(nn.Module):
    """``features (B,D') -> similarity to every class (B,K)``, in [-1, 1]. Half precision holds what is stored."""

    mean: Tensor
    std: Tensor
    basis: Tensor
    prototypes: Tensor
    places: Tensor

    def __init__(self, config: ClassPrototypesConfig):
        super().__init__()
        self.config = config
        half = torch.float16
        self.register_buffer("mean", torch.zeros(config.features))
        self.register_buffer("std", torch.ones(config.features))
        self.register_buffer("basis", torch.zeros(config.features, config.components, dtype=half))
        self.register_buffer("prototypes", torch.zeros(config.classes, config.components, dtype=half))
        self.register_buffer("places", torch.zeros(config.placed, 2, dtype=half))

    @classmethod
    def fit(cls, features: Tensor, further: Tensor, components: int) -> ClassPrototypes:
        """From the means of classes, which span the components, and of further classes; no map yet.

        Args:
            features: views of each class, (K,n,D').
            further: means of more classes, (M,D').
        """
        mean, std = features.mean((0, 1)), features.std((0, 1)) + 1e-6
        own = (features.mean(1) - mean) / std
        basis = torch.linalg.svd(own, full_matrices=False).Vh[:components].T
        every = torch.cat([own, (further - mean) / std])
        made = cls(ClassPrototypesConfig(len(every), len(mean), basis.shape[1], len(own)))
        for name, value in (("mean", mean), ("std", std), ("basis", basis), ("prototypes", every @ basis)):
            getattr(made, name).copy_(value)
        return made

    def project(self, features: Tensor) -> Tensor:
        """Features (*,D') as components (*,d)."""
        return ((features - self.mean) / self.std) @ self.basis.float()

    def features(self, classes: Tensor) -> Tensor:
        """What is known of the features of classes (C,): (C,D')."""
        return self.prototypes[classes].float() @ self.basis.float().T * self.std + self.mean

    def unit(self) -> Tensor:
        """All prototypes at length 1, (K,d)."""
        return F.normalize(self.prototypes.float(), dim=-1)

    def forward(self, features: Tensor) -> Tensor:
        return F.normalize(self.project(features), dim=-1) @ self.unit().T
