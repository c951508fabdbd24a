"""Layers shared by the networks."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def sinusoid(values: Tensor, width: int) -> Tensor:
    """Fixed features of a scalar (Vaswani et al., 2017): ``values (B,) -> (B, width)``, frequencies 1 to 1/10,000."""
    half = width // 2
    frequencies = torch.exp(-math.log(10_000) / (half - 1) * torch.arange(half, device=values.device))
    angles = values[:, None].float() * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class ScalarEmbedding(nn.Module):
    """A scalar (B,) -> (B, width): sinusoid, then two linear layers, ``hidden`` (2 * width) wide, with SiLU between."""

    def __init__(self, width: int, features: int = 64, hidden: int = 0):
        super().__init__()
        self.features = features
        hidden = hidden or 2 * width
        self.mlp = nn.Sequential(nn.Linear(features, hidden), nn.SiLU(), nn.Linear(hidden, width))

    def forward(self, values: Tensor) -> Tensor:
        return self.mlp(sinusoid(values, self.features))


class MaskedAttention(nn.Module):
    """Multi-head self-attention, (B,N,d) -> (B,N,d), in which node i sees the nodes j with ``mask[i, j]``."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, nodes, width = x.shape
        q, k, v = (
            self.qkv(x).view(batch, nodes, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        )  # (B,h,N,d/h)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out(attended.transpose(1, 2).reshape(batch, nodes, width))


class Block(nn.Module):
    """Pre-norm transformer block (B,N,d) -> (B,N,d)."""

    def __init__(self, width: int, heads: int, hidden: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = MaskedAttention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x), mask)
        return x + self.mlp(self.norm2(x))


class ModulatedBlock(nn.Module):
    """Residual MLP block (B,d) -> (B,d) whose normalised input is scaled and shifted by a condition (B,c)."""

    def __init__(self, width: int, condition: int):
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Linear(condition, 2 * width)
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.modulation(condition).chunk(2, dim=-1)
        return x + self.mlp(self.norm(x) * (1 + scale) + shift)
