r"""A search space seen as a whole: a place in the plane and every known property of its architectures.

Where a space can be listed, all of it is there, laid out as a :class:`NestedGrid`: each architecture has a cell of its
own, and those that share the weightiest choices share a block. Of a space that cannot be listed there is a random
sample, in a :class:`SizePlane`: how large an architecture is, and how much better than its size lets expect. Both were
chosen over principal components and distances embedded in the plane, which pile thousands of architectures on top of
each other because all nodes of a space are alike to them. In both, architectures one choice apart are in line or close.

Places depend on the space and its predictor only, not on the dataset looked at, so that a map of one can be compared
with a map of another.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor

from dnag.additive import Additive
from dnag.benchmarks.base import Benchmark
from dnag.bundle import ModelBundle
from dnag.knobs import like
from dnag.run_settings import RunSettings
from dnag.spaces.base import ABSENT, Architecture, Factor, SearchSpace

SAMPLED = 4096
"""Architectures drawn from a space that cannot be listed."""
STEP, GAP = 10, 1.06
"""Of a grid: distance of neighbouring cells, a whole number so that places are; that of blocks, in widths of one."""

PREDICTED, MEASURED, COUNT, LAYERS = "predicted", "measured", "count@", "layers"


@dataclass(frozen=True)
class View:
    """What of a space is looked at: the accuracies of its architectures on one dataset."""

    space: str = like(RunSettings, "space")
    dataset: str = like(RunSettings, "dataset")
    resolution: int = like(RunSettings, "resolution")


@dataclass(frozen=True)
class Property:
    """A number that every architecture has: ``of`` maps operation indices (B,N) to values (B,), NaN where unknown."""

    name: str
    label: str
    unit: str
    of: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Level:
    """A factor of the space along one axis of a grid: how far each of its choices moves an architecture, (C,)."""

    factor: Factor
    shifts: Tensor

    def __call__(self, ops: Tensor) -> Tensor:
        """Operation indices (B,N) -> shifts (B,)."""
        own = ops[:, list(self.factor.nodes)]
        return self.shifts[(own[:, None] == self.factor.choices).all(-1).int().argmax(1)]


@dataclass(frozen=True)
class NestedGrid:
    """A grid in a grid in a grid (dimensional stacking, LeBlanc et al., 1990): the factors are the digits of a place.

    Those that matter most for accuracy come first, across and up in turn, and the choices of each are in the order of
    what they add to it; so accuracy rises to the right and upwards, in every block as in the whole.
    """

    across: tuple[Level, ...]
    up: tuple[Level, ...]

    def __call__(self, ops: Tensor) -> Tensor:
        """Operation indices (B,N) -> places (B,2)."""
        return torch.stack([torch.stack([level(ops) for level in axis]).sum(0) for axis in (self.across, self.up)], 1)

    @classmethod
    def of(cls, space: SearchSpace, accuracy: Additive) -> NestedGrid:
        """The grid of a space, by what the choices of each factor add to accuracy."""
        effects = [
            ((space.encode_ops(factor.choices) * accuracy.weights[list(factor.nodes)]).sum((1, 2)), factor)
            for factor in space.factors
            if len(factor.choices) > 1
        ]
        effects.sort(key=lambda pair: -float(pair[0].var()))
        return cls(_levels(effects[::2]), _levels(effects[1::2]))


def _levels(effects: Sequence[tuple[Tensor, Factor]]) -> tuple[Level, ...]:
    """Levels from the coarsest to the finest."""
    levels: list[Level] = []
    width = STEP
    for effect, factor in reversed(effects):
        step = round(width * GAP) if levels else STEP
        levels.append(Level(factor, (effect.argsort(stable=True).argsort() * step).float()))
        width += step * (len(factor.choices) - 1)
    return tuple(reversed(levels))


@dataclass(frozen=True)
class SizePlane:
    """Across: MACs in millions. Up: points of accuracy beyond what the MACs explain, by least squares."""

    macs: Additive
    accuracy: Additive
    slope: float
    intercept: float

    def __call__(self, ops: Tensor) -> Tensor:
        """Operation indices (B,N) -> places (B,2)."""
        macs = self.macs(ops)
        return torch.stack([macs, self.accuracy(ops) - self.slope * macs - self.intercept], 1)

    @classmethod
    def of(cls, macs: Additive, accuracy: Additive, ops: Tensor) -> SizePlane:
        """The plane in which the two axes are uncorrelated over ``ops`` (n,N)."""
        x, y = macs(ops), accuracy(ops)
        slope = float(((x - x.mean()) * (y - y.mean())).mean() / x.var(correction=0))
        return cls(macs, accuracy, slope, float(y.mean() - slope * x.mean()))


Layout = NestedGrid | SizePlane


@dataclass(frozen=True)
class Atlas:
    """The architectures ``ops`` (A,N) of a space, all or a sample, with what is known of them.

    Attributes:
        properties: by name: ``predicted``, ``measured`` where there are values, costs by the names of ``dnag.costs``,
            ``count@I`` for the number of operations I, ``layers`` where nodes may be absent.
    """

    space: SearchSpace
    ops: Tensor
    layout: Layout
    properties: dict[str, Property]
    _values: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, bundle: ModelBundle, dataset: str, resolution: int = 0, benchmark: Benchmark | None = None) -> Atlas:
        """The atlas of a bundle's space for one dataset. ``CheckpointError`` if it has no predictor."""
        space = bundle.space
        listed = space.enumerable
        ops = space.all_ops if listed else space.sample_ops(SAMPLED, Generator().manual_seed(0))
        usual = next(iter(space.datasets))
        accuracy = bundle.additive_accuracy(usual)
        layout: Layout
        if listed:
            layout = NestedGrid.of(space, accuracy)
        else:
            layout = SizePlane.of(bundle.costs(usual)["macs_m"].additive, accuracy, ops)
        found = [_predicted(bundle, dataset, resolution), *_costs(bundle, dataset, resolution), *_counts(space)]
        atlas = cls(space, ops, layout, {each.name: each for each in found})
        if listed:
            atlas._values[PREDICTED] = bundle.predicted_values(dataset).cpu()
        if benchmark is not None:
            measured = _measured(space, dataset, benchmark)
            if not bool((values := measured.of(ops)).isnan().all()):
                atlas.properties[MEASURED], atlas._values[MEASURED] = measured, values
        return atlas

    def values(self, name: str) -> Tensor:
        """A property of every architecture of the atlas, (A,), found once."""
        if name not in self._values:
            self._values[name] = self.properties[name].of(self.ops)
        return self._values[name]

    @functools.cached_property
    def places(self) -> Tensor:
        """Where the architectures are, (A,2)."""
        return self.layout(self.ops)

    def architecture(self, index: int) -> Architecture:
        """The architecture at a position of ``ops``."""
        return Architecture(self.space.name, tuple(self.ops[index].tolist()))

    @property
    def best(self) -> Architecture:
        """The one predicted to be most accurate."""
        return self.architecture(int(self.values(PREDICTED).argmax()))


