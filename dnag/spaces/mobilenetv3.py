r"""MobileNetV3 as in once-for-all (Cai et al., 2020, https://arxiv.org/abs/1908.09791): 7371^5, about 2e19 networks.

Five stages of two, three or four layers, each an inverted bottleneck with a kernel (3, 5, 7) and an expansion (3, 4, 6)
of its own. Every stage has four slots, so there are 20 nodes, in a chain; a layer that is not there is an ``ABSENT``
node, a zero row of the matrix, everywhere. The text form is the official one, a token per slot, ``0-0-0`` if empty:

    2-3-6_2-7-4_0-0-0_0-0-0_4-5-3_...            d-ks-e: depth of the stage, kernel, expansion

The JSON form of once-for-all, ``{"ks": [20], "e": [20], "d": [5], "r": 224}``, is read as well; what it says of slots
beyond a stage's depth has no meaning there and is ignored.

The network (:class:`MobileNetV3`): a 3x3 stem, one layer without expansion, the five stages, a 1x1 convolution, global
pooling, a 1x1 convolution and a linear classifier. Module and cost are made from one description, :func:`blocks`.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

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
    Trait,
    Violation,
    class_source,
    product_names,
    spaces,
)

STAGES, SLOTS = 5, 4
NODES = STAGES * SLOTS
DEPTHS, KERNELS, EXPANSIONS = (2, 3, 4), (3, 5, 7), (3, 4, 6)

RESOLUTIONS = (160, 176, 192, 208, 224)
"""Pixels that once-for-all's accuracies are known at."""
WIDTHS = (16, 16, 24, 40, 80, 112, 160, 960, 1280)
"""Channels at width 1: stem, first layer, the five stages, and the two convolutions before the classifier."""
STEM_STRIDE, STRIDES = 2, (2, 2, 2, 1, 2)
SMALLEST_MAP = 2
"""Pixels a side that :func:`strides_for` leaves of an image."""
SQUEEZED = (False, True, False, True, True)
HARD_SWISH = (False, False, True, True, True)

_TOKEN = re.compile(r"([0-9]{1,3})-([0-9]{1,3})-([0-9]{1,3})")
_EMPTY = "0-0-0"
_JSON_FORM = '{"ks": [20 kernels], "e": [20 expansions], "d": [5 depths]}'
_COLORS = (  # searched for the largest smallest difference in Lab under normal and three kinds of dichromatic vision
    *("#abc8fe", "#519bf4", "#0e60a4"),  # kernel 3: blue, darker with the expansion
    *("#ffe2bb", "#b58524", "#735416"),  # 5: ochre
    *("#ffb3c7", "#d36a8a", "#933153"),  # 7: rose
)


