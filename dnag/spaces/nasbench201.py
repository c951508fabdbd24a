r"""NAS-Bench-201 (Dong and Yang, 2020, https://arxiv.org/abs/2001.00326): one cell, six edges, five operations.

A cell has four vertices 0..3 and an edge between every pair, each carrying an operation. The text form groups the edges
by the vertex they enter:

    |op~0|+|op~0|op~1|+|op~0|op~1|op~2|          edges 0-1; 0-2, 1-2; 0-3, 1-3, 2-3

In the diffusion model operations sit on nodes: node 0 is the input, nodes 1..6 are the edges in the order of the text,
node 7 is the output. ``EDGES`` is the only place that knows this order; the adjacency is its line graph. (The official
code pastes an adjacency that belongs to another order and swaps nodes 3 and 4.)

The network (C = 16, N = 5): a 3x3 stem, three stages of N cells at C, 2C, 4C channels with a residual reduction block
between them, batch norm, global pooling, a linear classifier.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dnag.graph import has_path, line_graph
from dnag.spaces.base import (
    ABSENT,
    Architecture,
    ArchitectureError,
    Cost,
    Dataset,
    Drawing,
    Factor,
    OpStyle,
    SearchSpace,
    Slot,
    Vertex,
    Violation,
    class_source,
    single_choice,
    spaces,
)

EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
INPUT, OUTPUT, NONE, SKIP, CONV1, CONV3, POOL = range(7)
CELL_OPS = range(NONE, POOL + 1)
CHANNELS, CELLS_PER_STAGE = 16, 5

_CELL = re.compile(r"^\|([^|~]+)~0\|\+\|([^|~]+)~0\|([^|~]+)~1\|\+\|([^|~]+)~0\|([^|~]+)~1\|([^|~]+)~2\|$")
_FORM = "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"


@spaces.register("nasbench201")
class NASBench201(SearchSpace):
    """15,625 cells, 6,466 up to isomorphism."""

    label = "NAS-Bench-201"
    op_names = ("input", "output", "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    op_styles = (
        OpStyle("input", "in", "#111827"),
        OpStyle("output", "out", "#4338ca"),
        OpStyle("none", "∅", "#c9ced6"),
        OpStyle("skip", "→", "#56b4e9"),
        OpStyle("1×1 conv", "1", "#f0e442"),
        OpStyle("3×3 conv", "3", "#e69f00"),
        OpStyle("avg pool", "P", "#009e73"),
    )
    identity_ops = (INPUT, OUTPUT, SKIP)
    zero_ops = (NONE,)
    datasets: ClassVar[Mapping[str, Dataset]] = {
        "cifar10": Dataset("CIFAR-10", 10, 32),
        "cifar100": Dataset("CIFAR-100", 100, 32),
        "imagenet16-120": Dataset("ImageNet16-120", 120, 16),
    }

    citation = """@inproceedings{dong2020nasbench201,
  title     = {{NAS-Bench-201}: Extending the Scope of Reproducible Neural Architecture Search},
  author    = {Xuanyi Dong and Yi Yang},
  booktitle = {International Conference on Learning Representations},
  year      = {2020}
}"""

    @cached_property
    def adjacency(self) -> Tensor:
        return line_graph(EDGES, source=0, sink=3)

    @cached_property
    def positions(self) -> Tensor:
        return torch.arange(len(EDGES) + 2)[:, None]

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        cells = (single_choice(node, CELL_OPS) for node in range(1, len(EDGES) + 1))
        return (single_choice(0, [INPUT]), *cells, single_choice(len(EDGES) + 1, [OUTPUT]))

    @cached_property
    def drawing(self) -> Drawing:
        vertices = (
            Vertex("in", 0.06, 0.46, "input"),
            Vertex("1", 0.37, 0.16),
            Vertex("2", 0.63, 0.70),
            Vertex("out", 0.94, 0.46, "output"),
        )
        chips = ((0.19, 0.29), (0.31, 0.60), (0.49, 0.42), (0.50, 0.95), (0.67, 0.27), (0.80, 0.60))
        slots = tuple(
            Slot(node, f"{tail}→{head}", x, y, tail, head)
            for node, ((tail, head), (x, y)) in enumerate(zip(EDGES, chips, strict=True), start=1)
        )
        return Drawing(slots, vertices)

    def check(self, ops: Sequence[int]) -> Violation | None:
        if len(ops) != self.num_nodes:
            return Violation("wrong length", f"{len(ops)} operations; a cell has {self.num_nodes} nodes", None)
        for node, op in enumerate(ops):
            if op == ABSENT:
                return Violation("no operation", f"node {node} has no operation", node)
        for node, op, name in ((0, INPUT, "input"), (len(ops) - 1, OUTPUT, "output")):
            if ops[node] != op:
                return Violation("misplaced end", f"node {node} is not the {name}", node)
        for node in range(1, len(ops) - 1):
            if ops[node] not in CELL_OPS:
                return Violation("end inside the cell", f"node {node} is no operation of a cell edge", node)
        return None

    def format(self, arch: Architecture) -> str:
        groups: dict[int, list[str]] = {}
        for (tail, head), op in zip(EDGES, arch.ops[1:-1], strict=True):
            groups.setdefault(head, []).append(f"{self.op_names[op]}~{tail}")
        return "+".join(f"|{'|'.join(groups[head])}|" for head in sorted(groups))

    def parse(self, text: str) -> Architecture:
        match = _CELL.match(text.strip())
        if match is None:
            raise ArchitectureError(f"{text.strip()[:120]!r} is not a NAS-Bench-201 cell; allowed: {_FORM}")
        allowed = [self.op_names[op] for op in CELL_OPS]
        for name in match.groups():
            if name not in allowed:
                raise ArchitectureError(f"unknown operation {name!r}; allowed: {', '.join(allowed)}")
        return Architecture(self.name, (INPUT, *(self.op_names.index(name) for name in match.groups()), OUTPUT))

    def disconnected(self, arch: Architecture) -> bool:
        return not has_path(EDGES, [op != NONE for op in arch.ops[1:-1]], 0, 3)

    def canonical(self, arch: Architecture) -> Hashable:
        """The benchmark's isomorphism class, as an expression: ``skip`` passes its input on, ``none`` gives zero.

        The rule is the benchmark's own, to the letter: zero terms stay in a sum, and a sum passed on by ``skip`` is one
        term. Its 6,466 classes are counted so; dropping zeros and flattening sums would leave 4,930.
        """
        sums = {0: "0"}
        for head in range(1, 4):
            terms = []
            for (tail, end), op in zip(EDGES, arch.ops[1:-1], strict=True):
                if end != head:
                    continue
                if op == NONE or sums[tail] == "#":
                    terms.append("#")
                elif op == SKIP:
                    terms.append(sums[tail])
                else:
                    terms.append(f"({sums[tail]})@{self.op_names[op]}")
            sums[head] = "+".join(sorted(terms))
        return sums[3]

    def cost(
        self, arch: Architecture, dataset: str | None = None, *, resolution: int | None = None, width: float = 1.0
    ) -> Cost:
        if width not in self.widths:
            raise ValueError(f"width is {width!r}; networks of {self.name} come in width 1 only")
        info = self.dataset(dataset or next(iter(self.datasets)))
        macs, params = network_cost(arch.ops[1:-1], info.num_classes, resolution or info.resolution)
        return Cost(macs / 1e6, params / 1e6)

    def to_module(self, arch: Architecture, num_classes: int) -> nn.Module:
        return CellNetwork(arch.ops[1:-1], num_classes)

    def scaled_module(
        self, arch: Architecture, num_classes: int, *, width: float = 1.0, cells: int = 0, image_size: int = 0
    ) -> nn.Module:
        if image_size % 4:
            raise ValueError(
                f"image size is {image_size!r}; networks of {self.name} halve it twice, so allowed: 4, 8, ..."
            )
        channels = round(CHANNELS * width)
        if channels < 1:
            raise ValueError(f"width is {width!r}; allowed: {1 / CHANNELS} or more, one channel of {CHANNELS}")
        return CellNetwork(arch.ops[1:-1], num_classes, channels, cells or CELLS_PER_STAGE)

    def source(self, arch: Architecture, *, width: float = 1.0) -> str:
        channels = round(CHANNELS * width)
        widths = {f"C{stage}": channels * 2**stage for stage in range(3)}
        network = _NETWORK.format(cells=CELLS_PER_STAGE, **widths)
        parts = (class_source(ReLUConvBN), cell_source(arch.ops[1:-1]), class_source(Reduction), network)
        return "\n\n".join(part.strip() + "\n" for part in parts)


# ---------------------------------------------------------------------- cost


def _conv(c_in: int, c_out: int, kernel: int, pixels: int, *, norm: bool = True) -> tuple[int, int]:
    """MACs and parameters of a bias-free convolution with ``pixels`` outputs, and its batch norm."""
    weights = c_in * c_out * kernel**2
    return weights * pixels, weights + 2 * c_out * norm


def network_cost(cell: Sequence[int], num_classes: int, resolution: int) -> tuple[int, int]:
    """Exact MACs and parameters of the whole network for one image of ``resolution`` squared."""
    parts = [_conv(3, CHANNELS, 3, resolution**2)]
    widths = [CHANNELS * 2**stage for stage in range(3)]
    for stage, width in enumerate(widths):
        pixels = (resolution >> stage) ** 2
        kernels = [{CONV1: 1, CONV3: 3}[op] for op in cell if op in (CONV1, CONV3)]
        parts += [_conv(width, width, kernel, pixels) for kernel in kernels] * CELLS_PER_STAGE
    for stage, (c_in, c_out) in enumerate(pairwise(widths), start=1):
        pixels = (resolution >> stage) ** 2
        parts += [
            _conv(c_in, c_out, 3, pixels),
            _conv(c_out, c_out, 3, pixels),
            _conv(c_in, c_out, 1, pixels, norm=False),
        ]
    parts += [(0, 2 * widths[-1]), (widths[-1] * num_classes, (widths[-1] + 1) * num_classes)]
    return sum(macs for macs, _ in parts), sum(params for _, params in parts)


# ---------------------------------------------------------------------- the network itself


class ReLUConvBN(nn.Sequential):
    """ReLU, convolution without bias, batch norm."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int = 1):
        convolution = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False)
        super().__init__(nn.ReLU(), convolution, nn.BatchNorm2d(c_out))


