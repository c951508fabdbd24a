r"""A map of points of many dimensions: t-SNE (van der Maaten and Hinton, 2008), exact, for a few thousand points.

It begins at the first two principal components and draws nothing at random, so the same points give the same map.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

EXAGGERATION, EXAGGERATED = 12.0, 250  # steps at the beginning in which clusters gather (Belkina et al., 2019)


def tsne(points: Tensor, *, perplexity: float = 30.0, steps: int = 750) -> Tensor:
    """Places (K,2) in which neighbours among the points (K,d) stay neighbours, centred, within [-1, 1].

    Args:
        perplexity: how many neighbours a point has, roughly; at most K - 1.

    Raises:
        ValueError: if the perplexity is out of range.
    """
    if not 1 < perplexity < len(points):
        raise ValueError(f"perplexity is {perplexity:g}; allowed: more than 1 and fewer than the {len(points)} points")
    points = points.double()
    target = _affinities(torch.cdist(points, points).square(), perplexity)
    centred = points - points.mean(0)
    left, scale, _ = torch.linalg.svd(centred, full_matrices=False)
    places = 1e-4 * left[:, :2] * scale[:2] / (left[:, 0] * scale[0]).std()
    moved = torch.zeros_like(places)
    rate = len(points) / EXAGGERATION
    for step in range(steps):
        near = 1 / (1 + torch.cdist(places, places).square())
        near.fill_diagonal_(0)
        pull = (EXAGGERATION if step < EXAGGERATED else 1) * target - near / near.sum()
        weights = pull * near
        gradient = 4 * (weights.sum(1, keepdim=True) * places - weights @ places)
        moved = (0.5 if step < EXAGGERATED else 0.8) * moved - rate * gradient
        places = places + moved
    places = places - places.mean(0)
    return (places / places.abs().max()).to(torch.float32)


def _affinities(squared: Tensor, perplexity: float) -> Tensor:
    """Joint probabilities (K,K) of neighbours: Gaussians whose widths give every row the same perplexity."""
    own = torch.eye(len(squared), dtype=torch.bool)
    squared = squared / squared[~own].mean()
    low, high = torch.full((len(squared), 1), -20.0), torch.full((len(squared), 1), 20.0)  # of the log of the precision
    for _ in range(50):
        middle = ((low + high) / 2).double()
        rows = torch.softmax((-middle.exp() * squared).masked_fill(own, -math.inf), dim=1)
        entropy = torch.special.entr(rows).sum(1, keepdim=True)
        wide = entropy > math.log(perplexity)
        low, high = torch.where(wide, middle, low), torch.where(wide, high, middle)
    return (rows + rows.T) / (2 * len(rows))


def kept_neighbours(points: Tensor, places: Tensor, count: int = 10) -> float:
    """Share of the ``count`` nearest neighbours among the points (K,d) that are so among their places (K,2)."""
    found = []
    for values in (points, places):
        distance = torch.cdist(values.float(), values.float()).fill_diagonal_(math.inf)
        nearest = distance.topk(count, largest=False).indices
        found.append(torch.zeros_like(distance, dtype=torch.bool).scatter_(1, nearest, True))
    return float((found[0] & found[1]).sum() / found[0].sum())
