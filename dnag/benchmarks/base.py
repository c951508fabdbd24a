"""Measured values to compare predictions with: accuracies that somebody trained networks for.

A source is one file of this package: it says whether it is installed (``find``), which datasets it covers, and what it
knows of an architecture. Sources differ in what they measured, so every value carries the label of its own. Finding a
source costs next to nothing; its values are read at the first question and kept.

The user's own files are found through the environment variable ``DNAG_DATA``: a directory, or a CSV file.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from dnag.registry import Registry
from dnag.spaces.base import Architecture, SearchSpace, spaces

VARIABLE = "DNAG_DATA"

benchmarks: Registry[Benchmark] = Registry("benchmark", "dnag.benchmarks")


class BenchmarkError(ValueError):
    """A source of measured values that cannot be read; the message names the file and what is wrong with it."""


class OutOfDomainError(ValueError):
    """A question no answer exists for: an architecture of another space, or a dataset the space does not have."""


@dataclass(frozen=True)
class Record:
    """A measured value: test accuracy in percent, and the label of its source, as shown to users."""

    accuracy_pct: float
    source: str


class Benchmark(ABC):
    """A source of measured values.

    Attributes:
        name: in the registry.
        preference: where several sources cover a dataset, the lowest is asked.
        label: a few words for users, shown beside every value.
        note: what the values are, in a sentence.
        space: name of the search space.
        datasets: those of the space that it covers.
    """

    name: ClassVar[str]
    preference: ClassVar[int]
    label: str
    note: str
    space: str
    datasets: tuple[str, ...]

    @classmethod
    @abstractmethod
    def find(cls, space: SearchSpace, directory: Path | None) -> Benchmark | None:
        """The source, if it is there and has values for ``space``; ``directory`` is what ``DNAG_DATA`` names."""

    @abstractmethod
    def lookup(self, arch: Architecture, dataset: str) -> float | None:
        """Test accuracy in percent, None if not measured; only asked of its own space and datasets."""

    def query(self, arch: Architecture, dataset: str) -> Record | None:
        """What was measured, None if nothing was. ``OutOfDomainError`` for another space or an unknown dataset."""
        if arch.space != self.space:
            raise OutOfDomainError(f"architecture of search space {arch.space!r}; {self.label} has: {self.space}")
        allowed = spaces[self.space].datasets
        if dataset not in allowed:
            raise OutOfDomainError(f"unknown dataset {dataset!r} for {self.space}; allowed: {', '.join(allowed)}")
        value = self.lookup(arch, dataset) if dataset in self.datasets else None
        return None if value is None else Record(round(value, 4), self.label)

    def table(self, dataset: str) -> Tensor:
        """The value of every architecture of an enumerable space, (A,) in the order of ``space.all_ops``; NaN: none."""
        values = []
        for ops in spaces[self.space]().all_ops.tolist():
            record = self.query(Architecture(self.space, tuple(ops)), dataset)
            values.append(float("nan") if record is None else record.accuracy_pct)
        return torch.tensor(values)


def user_directory() -> Path | None:
    """What ``DNAG_DATA`` names, if it is set. ``BenchmarkError`` if that does not exist."""
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.exists():
        raise BenchmarkError(f"{VARIABLE} is {text!r}, which does not exist; allowed: a directory or a CSV file")
    return path


def installed_benchmarks(space: SearchSpace) -> list[Benchmark]:
    """Every source that is there for ``space``, the preferred first."""
    directory = user_directory()
    members = sorted(benchmarks.values(), key=lambda cls: cls.preference)
    return [found for cls in members if (found := cls.find(space, directory)) is not None]


def measured(space: str, dataset: str, *, table: Path | None = None) -> Benchmark | None:
    """The best source for one dataset, None where no value is installed.

    A CSV file given as ``table`` comes first, then what ``DNAG_DATA`` names, then what was installed with the package.
    """
    from dnag.benchmarks.csv_table import table_format

    owner = spaces[space]()
    owner.dataset(dataset)
    found = installed_benchmarks(owner)
    if table is not None:
        found.insert(0, table_format(table)(table, owner))
    return next((source for source in found if dataset in source.datasets), None)


def how_to_add(space: str, dataset: str) -> str:
    """What to tell a user who misses the values of a dataset."""
    from dnag.benchmarks.csv_table import ARCHITECTURE, other_columns
    from dnag.benchmarks.nats import DIRECTORY, SPACE

    label = spaces[space]().dataset(dataset).label
    given = os.environ.get(VARIABLE, "").strip()
    found = f" ({VARIABLE} is {given!r}, which holds none)" if given else ""
    official = f"a directory with the official NATS-Bench files ({DIRECTORY}), or to " if space == SPACE else ""
    others = "".join(f", or with {columns}" for columns in other_columns(space))
    return (
        f"{label}: no measured value installed{found}. To add one, set {VARIABLE} to {official}a CSV file with the "
        f"columns {ARCHITECTURE} and {dataset} (test accuracy in %){others}, and start again."
    )
