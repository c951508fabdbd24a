r"""Search spaces: what an architecture is, as a graph, as text, as a matrix.

An architecture assigns an operation to each of N nodes of a fixed directed graph. Its matrix is one-hot, (N, F); a node
may be absent (a zero row) where the space allows it. The diffusion model sees the matrix centred, ``2 * onehot - 1``.

The distribution that a score network is trained on is a product of independent *factors*: groups of nodes with a
finite list of weighted choices (six single nodes with five operations each; five stages with 7,371 each). Everything
that needs to know the space's contents follows from the factors: sampling, enumeration, the nearest valid architecture
of a real matrix, the neighbours of an architecture, and the closed-form score of ``dnag.exact``.
"""

from __future__ import annotations

import inspect
import itertools
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn

from dnag.registry import Registry

ABSENT = -1
_CUSTOM = re.compile(r"custom-([1-9][0-9]{0,4})")
MAX_ENUMERATED = 1_000_000

spaces: Registry[SearchSpace] = Registry("search space", "dnag.spaces")


class ArchitectureError(ValueError):
    """A text, JSON or list of operations that is no architecture of the space; the message says why."""


@dataclass(frozen=True)
class Architecture:
    """One architecture: the name of its space and an operation index per node (length N, ``ABSENT`` = -1)."""

    space: str
    ops: tuple[int, ...]


@dataclass(frozen=True)
class Violation:
    """Why a matrix is not an architecture: a reason in words, its kind, and the first node concerned."""

    kind: str
    reason: str
    node: int | None


@dataclass(frozen=True)
class Cost:
    """Multiply-accumulate operations of one image, and parameters, both in millions."""

    macs_m: float
    params_m: float


@dataclass(frozen=True)
class Dataset:
    """A dataset the space has models for: what to call it, its number of classes, and its image size in pixels.

    Attributes:
        resolution: the usual image size.
        resolutions: all image sizes that there are models for.
    """

    label: str
    num_classes: int
    resolution: int
    resolutions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "resolutions", tuple(self.resolutions) or (self.resolution,))


@dataclass(frozen=True)
class Factor:
    """An independent part of the training distribution.

    Attributes:
        nodes: the nodes it decides, in order.
        choices: the operations each choice gives them, (C, len(nodes)) int64, ``ABSENT`` = -1.
        log_weights: log probability of each choice, (C,), normalised.
    """

    nodes: tuple[int, ...]
    choices: Tensor
    log_weights: Tensor


@dataclass(frozen=True)
class Change:
    """One choice made otherwise: the operation of ``node`` before and after (or ``ABSENT``), and what comes of it."""

    node: int
    before: int
    after: int
    arch: Architecture


@dataclass(frozen=True)
class Trait:
    """What people count in architectures, such as the kernels of a stage: how often each of a few values occurs.

    Attributes:
        kind: what it is of every part of the space, such as ``"kernel"``.
        part: what a part of the space is called, such as ``"stage"``.
        factor: index of the factor it is about.
        counts: operation indices of the factor's nodes (B, n) -> number of occurrences of each value (B, V).
    """

    kind: str
    part: str
    factor: int
    counts: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class OpStyle:
    """How an operation is shown: words, a short symbol (so that colour is never the only cue), and a colour."""

    label: str
    symbol: str
    color: str


@dataclass(frozen=True)
class Vertex:
    """A point of the drawing that carries no operation; coordinates in [0, 1], y downwards."""

    label: str
    x: float
    y: float
    kind: str = "inner"


@dataclass(frozen=True)
class Slot:
    """Where the operation of ``node`` is drawn: on the edge between two vertices, or on its own."""

    node: int
    label: str
    x: float
    y: float
    source: int | None = None
    target: int | None = None


@dataclass(frozen=True)
class Drawing:
    """The picture of the space's graph, without operations. ``links`` join slots (indices into ``slots``)."""

    slots: tuple[Slot, ...]
    vertices: tuple[Vertex, ...] = ()
    links: tuple[tuple[int, int], ...] = ()
    columns: tuple[str, ...] = field(default=())


