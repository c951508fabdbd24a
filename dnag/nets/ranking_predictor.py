r"""The clean predictor that ranks: an architecture as information flowing through its graph.

A vector starts at the nodes without predecessors and is transformed by the operation of every node it passes, in
topological order, as data are in the network the architecture describes (the idea of GATES, Ning et al., 2020):

    h_i = sum_k x_ik T_k(sum of h_j over predecessors j)

``T_k`` is a learned layer per operation type, shared by all nodes; operations known to pass their input on or to give
zero do so literally, and a node without an operation passes its input on. Isomorphic architectures therefore look alike
to the flow. Its value at the sinks, the matrix itself and the dataset's context give the prediction. In a chain of
nodes the order is fixed and nothing is isomorphic; there the flow is left out (width 0).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class RankingPredictorConfig:
    """Sizes: N, F, context width Z, which operations are the identity or give zero, and the width of the flow.

    With ``shift``, the first entry of the context is added to the output and does nothing else.
    """

    num_nodes: int
    num_ops: int
    context: int = 0
    identity_ops: tuple[int, ...] = ()
    zero_ops: tuple[int, ...] = ()
    width: int = 48
    hidden: int = 128
    shift: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "identity_ops", tuple(self.identity_ops))
        object.__setattr__(self, "zero_ops", tuple(self.zero_ops))


class RankingPredictor(nn.Module):
    """``x (B,N,F) in [0, 1], context (B,Z) | None -> (B,)``, in the units of its training targets.

    Args:
        adjacency: (N, N) bool, strictly upper triangular.
    """

    def __init__(self, config: RankingPredictorConfig, *, adjacency: Tensor):
        super().__init__()
        self.config = config
        width = config.width
        self._predecessors = [adjacency[:, i].nonzero().flatten().tolist() for i in range(len(adjacency))]
        self._sinks = (~adjacency.any(1)).nonzero().flatten().tolist()
        fixed = {*config.identity_ops, *config.zero_ops}
        self._learned = [op for op in range(config.num_ops) if op not in fixed]
        if width:
            self.start = nn.Parameter(1 + 0.5 * torch.randn(width))
            self.transform = nn.Parameter(torch.randn(width, len(self._learned) * width) / math.sqrt(width))
            self.bias = nn.Parameter(torch.zeros(len(self._learned) * width))
        inputs = width + config.num_nodes * config.num_ops + config.context - config.shift
        self.head = nn.Sequential(
            nn.Linear(inputs, config.hidden),
            nn.SiLU(),
            nn.Linear(config.hidden, config.hidden),
            nn.SiLU(),
            nn.Linear(config.hidden, 1),
        )

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        shift = torch.zeros(())
        if self.config.shift:
            assert context is not None
            shift, context = context[:, 0], context[:, 1:]
        parts = [x.flatten(1)] + ([context] if context is not None else [])
        if self.config.width:
            parts.insert(0, self._flow(x))
        return self.head(torch.cat(parts, dim=1)).squeeze(-1) + shift

    def _flow(self, x: Tensor) -> Tensor:
        width = self.config.width
        passed = x[..., list(self.config.identity_ops)].sum(-1) + (1 - x.sum(-1))  # (B,N) identity, or absent
        flow: list[Tensor] = []
        for node, predecessors in enumerate(self._predecessors):
            arriving = sum((flow[j] for j in predecessors), torch.zeros(())) if predecessors else self.start
            arriving = arriving.expand(len(x), width)
            changed = F.silu(arriving @ self.transform + self.bias).view(len(x), -1, width)  # (B,ops,d)
            leaving = torch.einsum("bk,bkd->bd", x[:, node, self._learned], changed)
            flow.append(leaving + passed[:, node, None] * arriving)
        return torch.tanh(torch.stack([flow[node] for node in self._sinks]).sum(0))