def top_share(values: Tensor, value: float) -> float:
    """Share of ``values`` (A,) that are no less than ``value``: 0.01 is among the best percent, 0 above all."""
    return float((values >= value).double().mean())


def _predicted(bundle: ModelBundle, dataset: str, resolution: int) -> Property:
    ranking = bundle.ranking(dataset, resolution)

    def of(ops: Tensor) -> Tensor:
        return ranking(bundle.space.encode_ops(ops).to(bundle.device))[0].cpu()

    return Property(PREDICTED, "Predicted accuracy", "%", of)


def _measured(space: SearchSpace, dataset: str, benchmark: Benchmark) -> Property:
    def of(ops: Tensor) -> Tensor:
        records = (benchmark.query(Architecture(space.name, tuple(row)), dataset) for row in ops.tolist())
        return torch.tensor([float("nan") if record is None else record.accuracy_pct for record in records])

    return Property(MEASURED, "Measured accuracy", "%", of)


def _costs(bundle: ModelBundle, dataset: str, resolution: int) -> list[Property]:
    models = bundle.costs(dataset, resolution).values()
    return [Property(cost.name, cost.label, cost.unit, cost.additive) for cost in models]


def _counts(space: SearchSpace) -> list[Property]:
    """How often each operation that is a choice occurs; and how many there are, where nodes may be absent."""
    chosen = torch.cat([factor.choices.flatten() for factor in space.factors if len(factor.choices) > 1]).unique()

    def count(op: int) -> Callable[[Tensor], Tensor]:
        return lambda ops: (ops == op).sum(1).float()

    found = [
        Property(f"{COUNT}{op}", space.op_styles[op].label, "", count(op)) for op in chosen.tolist() if op != ABSENT
    ]
    if ABSENT in chosen:
        found.append(Property(LAYERS, "Layers", "", lambda ops: (ops != ABSENT).sum(1).float()))
    return found
