"""The score network: a transformer over the nodes of the graph, of the family the paper uses (CATE, Yan et al., 2021).

Operations, positions and noise level are embedded and added; attention is masked by the graph; the normalised outputs
of all blocks are concatenated and a small MLP reads them node by node. Two things differ from the official network,
whose head holds nine tenths of its four million weights and whose mask has no self loops: the head is small, and a
node sees itself, its ancestors and its descendants (``graph.attention_mask``).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dnag.nets.layers import Block, ScalarEmbedding


@dataclass(frozen=True)
class ScoreNetworkConfig:
    """Sizes. ``num_ops`` is F; ``positions`` holds the number of values of each position coordinate."""

    num_ops: int
    positions: tuple[int, ...]
    width: int = 64
    depth: int = 3
    heads: int = 4
    hidden: int = 128
    head: int = 192

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", tuple(self.positions))
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")


class ScoreNetwork(nn.Module):
    """``x (B,N,F), time_label (B,) -> (B,N,F)``.

    Args:
        config: sizes.
        mask: (N, N) bool, who sees whom.
        positions: (N, P) int64, the coordinates of each node.
    """

    mask: Tensor
    positions: Tensor

    def __init__(self, config: ScoreNetworkConfig, *, mask: Tensor, positions: Tensor):
        super().__init__()
        self.config = config
        self.register_buffer("mask", mask, persistent=False)
        self.register_buffer("positions", positions, persistent=False)
        self.embed_op = nn.Linear(config.num_ops, config.width)
        self.embed_position = nn.ModuleList(nn.Embedding(count, config.width) for count in config.positions)
        self.embed_time = ScalarEmbedding(config.width)
        self.blocks = nn.ModuleList(Block(config.width, config.heads, config.hidden) for _ in range(config.depth))
        self.norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(config.depth))
        self.head = nn.Sequential(
            nn.Linear(config.depth * config.width, config.head), nn.ReLU(), nn.Linear(config.head, config.num_ops)
        )

    def forward(self, x: Tensor, time_label: Tensor) -> Tensor:
        places = torch.stack([embed(self.positions[:, i]) for i, embed in enumerate(self.embed_position)]).sum(0)
        h = self.embed_op(x) + places + self.embed_time(time_label)[:, None]  # (B,N,d)
        outputs = []
        for block, norm in zip(self.blocks, self.norms, strict=True):
            h = block(h, self.mask)
            outputs.append(norm(h))
        return self.head(torch.cat(outputs, dim=-1))
