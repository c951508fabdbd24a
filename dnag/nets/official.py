r"""The networks of the official code, to run its released weights: the same formulas, under names of our own.

**Graph transformer** (CATE). With ``e(i)`` the sinusoid of a node's place and ``tau`` that of the time label,

    h_i = sqrt(d) E x_i + e(i) + MLP(tau),    then blocks  h += A(LN h),  h += W2 ReLU(W1 LN h)

and the layer-normed outputs of all blocks, concatenated, are what comes out. Node i attends to the nodes j with
``mask[i, j]``, its successors; others get the logit -1e9. A node without successors therefore attends to all nodes
alike, which is the only way information goes far: the weights rely on it.

**Set encoder** (Lee et al., 2019, https://arxiv.org/abs/1810.00825), a dataset as a vector: with linear maps ``q`` of X
and ``k``, ``v`` of Y, cut into heads, ``MAB(X, Y) = O + ReLU(W O)``, ``O = q + softmax(q k^T / sqrt(d)) v``. Images of
a class are pooled by ``MAB(X, X)`` twice, ``MAB(S, X)`` with a learned ``S``, and a linear map; then classes, likewise.

**Graph convolution**: with ``A = R(mask + I)`` and ``R`` dividing rows by their sums,
``H <- (ReLU(A H U) + ReLU(R(A^T) H V)) / 2``.

**Graph GRU** (D-VAE, Zhang et al., 2019, https://arxiv.org/abs/1904.11088): vertex by vertex, with
``z_u = [h_u, onehot(u)]``, ``h_v = GRU(type_v, sum over predecessors u of sigmoid(G z_u) * (M z_u))``; a second one
runs against the arrows.

Dropout is left out: these networks are for use, not for training. Masks and graphs are buffers that the file holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dnag.nets.layers import ScalarEmbedding
from dnag.sdes.base import SDE
from dnag.sdes.ve import VE
from dnag.tensors import expand

FEATURES = 512
"""Width of the image features that datasets are described by: ResNet-18 without its last layer."""


@dataclass(frozen=True)
class TransformerSizes:
    """Sizes of the graph transformer: N, F; ``period``: places are counted from 0 and anew after so many nodes, 0 for
    no places.
    """

    num_nodes: int
    num_ops: int
    width: int = 64
    depth: int = 12
    heads: int = 8
    hidden: int = 128
    period: int = 0

    def __post_init__(self) -> None:
        if self.heads < 1 or self.width % self.heads or self.width % 2:
            raise ValueError(f"width {self.width} is not an even multiple of heads {self.heads}")


@dataclass(frozen=True)
class OfficialScoreConfig(TransformerSizes):
    """``head``: width of the MLP that reads each node."""

    head: int = 1536


@dataclass(frozen=True)
class OfficialTransformerPredictorConfig(TransformerSizes):
    """``head`` and ``read``: widths of the MLPs of each node and of all; ``context`` Z; ``joint``: of the last MLP."""

    head: int = 256
    read: int = 360
    context: int = 56
    joint: int = 512


@dataclass(frozen=True)
class OfficialGraphPredictorConfig:
    """N, F; ``width`` and ``depth`` of the convolutions, ``read`` of the graph's vector; ``context`` Z; ``joint``."""

    num_nodes: int
    num_ops: int
    width: int = 144
    depth: int = 4
    read: int = 128
    context: int = 56
    joint: int = 512


@dataclass(frozen=True)
class OfficialRankingPredictorConfig:
    """Vertices and their types; ``width`` of the GRU states, ``latent`` of the graph's vector; ``context`` Z."""

    num_vertices: int
    num_types: int
    width: int = 512
    latent: int = 56
    context: int = 56
    joint: int = 512


class ELUStack(nn.Module):
    """Linear layers with ELU between them."""

    def __init__(self, *widths: int):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        *inner, last = self.layers
        for layer in inner:
            x = F.elu(layer(x))
        return last(x)


