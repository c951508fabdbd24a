"""Graphs derived from one edge list.

A cell whose operations sit on its edges is turned into a graph whose *nodes* carry the operations, its line graph:
node ``i -> j`` iff edge ``i`` ends where edge ``j`` starts. Everything about the graph (adjacency, attention masks,
topological order, disconnected cells) is computed from the one edge list, so no two places can disagree on the order.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Edge = tuple[int, int]


def line_graph(edges: Sequence[Edge], source: int, sink: int) -> Tensor:
    """Adjacency (E+2, E+2) bool of the line graph of ``edges``, with an input node first and an output node last."""
    ends = [(-1, source), *edges, (sink, -1)]
    return torch.tensor([[a[1] == b[0] and a[1] >= 0 and b[0] >= 0 for b in ends] for a in ends])


def reachability(adjacency: Tensor) -> Tensor:
    """Transitive closure (N, N) bool of ``adjacency``: is there a path of one or more edges from i to j?"""
    closure = adjacency.clone()
    for middle in range(len(closure)):
        closure |= closure[:, middle, None] & closure[None, middle, :]
    return closure


def attention_mask(adjacency: Tensor) -> Tensor:
    """(N, N) bool: which nodes may look at each other. A node sees itself, its ancestors and its descendants.

    The paper's networks look along the arrows only; the denoiser of a node may depend on both sides of it, and
    without self loops a sink has nothing to attend to.
    """
    closure = reachability(adjacency)
    return closure | closure.T | torch.eye(len(adjacency), dtype=torch.bool)


def has_path(edges: Sequence[Edge], open_edges: Sequence[bool], source: int, sink: int) -> bool:
    """Is ``sink`` reachable from ``source`` along the edges that are open? Edges are in topological order."""
    reached = {source}
    for (tail, head), is_open in zip(edges, open_edges, strict=True):
        if is_open and tail in reached:
            reached.add(head)
    return sink in reached
