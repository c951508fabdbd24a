r"""The dataset encoder: images of every class, as features of a fixed extractor, become one vector.

A set transformer (Lee et al., 2019) pools twice, as in MetaD2A (Lee et al., 2021): the images of each class into a
class vector, and the class vectors into the dataset's. Neither the order of images nor that of classes matters.

    MAB(X, Y) = H + relu(H W),  H = X W_q + attention(X W_q, Y W_k, Y W_v)
    SAB(X) = MAB(X, X),  PMA(X) = MAB(S, X) with a learned seed S,  pool(X) = PMA(SAB(X)) W
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class DatasetEncoderConfig:
    """Sizes: width D' of the features, width of the vectors inside, and width Z of the context."""

    features: int
    context: int
    width: int = 64
    heads: int = 4

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")


class AttentionBlock(nn.Module):
    """``MAB``: x (B,n,d) attends to y (B,m,d); entries of y with ``mask`` (B,m) False are not there."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor, y: Tensor, mask: Tensor | None) -> Tensor:
        def split(z: Tensor) -> Tensor:
            return z.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        q = self.q(x)
        seen = None if mask is None else mask[:, None, None]
        attended = F.scaled_dot_product_attention(split(q), split(self.k(y)), split(self.v(y)), attn_mask=seen)
        h = q + attended.transpose(1, 2).flatten(2)
        return h + F.relu(self.out(h))


class SetPool(nn.Module):
    """A set of vectors (B,n,d), of which ``mask`` (B,n) says who is there, as one (B,d)."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.among = AttentionBlock(width, heads)
        self.pool = AttentionBlock(width, heads)
        self.seed = nn.Parameter(torch.randn(1, 1, width) / width**0.5)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        h = self.among(x, x, mask)
        return self.out(self.pool(self.seed.expand(len(x), -1, -1), h, mask).squeeze(1))


class DatasetEncoder(nn.Module):
    """``features (B,C,n,D'), mask (B,C) bool | None (all there) -> context (B,Z)``."""

    def __init__(self, config: DatasetEncoderConfig):
        super().__init__()
        self.config = config
        self.inputs = nn.Sequential(nn.Linear(config.features, config.width), nn.LayerNorm(config.width))
        self.images = SetPool(config.width, config.heads)
        self.classes = SetPool(config.width, config.heads)
        self.head = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, config.context))

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        batch, classes = features.shape[:2]
        vectors = self.class_vectors(features.flatten(0, 1))
        return self.context(vectors.view(batch, classes, -1), mask)

    def class_vectors(self, features: Tensor) -> Tensor:
        """Images of each of several classes, (K,n,D'), as one vector a class, (K,d)."""
        return self.images(self.inputs(features))

    def context(self, vectors: Tensor, mask: Tensor | None = None) -> Tensor:
        """Class vectors (B,C,d) of datasets as their contexts, (B,Z)."""
        return self.head(self.classes(vectors, mask))