def places(num_nodes: int, period: int, width: int) -> Tensor:
    """Sinusoids of ``0, 1, ..., period - 1, 0, 1, ...``, (N, width): sines in even columns, cosines in odd ones."""
    place = torch.arange(num_nodes) % period
    angles = place[:, None] / 10_000 ** (torch.arange(0, width, 2) / width)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


class SuccessorAttention(nn.Module):
    """Multi-head attention (B,N,d) -> (B,N,d) along ``mask``; where a row of it is empty, to all nodes alike."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (part(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (self.q, self.k, self.v))
        logits = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])  # (B,h,N,N)
        attended = logits.masked_fill(~mask, -1e9).softmax(-1) @ v
        return self.out(attended.transpose(1, 2).flatten(2))


class SuccessorBlock(nn.Module):
    """Pre-norm transformer block (B,N,d) -> (B,N,d)."""

    def __init__(self, width: int, heads: int, hidden: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = SuccessorAttention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x), mask)
        return x + self.mlp(self.norm2(x))


class GraphTransformer(nn.Module):
    """``x (B,N,F), time_label (B,) -> (B,N,depth*width)``."""

    mask: Tensor  # (N,N) bool, who sees whom
    places: Tensor  # (N,d)

    def __init__(self, sizes: TransformerSizes):
        super().__init__()
        nodes, width = sizes.num_nodes, sizes.width
        self.register_buffer("mask", torch.zeros(nodes, nodes, dtype=torch.bool))
        told = places(nodes, sizes.period, width) if sizes.period else torch.zeros(nodes, width)
        self.register_buffer("places", told, persistent=False)
        self.embed_op = nn.Linear(sizes.num_ops, width)
        self.embed_time = ScalarEmbedding(width, features=width, hidden=4 * width)
        self.blocks = nn.ModuleList(SuccessorBlock(width, sizes.heads, sizes.hidden) for _ in range(sizes.depth))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(sizes.depth))

    def forward(self, x: Tensor, time_label: Tensor) -> Tensor:
        width = self.places.shape[1]
        h = math.sqrt(width) * self.embed_op(x) + self.places + self.embed_time(time_label)[:, None]
        outputs = []
        for block, norm in zip(self.blocks, self.norms, strict=True):
            h = block(h, self.mask)
            outputs.append(norm(h))
        return torch.cat(outputs, dim=-1)


class OfficialScoreNetwork(nn.Module):
    """``x (B,N,F), time_label (B,) -> (B,N,F)``: for VE the score itself, told ``sigma(t)``."""

    def __init__(self, config: OfficialScoreConfig):
        super().__init__()
        self.config = config
        self.trunk = GraphTransformer(config)
        self.head = ELUStack(config.depth * config.width, config.head, config.head, config.num_ops)

    def forward(self, x: Tensor, time_label: Tensor) -> Tensor:
        return self.head(self.trunk(x, time_label))


# ---------------------------------------------------------------------- datasets


class SetAttention(nn.Module):
    """``MAB``: ``x (B,n,p), y (B,m,q) -> (B,n,d)``, in four heads; logits are scaled by the whole width."""

    def __init__(self, x_width: int, y_width: int, width: int, heads: int = 4):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(inputs, width) for inputs in (x_width, y_width, y_width))
        self.o = nn.Linear(width, width)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        mapped = (self.q(x), self.k(y), self.v(y))
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in mapped)
        weights = (q @ k.transpose(-1, -2) / math.sqrt(self.o.in_features)).softmax(-1)
        h = (q + weights @ v).transpose(1, 2).flatten(2)
        return h + F.relu(self.o(h))


class SetPool(nn.Module):
    """Sets as vectors, whatever their order: ``(B,n,inputs) -> (B,width)``."""

    def __init__(self, inputs: int, width: int):
        super().__init__()
        self.mix = nn.ModuleList([SetAttention(inputs, inputs, width), SetAttention(width, width, width)])
        self.seed = nn.Parameter(torch.empty(1, 1, width).normal_())
        self.pool = SetAttention(width, width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.mix:
            x = layer(x, x)
        return self.out(self.pool(self.seed.expand(len(x), 1, -1), x)).squeeze(1)


class SetEncoder(nn.Module):
    """Image features of a dataset, ``(classes, images, 512) -> (Z,)``."""

    def __init__(self, width: int):
        super().__init__()
        self.images = SetPool(FEATURES, width)
        self.classes = SetPool(width, width)

    def forward(self, features: Tensor) -> Tensor:
        return self.classes(self.images(features)[None])[0]


class JointHead(nn.Module):
    """A dataset's vector (B,Z) and an architecture's (B,d) -> (B,)."""

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def forward(self, context: Tensor, vector: Tensor) -> Tensor:
        return self.layers(torch.cat([context, vector], dim=1)).squeeze(1)


# ---------------------------------------------------------------------- predictors


class OfficialTransformerPredictor(nn.Module):
    """The noise-aware predictor of MobileNetV3: ``x (B,N,F), time_label (B,), context (B,Z) -> (B,)``."""

    def __init__(self, config: OfficialTransformerPredictorConfig):
        super().__init__()
        self.config = config
        self.encoder = SetEncoder(config.context)
        self.trunk = GraphTransformer(config)
        self.head = ELUStack(config.depth * config.width, config.head, config.head, config.num_ops)
        self.read = ELUStack(config.num_nodes * config.num_ops, config.read, config.read)
        self.joint = JointHead(config.context + config.read, config.joint)

    def forward(self, x: Tensor, time_label: Tensor, context: Tensor) -> Tensor:
        nodes = self.head(self.trunk(x, time_label))
        return self.joint(context, self.read(nodes.flatten(1)))


class OfficialGraphPredictor(nn.Module):
    """The noise-aware predictor of NAS-Bench-201: ``x (B,N,F), time_label (B,), context (B,Z) -> (B,)``."""

    mask: Tensor  # (N,N) bool

    def __init__(self, config: OfficialGraphPredictorConfig):
        super().__init__()
        self.config = config
        nodes, width = config.num_nodes, config.width
        inputs = [config.num_ops, *[width] * (config.depth - 1)]
        self.register_buffer("mask", torch.zeros(nodes, nodes, dtype=torch.bool))
        self.encoder = SetEncoder(config.context)
        self.along, self.against = (
            nn.ParameterList(torch.empty(size, width).normal_(std=size**-0.5) for size in inputs) for _ in range(2)
        )
        self.embed_time = ScalarEmbedding(width, features=width, hidden=4 * width)
        self.read = nn.Linear(width, config.read, bias=False)
        self.joint = JointHead(config.context + config.read, config.joint)

    def forward(self, x: Tensor, time_label: Tensor, context: Tensor) -> Tensor:
        arrows = _shares(self.mask + torch.eye(len(self.mask), device=x.device))
        back = _shares(arrows.T)
        for along, against in zip(self.along, self.against, strict=True):
            x = (F.relu(arrows @ (x @ along)) + F.relu(back @ (x @ against))) / 2
        return self.joint(context, self.read(x.mean(1) + self.embed_time(time_label)))


def _shares(weights: Tensor) -> Tensor:
    return weights / weights.sum(1, keepdim=True)


class GraphGRU(nn.Module):
    """States of all vertices, ``types (B,n,T) -> (B,n,d)``, each after those whose arrows lead to it."""

    def __init__(self, num_vertices: int, num_types: int, width: int):
        super().__init__()
        self.cell = nn.GRUCell(num_types, width)
        self.gate = nn.Linear(width + num_vertices, width)
        self.mapper = nn.Linear(width + num_vertices, width, bias=False)

    def forward(self, types: Tensor, before: Sequence[Sequence[int]], order: Sequence[int]) -> Tensor:
        batch, vertices, _ = types.shape
        own = torch.eye(vertices, device=types.device)
        states: dict[int, Tensor] = {}
        sent: dict[int, Tensor] = {}
        nothing = types.new_zeros(batch, self.cell.hidden_size)
        for v in order:
            states[v] = self.cell(types[:, v], sum((sent[u] for u in before[v]), nothing))
            told = torch.cat([states[v], own[v].expand(batch, -1)], dim=1)
            sent[v] = self.gate(told).sigmoid() * self.mapper(told)
        return torch.stack([states[v] for v in range(vertices)], dim=1)


class OfficialRankingPredictor(nn.Module):
    """The clean predictor that ranks (MetaD2A): ``types (B,n,T), context (B,Z) -> (B,)``."""

    arrows: Tensor  # (n,n) bool, strictly upper triangular

    def __init__(self, config: OfficialRankingPredictorConfig):
        super().__init__()
        self.config = config
        vertices, width = config.num_vertices, config.width
        self.register_buffer("arrows", torch.zeros(vertices, vertices, dtype=torch.bool))
        self.encoder = SetEncoder(config.context)
        self.ahead = GraphGRU(vertices, config.num_types, width)
        self.back = GraphGRU(vertices, config.num_types, width)
        self.unify = nn.Linear(2 * width, width)
        self.latent = nn.Linear(width, config.latent)
        self.joint = JointHead(config.context + config.latent, config.joint)

    def vector(self, types: Tensor) -> Tensor:
        """Of an architecture, whatever the dataset: ``types (B,n,T) -> (B,latent)``."""
        order = range(len(self.arrows))
        before, after = ([rows.nonzero().flatten().tolist() for rows in part] for part in (self.arrows.T, self.arrows))
        ends = [self.ahead(types, before, order)[:, -1], self.back(types, after, order[::-1])[:, 0]]
        return self.latent(self.unify(torch.cat(ends, dim=1)))

    def forward(self, types: Tensor, context: Tensor) -> Tensor:
        return self.joint(context, self.vector(types))


class OfficialPropertyModel:
    """A noise-aware official predictor bound to an SDE and a dataset; a ``PropertyFn`` in points of accuracy.

    The official labels are ``(accuracy - mean) / spread / 100``; where mean and spread are not known, the value is in
    standard deviations. A guidance scale of w in the official code is ``w / (100 * spread)`` here.

    Args:
        sde: the noise process that ``x`` and ``t`` are of.
        context: (Z,), what ``network.encoder`` says of the dataset.
        trained: the one that the network was trained for, and is asked about, at the same ``sigma / alpha``; default:
            ``sde``. With VE it is told the noise itself, also beyond the range it was trained in, as the official
            guided runs do.
    """

    def __init__(
        self,
        network: OfficialGraphPredictor | OfficialTransformerPredictor,
        sde: SDE,
        context: Tensor,
        mean: float = 0.0,
        spread: float = 1.0,
        trained: SDE | None = None,
    ):
        self.network = network
        self.sde = sde
        self.trained = sde if trained is None else trained
        self.context = context
        self.mean = mean
        self.spread = spread

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        output = self.network(*self._asked(x, t), self.context.expand(len(x), -1))
        return self.mean + 100 * self.spread * output

    def _asked(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """The same noisy architectures as the network's own process has them, and its time label."""
        if self.trained == self.sde:
            return x, self.sde.time_label(t)
        alpha, sigma = self.sde.marginal(t)
        if isinstance(self.trained, VE):
            return x / expand(alpha, x), sigma / alpha
        time = self.trained.time_of(sigma / alpha)
        return x * expand(self.trained.marginal(time)[0] / alpha, x), self.trained.time_label(time)


NETWORKS: dict[str, tuple[type[nn.Module], type]] = {
    "OfficialScoreNetwork": (OfficialScoreNetwork, OfficialScoreConfig),
    "OfficialGraphPredictor": (OfficialGraphPredictor, OfficialGraphPredictorConfig),
    "OfficialTransformerPredictor": (OfficialTransformerPredictor, OfficialTransformerPredictorConfig),
    "OfficialRankingPredictor": (OfficialRankingPredictor, OfficialRankingPredictorConfig),
}
"""Name of a class -> the class, and that of its sizes."""