class SearchSpace(ABC):
    """A family of architectures on one graph. A member is one file: operations, graph, factors, text, cost, picture."""

    name: ClassVar[str]
    label: ClassVar[str]
    op_names: ClassVar[tuple[str, ...]]
    op_styles: ClassVar[tuple[OpStyle, ...]]
    identity_ops: ClassVar[tuple[int, ...]] = ()
    zero_ops: ClassVar[tuple[int, ...]] = ()
    datasets: ClassVar[Mapping[str, Dataset]]
    reads_json: ClassVar[bool] = False
    """Does :meth:`parse` read JSON objects of the space's own as well?"""
    widths: ClassVar[tuple[float, ...]] = (1.0,)
    """Multipliers of the numbers of channels that networks come in, the usual one first."""
    citation: ClassVar[str] = ""
    """BibTeX entry of the paper that the space comes from."""
    guidance_scales: ClassVar[tuple[float, float]] = (2.0, 12.0)
    """The usual guidance scale, and the largest that predictors are trained for, in nats per point of accuracy."""

    @property
    @abstractmethod
    def adjacency(self) -> Tensor:
        """(N, N) bool, strictly upper triangular: ``[i, j]`` iff the output of node i goes into node j."""

    @property
    @abstractmethod
    def positions(self) -> Tensor:
        """(N, P) int64: coordinates of each node that the networks are told (such as index, or layer and stage)."""

    @property
    @abstractmethod
    def factors(self) -> tuple[Factor, ...]:
        """The independent parts of the training distribution; together they cover every node once."""

    @property
    @abstractmethod
    def drawing(self) -> Drawing:
        """How the graph is drawn."""

    @abstractmethod
    def check(self, ops: Sequence[int]) -> Violation | None:
        """The paper's validity rule on operation indices (length N), beyond one operation per node at most."""

    @abstractmethod
    def format(self, arch: Architecture) -> str:
        """The text form; :meth:`parse` reads it back."""

    @abstractmethod
    def parse(self, text: str) -> Architecture:
        """Read the text form. ``ArchitectureError`` says what came and what is allowed."""

    @abstractmethod
    def cost(
        self, arch: Architecture, dataset: str | None = None, *, resolution: int | None = None, width: float = 1.0
    ) -> Cost:
        """Exact MACs and parameters of the network for a dataset of the space (default: its first).

        Args:
            resolution: height and width of the image in pixels; default: the dataset's.
            width: multiplier of the numbers of channels.
        """

    @abstractmethod
    def to_module(self, arch: Architecture, num_classes: int) -> nn.Module:
        """The runnable network, images (B, 3, H, W) -> logits (B, num_classes), freshly initialised."""

    def scaled_module(
        self, arch: Architecture, num_classes: int, *, width: float = 1.0, cells: int = 0, image_size: int = 0
    ) -> nn.Module:
        """The network at another size, for trainings that have to be quick; at the defaults that of :meth:`to_module`.

        Args:
            width: multiplier of the numbers of channels.
            cells: repeats of a cell in a stage, for spaces that repeat one; 0: the space's own.
            image_size: height and width in pixels of the images to come; 0: those the network was made for.
        """
        if (width, cells) != (1.0, 0):
            raise ValueError(f"width is {width!r}, cells is {cells!r}; networks of {self.name} come in one size only")
        return self.to_module(arch, num_classes)

    def source(self, arch: Architecture, *, width: float = 1.0) -> str | None:
        """The network of :meth:`to_module` as Python to read and keep: classes that need ``torch``, ``nn``, ``F`` and
        ``Tensor`` in scope, the last of them ``Network(num_classes)`` with the same names of weights. None where the
        space has no such text.
        """
        return None

    def disconnected(self, arch: Architecture) -> bool:
        """Can no information get from the input to the output?"""
        return False

    def canonical(self, arch: Architecture) -> Hashable:
        """Equal for architectures that compute the same function class (isomorphic ones)."""
        return arch.ops

    @property
    def traits(self) -> tuple[Trait, ...]:
        """What the distribution of generated architectures is judged by; default: the operations of every factor."""

        def operations(ops: Tensor) -> Tensor:
            return self.encode_ops(ops).sum(1)

        return tuple(Trait("operation", "node", index, operations) for index in range(len(self.factors)))

    # ------------------------------------------------------------------ derived

    @cached_property
    def num_nodes(self) -> int:
        """N."""
        return len(self.positions)

    @property
    def num_ops(self) -> int:
        """F."""
        return len(self.op_names)

    @cached_property
    def size(self) -> int:
        """Number of architectures."""
        return math.prod(len(factor.choices) for factor in self.factors)

    def architecture(self, ops: Sequence[int]) -> Architecture:
        """A checked architecture from operation indices; ``ArchitectureError`` if they break the rule."""
        violation = self.check(ops)
        if violation is not None:
            raise ArchitectureError(f"not an architecture of {self.name}: {violation.reason}")
        return Architecture(self.name, tuple(int(op) for op in ops))

    def dataset(self, name: str) -> Dataset:
        """The dataset called ``name``, one of the user's own (:func:`custom_dataset`) among them; ``ValueError`` lists
        those the space has.
        """
        try:
            return self.datasets[name]
        except KeyError:
            own = _CUSTOM.fullmatch(name) if isinstance(name, str) else None
            if own is not None:
                usual = next(iter(self.datasets.values()))
                return Dataset("Your dataset", int(own[1]), usual.resolution, usual.resolutions)
            raise ValueError(f"unknown dataset {name!r} for {self.name}; allowed: {', '.join(self.datasets)}") from None

    def encode_ops(self, ops: Tensor) -> Tensor:
        """Operation indices (B, N) int64 -> one-hot (B, N, F) float; absent nodes become zero rows."""
        return (ops[..., None] == torch.arange(self.num_ops, device=ops.device)).float()

    def encode(self, archs: Sequence[Architecture]) -> Tensor:
        """(B, N, F) in {0, 1}."""
        return self.encode_ops(torch.tensor([arch.ops for arch in archs], dtype=torch.long).reshape(-1, self.num_nodes))

    def decode(self, x: Tensor) -> list[Architecture | Violation]:
        """The paper's reading of a real matrix (B, N, F) in [0, 1]: threshold at one half, then the validity rule."""
        hot = x >= 0.5
        counts = hot.sum(-1)
        ops = torch.where(counts == 1, hot.int().argmax(-1), ABSENT)
        results: list[Architecture | Violation] = []
        for row_counts, row_ops in zip(counts.tolist(), ops.tolist(), strict=True):
            crowded = next((node for node, count in enumerate(row_counts) if count > 1), None)
            if crowded is not None:
                reason = f"node {crowded} has {row_counts[crowded]} operations"
                results.append(Violation("several operations", reason, crowded))
            else:
                results.append(self.check(row_ops) or Architecture(self.name, tuple(row_ops)))
        return results

    def project(self, x: Tensor) -> list[Architecture]:
        """The valid architecture nearest to each real matrix (B, N, F), in Euclidean distance, factor by factor."""
        ops = torch.empty(x.shape[:2], dtype=torch.long, device=x.device)
        for factor in self.factors:
            centres = self.encode_ops(factor.choices).flatten(1).to(x)  # (C, n*F)
            parts = x[:, list(factor.nodes)].flatten(1).split(1024)  # a (1024, C) table of distances at a time
            norms = centres.square().sum(1)
            nearest = torch.cat([torch.addmm(norms, part, centres.T, alpha=-2).argmin(1) for part in parts])
            ops[:, list(factor.nodes)] = factor.choices.to(x.device)[nearest]
        return [Architecture(self.name, tuple(row)) for row in ops.tolist()]

    def sample_ops(self, n: int, generator: Generator) -> Tensor:
        """``n`` draws from the training distribution as operation indices, (n, N) int64."""
        ops = torch.empty(n, self.num_nodes, dtype=torch.long)
        for factor in self.factors:
            drawn = torch.multinomial(factor.log_weights.exp(), n, replacement=True, generator=generator)
            ops[:, list(factor.nodes)] = factor.choices[drawn]
        return ops

    def sample(self, n: int, generator: Generator) -> list[Architecture]:
        """``n`` independent draws from the training distribution."""
        return [Architecture(self.name, tuple(row)) for row in self.sample_ops(n, generator).tolist()]

    @property
    def enumerable(self) -> bool:
        """Is the space small enough to list?"""
        return self.size <= MAX_ENUMERATED

    @cached_property
    def all_ops(self) -> Tensor:
        """Every architecture as operation indices, (size, N) int64. ``ValueError`` where the space is too large."""
        if not self.enumerable:
            raise ValueError(f"{self.name} has {self.size:.3g} architectures; enumeration stops at {MAX_ENUMERATED:,}")
        ops = torch.empty(self.size, self.num_nodes, dtype=torch.long)
        index = torch.cartesian_prod(*(torch.arange(len(factor.choices)) for factor in self.factors))
        for column, factor in zip(index.reshape(self.size, -1).T, self.factors, strict=True):
            ops[:, list(factor.nodes)] = factor.choices[column]
        return ops

    @cached_property
    def all_log_weights(self) -> Tensor:
        """Log probability of every architecture under the training distribution, in the order of ``all_ops``."""
        parts = torch.cartesian_prod(*(torch.arange(len(factor.choices)) for factor in self.factors))
        columns = zip(parts.reshape(self.size, -1).T, self.factors, strict=True)
        return torch.stack([factor.log_weights[column] for column, factor in columns]).sum(0)

    def choices_of(self, node: int) -> tuple[int, ...]:
        """The operations that a node has in some architecture, in the order of the encoding, ``ABSENT`` last."""
        factor = next(factor for factor in self.factors if node in factor.nodes)
        found = factor.choices[:, factor.nodes.index(node)].unique().tolist()
        return tuple(sorted(found, key=lambda op: (op == ABSENT, op)))

    def with_op(self, arch: Architecture, node: int, op: int) -> Architecture:
        """The architecture nearest to ``arch`` whose ``node`` has operation ``op``, or ``ABSENT``.

        Other nodes change only where they must, and then to ``op`` if they can: an absent layer that has to be filled
        becomes like the one beyond it. ``ArchitectureError`` where the node never has this operation.
        """
        if not 0 <= node < self.num_nodes or op not in self.choices_of(node):
            raise ArchitectureError(
                f"node {node} cannot have operation {op}; allowed: nodes 0 to {self.num_nodes - 1} with one of "
                "their operations"
            )
        factor = next(factor for factor in self.factors if node in factor.nodes)
        fitting = factor.choices[factor.choices[:, factor.nodes.index(node)] == op]
        changed = (fitting != torch.tensor([arch.ops[other] for other in factor.nodes])).sum(1)
        alike = (fitting == op).sum(1)
        nearest = fitting[(changed * (len(factor.nodes) + 1) - alike).argmin()]
        ops = list(arch.ops)
        for other, value in zip(factor.nodes, nearest.tolist(), strict=True):
            ops[other] = value
        return Architecture(self.name, tuple(ops))

    def neighbours(self, arch: Architecture) -> list[Architecture]:
        """Architectures that differ in one node of one factor (24 on NAS-Bench-201)."""
        found = []
        for factor in self.factors:
            own = torch.tensor([arch.ops[node] for node in factor.nodes])
            for choice in factor.choices[(factor.choices != own).sum(1) == 1].tolist():
                ops = list(arch.ops)
                for node, op in zip(factor.nodes, choice, strict=True):
                    ops[node] = op
                found.append(Architecture(self.name, tuple(ops)))
        return found

    def op_parts(self, op: int) -> tuple[Hashable, ...]:
        """The choices that an operation is made of, such as kernel and expansion; by default it is one by itself."""
        return (op,)

    def changes(self, arch: Architecture) -> list[Change]:
        """Every architecture one choice away: a part of one operation replaced, or one operation more or less."""
        found = []
        for other in self.neighbours(arch):
            node = next(i for i, (a, b) in enumerate(zip(arch.ops, other.ops, strict=True)) if a != b)
            before, after = arch.ops[node], other.ops[node]
            parts = zip(self.op_parts(before), self.op_parts(after), strict=True)
            if ABSENT in (before, after) or sum(a != b for a, b in parts) == 1:
                found.append(Change(node, before, after, other))
        return found


def custom_dataset(classes: int) -> str:
    """What a dataset of the user's own with so many classes is called."""
    return f"custom-{classes}"


def is_custom(name: object) -> bool:
    """Is this the name of a dataset of the user's own?"""
    return isinstance(name, str) and _CUSTOM.fullmatch(name) is not None


def single_choice(node: int, ops: Sequence[int]) -> Factor:
    """A factor that gives one node one of ``ops``, uniformly."""
    count = len(ops)
    return Factor((node,), torch.tensor(ops)[:, None], torch.full((count,), -math.log(count)))


@cache
def class_source(cls: type) -> str:
    """The source of a class; kept, because finding it means parsing the whole file."""
    return inspect.getsource(cls)


def product_names(*parts: Sequence[str]) -> tuple[str, ...]:
    """Names of combined operations, ``a-b`` for every a and b, in row-major order."""
    return tuple("-".join(names) for names in itertools.product(*parts))