def kernel_of(op: int) -> int:
    """Kernel size of an operation, 3, 5 or 7."""
    return KERNELS[op // len(EXPANSIONS)]


def expansion_of(op: int) -> int:
    """Expansion of an operation, 3, 4 or 6: how many times as wide the layer is inside."""
    return EXPANSIONS[op % len(EXPANSIONS)]


def depths(ops: Sequence[int]) -> list[int]:
    """Number of layers of each stage, (5,), of operation indices (20,)."""
    return [sum(op != ABSENT for op in ops[start : start + SLOTS]) for start in range(0, NODES, SLOTS)]


def slot_name(node: int) -> str:
    """Stage and layer of a node, both from 1: node 6 is ``2.3``."""
    stage, layer = divmod(node, SLOTS)
    return f"{stage + 1}.{layer + 1}"


@cache
def stage_choices() -> tuple[Tensor, Tensor]:
    """What a stage can be: operations (7371, 4) int64, and the log probability of each, (7371,).

    Depth is uniform, and so are kernel and expansion of every layer that is there.
    """
    tables, weights = [], []
    for depth in DEPTHS:
        count = (len(KERNELS) * len(EXPANSIONS)) ** depth
        table = torch.full((count, SLOTS), ABSENT)
        table[:, :depth] = torch.cartesian_prod(*[torch.arange(len(KERNELS) * len(EXPANSIONS))] * depth)
        tables.append(table)
        weights.append(torch.full((count,), -math.log(len(DEPTHS) * count)))
    return torch.cat(tables), torch.cat(weights)


@spaces.register("mobilenetv3")
class MobileNetV3Space(SearchSpace):
    """Depth, kernels and expansions of the once-for-all network."""

    label = "MobileNetV3"
    op_names = product_names([str(kernel) for kernel in KERNELS], [str(expansion) for expansion in EXPANSIONS])
    op_styles = tuple(
        OpStyle(f"{kernel}×{kernel}, expand {expansion}", f"{kernel}·{expansion}", color)
        for (kernel, expansion), color in zip(itertools.product(KERNELS, EXPANSIONS), _COLORS, strict=True)
    )
    datasets: ClassVar[Mapping[str, Dataset]] = {"imagenet1k": Dataset("ImageNet-1K", 1000, 224, RESOLUTIONS)}
    reads_json = True
    widths = (1.0, 1.2)  # of the two supernets that were trained
    guidance_scales = (20.0, 120.0)  # all of them lie within a few points of each other

    citation = """@inproceedings{cai2020once,
  title     = {{Once-for-All}: Train One Network and Specialize it for Efficient Deployment},
  author    = {Han Cai and Chuang Gan and Tianzhe Wang and Zhekai Zhang and Song Han},
  booktitle = {International Conference on Learning Representations},
  year      = {2020}
}"""

    @cached_property
    def adjacency(self) -> Tensor:
        return torch.ones(NODES - 1).diag(1).bool()

    @cached_property
    def positions(self) -> Tensor:
        """(20, 2): layer inside the stage, and stage."""
        return torch.tensor([divmod(node, SLOTS)[::-1] for node in range(NODES)])

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        choices, log_weights = stage_choices()
        return tuple(
            Factor(tuple(range(start, start + SLOTS)), choices, log_weights) for start in range(0, NODES, SLOTS)
        )

    @cached_property
    def drawing(self) -> Drawing:
        places = ((stage, layer) for stage in range(STAGES) for layer in range(SLOTS))
        slots = tuple(
            Slot(node, slot_name(node), (stage + 0.5) / STAGES, (layer + 0.5) / SLOTS)
            for node, (stage, layer) in enumerate(places)
        )
        links = tuple((node, node + 1) for node in range(NODES - 1))
        return Drawing(slots, links=links, columns=tuple(f"stage {stage + 1}" for stage in range(STAGES)))

    def check(self, ops: Sequence[int]) -> Violation | None:
        if len(ops) != NODES:
            return Violation("wrong length", f"{len(ops)} operations; a network has {NODES} slots", None)
        for node, op in enumerate(ops):
            if op != ABSENT and not 0 <= op < self.num_ops:
                return Violation("unknown operation", f"slot {slot_name(node)} has operation {op}, of 0 to 8", node)
        for node, op in enumerate(ops):
            if op == ABSENT and node % SLOTS < min(DEPTHS):
                reason = f"slot {slot_name(node)} is empty; a stage has two layers at least"
                return Violation("stage too short", reason, node)
        for node, op in enumerate(ops):
            if op != ABSENT and ops[node - 1] == ABSENT and node % SLOTS > min(DEPTHS):
                reason = f"slot {slot_name(node)} has a layer, but {slot_name(node - 1)} before it is empty"
                return Violation("gap in a stage", reason, node)
        return None

    @property
    def traits(self) -> tuple[Trait, ...]:
        """Depth, kernels and expansions of every stage."""

        def counts(values: Tensor, count: int) -> Tensor:
            return (values[..., None] == torch.arange(count)).sum(-2).float()

        def depth(ops: Tensor) -> Tensor:
            return counts((ops != ABSENT).sum(1, keepdim=True) - min(DEPTHS), len(DEPTHS))

        def kernel(ops: Tensor) -> Tensor:  # absent slots count nowhere: -1 // 3 is -1
            return counts(ops.div(len(EXPANSIONS), rounding_mode="floor"), len(KERNELS))

        def expansion(ops: Tensor) -> Tensor:
            return counts(torch.where(ops == ABSENT, ABSENT, ops % len(EXPANSIONS)), len(EXPANSIONS))

        kinds = {"depth": depth, "kernel": kernel, "expansion": expansion}
        return tuple(Trait(kind, "stage", stage, of) for kind, of in kinds.items() for stage in range(STAGES))

    def op_parts(self, op: int) -> tuple[int, int]:
        """Kernel and expansion."""
        return kernel_of(op), expansion_of(op)

    # ------------------------------------------------------------------ text and JSON

    def format(self, arch: Architecture) -> str:
        depth = depths(arch.ops)
        return "_".join(
            _EMPTY if op == ABSENT else f"{depth[node // SLOTS]}-{self.op_names[op]}"
            for node, op in enumerate(arch.ops)
        )

    def parse(self, text: str) -> Architecture:
        """Read the text form or the once-for-all JSON form."""
        text = text.strip()
        if text.startswith("{"):
            try:
                return self.from_ofa(json.loads(text))
            except (json.JSONDecodeError, RecursionError) as error:
                raise ArchitectureError(f"{text[:120]!r} is no JSON ({error}); allowed: {_JSON_FORM}") from None
        tokens = text.split("_")
        if len(tokens) != NODES:
            raise ArchitectureError(
                f"{text[:120]!r} has {len(tokens)} tokens; allowed: {NODES} tokens d-ks-e joined by _, such as 3-7-6, "
                f"and {_EMPTY} for an empty slot"
            )
        ops, depth = [], 0
        for node, token in enumerate(tokens):
            match = _TOKEN.fullmatch(token)
            if match is None:
                raise _slot_error(node, token[:40], "d-ks-e, such as 3-7-6")
            own_depth, kernel, expansion = (int(number) for number in match.groups())
            if node % SLOTS == 0:
                depth = DEPTHS[_index(own_depth, DEPTHS, f"depth in slot {slot_name(node)}")]
            if node % SLOTS >= depth:
                if token != _EMPTY:
                    raise _slot_error(node, token, f"{_EMPTY}, as its stage has depth {depth}")
                ops.append(ABSENT)
            else:
                if own_depth != depth:
                    raise _slot_error(node, token, f"{depth}-ks-e, as its stage has depth {depth}")
                ops.append(_operation(node, kernel, expansion))
        return Architecture(self.name, tuple(ops))

    def from_ofa(self, config: Mapping[str, Any]) -> Architecture:
        """Read ``{"ks": [20], "e": [20], "d": [5]}``; other keys, and what lies beyond a depth, are ignored.

        ``ArchitectureError`` says what came and what is allowed.
        """
        if not isinstance(config, Mapping):
            raise ArchitectureError(f"{str(config)[:120]!r} is no dictionary; allowed: {_JSON_FORM}")
        lists: dict[str, Sequence[Any]] = {}
        for key, length in (("ks", NODES), ("e", NODES), ("d", STAGES)):
            if key not in config:
                found = ", ".join(str(name) for name in config)[:120] or "nothing"
                raise ArchitectureError(f"no {key!r}, only {found}; allowed: {_JSON_FORM}")
            values = config[key]
            if not isinstance(values, list | tuple):
                raise ArchitectureError(f"{key} is {str(values)[:80]!r}; allowed: a list of {length} numbers")
            if len(values) != length:
                raise ArchitectureError(f"{key} has {len(values)} values; allowed: {length}")
            lists[key] = values
        ops = [ABSENT] * NODES
        for stage, value in enumerate(lists["d"]):
            depth = DEPTHS[_index(value, DEPTHS, f"depth of stage {stage + 1}")]
            for node in range(stage * SLOTS, stage * SLOTS + depth):
                ops[node] = _operation(node, lists["ks"][node], lists["e"][node])
        return Architecture(self.name, tuple(ops))

    def to_ofa(self, arch: Architecture, resolution: int | None = None) -> dict[str, Any]:
        """The once-for-all form, zeros in empty slots; with ``"r"`` if a resolution in pixels is given."""
        present = [(0, 0) if op == ABSENT else (kernel_of(op), expansion_of(op)) for op in arch.ops]
        config: dict[str, Any] = {
            "ks": [kernel for kernel, _ in present],
            "e": [expansion for _, expansion in present],
            "d": depths(arch.ops),
        }
        return config if resolution is None else {**config, "r": resolution}

    # ------------------------------------------------------------------ networks

    def cost(
        self, arch: Architecture, dataset: str | None = None, *, resolution: int | None = None, width: float = 1.0
    ) -> Cost:
        info = self.dataset(dataset or next(iter(self.datasets)))
        macs, params = network_cost(
            arch.ops, width=width, resolution=resolution or info.resolution, num_classes=info.num_classes
        )
        return Cost(macs / 1e6, params / 1e6)

    def to_module(self, arch: Architecture, num_classes: int) -> nn.Module:
        return MobileNetV3(arch.ops, num_classes)

    def scaled_module(
        self, arch: Architecture, num_classes: int, *, width: float = 1.0, cells: int = 0, image_size: int = 0
    ) -> nn.Module:
        """``cells`` means nothing here: how many layers a stage has is the architecture's."""
        return MobileNetV3(arch.ops, num_classes, width, strides_for(image_size or 224))

    def source(self, arch: Architecture, *, width: float = 1.0) -> str:
        stem, *_, last, before_pool, before_classifier = scaled_widths(width)
        network = _NETWORK.format(
            stem=stem,
            stride=STEM_STRIDE,
            last=last,
            before_pool=before_pool,
            before_classifier=before_classifier,
            blocks=_blocks_source(arch.ops, width),
        )
        classes = (class_source(cls) for cls in (ConvNormAct, SqueezeExcite, InvertedBottleneck))
        return "\n\n".join(part.strip() + "\n" for part in (*classes, network))


def _index(value: Any, allowed: Sequence[int], what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        numbers = ", ".join(str(number) for number in allowed)
        raise ArchitectureError(f"{what} is {str(value)[:40]}; allowed: {numbers}")
    return allowed.index(value)


def _operation(node: int, kernel: Any, expansion: Any) -> int:
    row = _index(kernel, KERNELS, f"kernel in slot {slot_name(node)}")
    return row * len(EXPANSIONS) + _index(expansion, EXPANSIONS, f"expansion in slot {slot_name(node)}")


def _slot_error(node: int, token: str, allowed: str) -> ArchitectureError:
    return ArchitectureError(f"slot {slot_name(node)} is {token!r}; allowed: {allowed}")


# ---------------------------------------------------------------------- what the network is made of


def divisible(channels: float) -> int:
    """The nearest multiple of 8, but no less than 90 % of ``channels`` (halves go up)."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels else rounded + 8


@dataclass(frozen=True)
class BlockSpec:
    """An inverted bottleneck: 1x1 to ``middle`` channels (unless they are ``c_in``), depthwise, 1x1 to ``c_out``."""

    c_in: int
    middle: int
    c_out: int
    kernel: int
    stride: int
    squeeze: int  # channels inside squeeze-excite, 0 without
    hard_swish: bool

    @property
    def residual(self) -> bool:
        return self.stride == 1 and self.c_in == self.c_out


def scaled_widths(width: float) -> tuple[int, ...]:
    """``WIDTHS`` times the width multiplier, each rounded by :func:`divisible`. ``ValueError`` unless it is above 0."""
    if not 0 < width < math.inf:
        raise ValueError(f"width is {width!r}; allowed: a number above 0, such as 1.0 or 1.2")
    return tuple(divisible(channels * width) for channels in WIDTHS)


def strides_for(image_size: int) -> tuple[int, ...]:
    """Strides of the stem and the stages (6,) for images of a size in pixels.

    The network divides a side by 32, which leaves nothing of small images; so of these the first strides are 1.
    """
    strides = [STEM_STRIDE, *STRIDES]
    for place in range(len(strides)):
        if image_size >= SMALLEST_MAP * math.prod(strides):
            break
        strides[place] = 1
    return tuple(strides)


def blocks(ops: Sequence[int], width: float = 1.0, strides: Sequence[int] = STRIDES) -> list[BlockSpec]:
    """The layers of a network, the first one without expansion, for operation indices (20,) and a stride per stage."""
    widths = scaled_widths(width)
    specs = [BlockSpec(widths[0], widths[0], widths[1], kernel=3, stride=1, squeeze=0, hard_swish=False)]
    for node, op in enumerate(ops):
        if op == ABSENT:
            continue
        stage, layer = divmod(node, SLOTS)
        c_in = specs[-1].c_out
        middle = divisible(c_in * expansion_of(op))
        specs.append(
            BlockSpec(
                c_in=c_in,
                middle=middle,
                c_out=widths[2 + stage],
                kernel=kernel_of(op),
                stride=strides[stage] if layer == 0 else 1,
                squeeze=divisible(middle // 4) if SQUEEZED[stage] else 0,
                hard_swish=HARD_SWISH[stage],
            )
        )
    return specs


def network_cost(
    ops: Sequence[int], *, width: float = 1.0, resolution: int = 224, num_classes: int = 1000
) -> tuple[int, int]:
    """Exact multiply-accumulate operations of one image and parameters of a network.

    Convolutions, linear layers and squeeze-excite are counted, biases and batch norm among the parameters only.

    Args:
        ops: operation indices (20,), of a valid architecture.
        width: multiplier of the numbers of channels.
        resolution: height and width of the image in pixels.
        num_classes: outputs of the classifier.
    """
    for name, value in (("resolution", resolution), ("num_classes", num_classes)):
        if value < 1:
            raise ValueError(f"{name} is {value!r}; allowed: a whole number, 1 or more")
    *widths, before_pool, before_classifier = scaled_widths(width)
    side = -(-resolution // 2)
    weights = 27 * widths[0]
    macs, params = weights * side**2, weights + 2 * widths[0]
    for block in blocks(ops, width):
        if block.middle != block.c_in:
            weights = block.c_in * block.middle
            macs, params = macs + weights * side**2, params + weights + 2 * block.middle
        side = -(-side // block.stride)
        weights = block.middle * block.kernel**2
        macs, params = macs + weights * side**2, params + weights + 2 * block.middle
        if block.squeeze:
            weights = 2 * block.middle * block.squeeze
            macs, params = macs + weights, params + weights + block.middle + block.squeeze
        weights = block.middle * block.c_out
        macs, params = macs + weights * side**2, params + weights + 2 * block.c_out
    weights = widths[-1] * before_pool
    macs, params = macs + weights * side**2, params + weights + 2 * before_pool
    weights = before_pool * before_classifier + before_classifier * num_classes
    return macs + weights, params + weights + num_classes


# ---------------------------------------------------------------------- the network itself


class ConvNormAct(nn.Sequential):
    """Convolution without bias, batch norm, and an activation if one is given."""

    def __init__(
        self, c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1, act: type[nn.Module] | None = None
    ):
        convolution = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False)
        layers = [convolution, nn.BatchNorm2d(c_out)]
        super().__init__(*layers, *([act()] if act is not None else []))


class SqueezeExcite(nn.Module):
    """Every channel is scaled by a number in [0, 1] that depends on the means of all (Hu et al., 2018)."""

    def __init__(self, channels: int, squeezed: int):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            nn.ReLU(),
            nn.Conv2d(squeezed, channels, 1),
            nn.Hardsigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)


class InvertedBottleneck(nn.Module):
    """One layer of a stage: widen, look at each channel by itself, narrow; with a shortcut where the shape stays."""

    def __init__(
        self,
        c_in: int,
        middle: int,
        c_out: int,
        kernel: int,
        stride: int = 1,
        squeeze: int = 0,
        hard_swish: bool = False,
    ):
        super().__init__()
        act: type[nn.Module] = nn.Hardswish if hard_swish else nn.ReLU
        layers: list[nn.Module] = []
        if middle != c_in:
            layers.append(ConvNormAct(c_in, middle, 1, act=act))
        layers.append(ConvNormAct(middle, middle, kernel, stride=stride, groups=middle, act=act))
        if squeeze:
            layers.append(SqueezeExcite(middle, squeeze))
        layers.append(ConvNormAct(middle, c_out, 1))
        self.body = nn.Sequential(*layers)
        self.residual = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.residual else self.body(x)


class MobileNetV3(nn.Module):
    """The network of an architecture, images (B, 3, H, W) -> logits (B, num_classes).

    Args:
        ops: operation indices (20,), of a valid architecture.
        width: multiplier of the numbers of channels; once-for-all trained 1.0 and 1.2.
        strides: of the stem and the five stages.
    """

    def __init__(
        self,
        ops: Sequence[int],
        num_classes: int,
        width: float = 1.0,
        strides: Sequence[int] = (STEM_STRIDE, *STRIDES),
    ):
        super().__init__()
        stem, *_, last, before_pool, before_classifier = scaled_widths(width)
        self.stem = ConvNormAct(3, stem, 3, stride=strides[0], act=nn.Hardswish)
        self.blocks = nn.Sequential(
            *(InvertedBottleneck(**dataclasses.asdict(spec)) for spec in blocks(ops, width, strides[1:]))
        )
        self.expand = ConvNormAct(last, before_pool, 1, act=nn.Hardswish)
        self.mix = nn.Sequential(nn.Conv2d(before_pool, before_classifier, 1, bias=False), nn.Hardswish())
        self.classifier = nn.Linear(before_classifier, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        pooled = self.expand(self.blocks(self.stem(images))).mean((2, 3), keepdim=True)
        return self.classifier(self.mix(pooled).flatten(1))


# ---------------------------------------------------------------------- the network as a text

_NETWORK = '''
class Network(nn.Module):
    """A stem, a first layer, five stages of inverted bottlenecks, and a classifier of the pooled features."""

    def __init__(self, num_classes: int):
        super().__init__()
        self.stem = ConvNormAct(3, {stem}, 3, stride={stride}, act=nn.Hardswish)
        self.blocks = nn.Sequential(
            # channels in, inside and out
{blocks}
        )
        self.expand = ConvNormAct({last}, {before_pool}, 1, act=nn.Hardswish)
        self.mix = nn.Sequential(nn.Conv2d({before_pool}, {before_classifier}, 1, bias=False), nn.Hardswish())
        self.classifier = nn.Linear({before_classifier}, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) -> logits (B, num_classes)."""
        pooled = self.expand(self.blocks(self.stem(images))).mean((2, 3), keepdim=True)
        return self.classifier(self.mix(pooled).flatten(1))
'''


def _blocks_source(ops: Sequence[int], width: float) -> str:
    """The layers of :func:`blocks`, one a line, stage by stage; what has its default is not said."""
    first, *specs = (_block_source(spec) for spec in blocks(ops, width))
    lines = [first]
    for stage, depth in enumerate(depths(ops)):
        lines += [f"# stage {stage + 1}", *specs[:depth]]
        specs = specs[depth:]
    return "\n".join(" " * 12 + line for line in lines)


def _block_source(spec: BlockSpec) -> str:
    words = [f"{spec.c_in}, {spec.middle}, {spec.c_out}, kernel={spec.kernel}"]
    words += [f"stride={spec.stride}"] * (spec.stride != 1) + [f"squeeze={spec.squeeze}"] * bool(spec.squeeze)
    words += ["hard_swish=True"] * spec.hard_swish
    return f"InvertedBottleneck({', '.join(words)}),"