class Zero(nn.Module):
    """The operation ``none``."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


def _operation(op: int, channels: int) -> nn.Module:
    if op == NONE:
        return Zero()
    if op == SKIP:
        return nn.Identity()
    if op == POOL:
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return ReLUConvBN(channels, channels, 1 if op == CONV1 else 3)


class Cell(nn.Module):
    """Each vertex is the sum of its incoming operations applied to the vertices they come from."""

    def __init__(self, cell: Sequence[int], channels: int):
        super().__init__()
        self.ops = nn.ModuleList(_operation(op, channels) for op in cell)

    def forward(self, x: Tensor) -> Tensor:
        vertices: dict[int, Tensor] = {0: x}
        for (tail, head), op in zip(EDGES, self.ops, strict=True):
            out = op(vertices[tail])
            vertices[head] = vertices[head] + out if head in vertices else out
        return vertices[3]


class Reduction(nn.Module):
    """Residual block that halves the image and doubles the channels."""

    def __init__(self, c_in: int, c_out: int):
        super().__init__()
        self.body = nn.Sequential(ReLUConvBN(c_in, c_out, 3, stride=2), ReLUConvBN(c_out, c_out, 3))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(c_in, c_out, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + self.shortcut(x)


class CellNetwork(nn.Module):
    """The benchmark's network around one cell; ``channels`` and ``cells`` a stage make a smaller one."""

    def __init__(self, cell: Sequence[int], num_classes: int, channels: int = CHANNELS, cells: int = CELLS_PER_STAGE):
        super().__init__()
        widths = [channels * 2**stage for stage in range(3)]
        self.stem = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        blocks: list[nn.Module] = []
        for stage, width in enumerate(widths):
            if stage:
                blocks.append(Reduction(widths[stage - 1], width))
            blocks += [Cell(cell, width) for _ in range(cells)]
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.BatchNorm2d(widths[-1])
        self.classifier = nn.Linear(widths[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        features = F.relu(self.norm(self.blocks(self.stem(images))))
        return self.classifier(features.mean((2, 3)))


# ---------------------------------------------------------------------- the network as a text

_LAYERS = {
    CONV1: "ReLUConvBN(channels, channels, 1)",
    CONV3: "ReLUConvBN(channels, channels, 3)",
    POOL: "nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)",
}

_CELL_CLASS = '''
class Cell(nn.Module):
    """Four points in a row: x0 comes in, each later one is a sum over those before it, x3 goes out."""

    def __init__(self, channels: int):
        super().__init__()
        self.ops = nn.ModuleDict({layers})

    def forward(self, x0: Tensor) -> Tensor:
{sums}
        return x3
'''

_NETWORK = '''
class Network(nn.Module):
    """The cell, {cells} times in each of three stages; between them the image halves and the channels double."""

    def __init__(self, num_classes: int):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, {C0}, 3, padding=1, bias=False), nn.BatchNorm2d({C0}))
        self.blocks = nn.Sequential(
            *[Cell({C0}) for _ in range({cells})],
            Reduction({C0}, {C1}),
            *[Cell({C1}) for _ in range({cells})],
            Reduction({C1}, {C2}),
            *[Cell({C2}) for _ in range({cells})],
        )
        self.norm = nn.BatchNorm2d({C2})
        self.classifier = nn.Linear({C2}, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) -> logits (B, num_classes)."""
        features = F.relu(self.norm(self.blocks(self.stem(images))))
        return self.classifier(features.mean((2, 3)))
'''


def cell_source(cell: Sequence[int]) -> str:
    """:class:`Cell` written out for the operations of the six edges: what does nothing is not there."""
    layers, sums = "", []
    for index, ((tail, head), op) in enumerate(zip(EDGES, cell, strict=True)):
        if op in _LAYERS:
            layers += f'    "{index}": {_LAYERS[op]},  # x{tail} to x{head}\n'
    for head in range(1, 4):
        terms = [
            f"x{tail}" if op == SKIP else f'self.ops["{index}"](x{tail})'
            for index, ((tail, end), op) in enumerate(zip(EDGES, cell, strict=True))
            if end == head and op != NONE
        ]
        sums.append(f"x{head} = {' + '.join(terms) or 'torch.zeros_like(x0)'}\n")
    layers = textwrap.indent(f"{{\n{layers}}}", " " * 8).strip() if layers else ""
    return _CELL_CLASS.format(layers=layers, sums=textwrap.indent("".join(sums).rstrip(), " " * 8))
