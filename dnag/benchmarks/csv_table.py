"""A plain CSV table: a column ``arch_str`` and one column of test accuracies in percent per dataset.

A dataset's column is called as the dataset is (``cifar10``), or as in NATS-Bench tables (``c10_test``); other columns
are ignored. An empty cell means not measured.

Other sources may be one CSV file too (:class:`Table`); which one reads a file is told by the columns of its first line.
"""

from __future__ import annotations

import csv
import math
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from dnag.benchmarks.base import Benchmark, BenchmarkError, benchmarks
from dnag.spaces.base import Architecture, ArchitectureError, SearchSpace, spaces

ARCHITECTURE = "arch_str"
ALIASES = {"c10_test": "cifar10", "c100_test": "cifar100", "in16_test": "imagenet16-120"}
MAX_BYTES = 256 * 2**20

Values = dict[tuple[int, ...], tuple[float | None, ...]]


class Table(Benchmark):
    """A source that is one CSV file.

    Attributes:
        columns: those that every file of its format has.
    """

    columns: ClassVar[tuple[str, ...]]

    def __init__(self, path: Path, space: SearchSpace):
        self.path = path

    def version(self) -> tuple[Path, int, int]:
        """Changes with the file: its path, time and size. ``BenchmarkError`` if it is not there any more."""
        try:
            stat = self.path.stat()
        except OSError as error:
            raise BenchmarkError(f"no table can be read from {self.path}: {error.strerror}") from None
        return self.path, stat.st_mtime_ns, stat.st_size


def table_format(path: Path) -> type[Table]:
    """Which source reads a CSV file; it is :class:`CsvTable`, who says what is wrong, if no source does."""
    names = header(path)
    formats: list[type[Table]] = [CsvTable, *other_formats()]
    return next((cls for cls in formats if all(names.count(name) == 1 for name in cls.columns)), CsvTable)


def other_formats() -> list[type[Table]]:
    """The sources that are one CSV file, but for :class:`CsvTable`."""
    return [cls for cls in benchmarks.values() if issubclass(cls, Table) and cls is not CsvTable]


def other_columns(space: str) -> list[str]:
    """The columns, in words, of each other format that has values for a space."""
    return [", ".join(cls.columns) for cls in other_formats() if getattr(cls, "space", None) == space]


@benchmarks.register("csv")
class CsvTable(Table):
    """A table of the user's own. ``BenchmarkError`` if it is none, naming the file, the line and what is allowed."""

    preference = 0
    note = "From a table of your own."
    columns = (ARCHITECTURE,)

    def __init__(self, path: Path, space: SearchSpace):
        super().__init__(path, space)
        self.space = space.name
        self.label = path.name
        self._columns = read_columns(path, space)
        self.datasets = tuple(self._columns)

    @classmethod
    def find(cls, space: SearchSpace, directory: Path | None) -> CsvTable | None:
        """``DNAG_DATA`` names the file itself, or a directory that holds ``<space>.csv``."""
        if directory is None:
            return None
        path = directory / f"{space.name}.csv" if directory.is_dir() else directory
        if not path.is_file() or table_format(path) is not cls:
            return None
        # One file serves one space: for the others it is not there, rather than wrong.
        names = set(header(path))
        others = (other for name, other in spaces.items() if name != space.name)
        elsewhere = any(names & _column_names(other) for other in others)
        return None if elsewhere and not names & _column_names(space) else cls(path, space)

    def lookup(self, arch: Architecture, dataset: str) -> float | None:
        row = self.values.get(arch.ops)
        return None if row is None else row[self.datasets.index(dataset)]

    @property
    def values(self) -> Values:
        """Operations of an architecture -> its accuracy on each of ``datasets``; read once per version of the file."""
        return _read(*self.version(), self.space, tuple(self._columns.items()))


def header(path: Path) -> list[str]:
    """Names of the columns, in small letters."""
    with Rows(path) as rows:
        return [name.strip().lower() for name in rows.next() or []]


def read_columns(path: Path, space: SearchSpace) -> dict[str, int]:
    """Dataset -> column number, from the first line."""
    names = header(path)
    wanted = f"{ARCHITECTURE} and one or more of {', '.join([*space.datasets, *_aliases(space)])}"
    wanted = "; or ".join([wanted, *other_columns(space.name)])
    shown = ", ".join(names)[:200] or "none"
    if names.count(ARCHITECTURE) != 1:
        raise BenchmarkError(f"{path.name}, line 1: no single column {ARCHITECTURE}; found: {shown}; allowed: {wanted}")
    columns: dict[str, int] = {}
    for number, name in enumerate(names):
        dataset = _aliases(space).get(name, name)
        if dataset in columns:
            raise BenchmarkError(f"{path.name}, line 1: two columns for {dataset}: {names[columns[dataset]]}, {name}")
        if dataset in space.datasets:
            columns[dataset] = number
    if not columns:
        raise BenchmarkError(f"{path.name}, line 1: no column of a dataset; found: {shown}; allowed: {wanted}")
    return {dataset: columns[dataset] for dataset in space.datasets if dataset in columns}


def _column_names(space: SearchSpace | type[SearchSpace]) -> set[str]:
    return {*space.datasets, *_aliases(space)}


def _aliases(space: SearchSpace | type[SearchSpace]) -> dict[str, str]:
    return {alias: dataset for alias, dataset in ALIASES.items() if dataset in space.datasets}


@lru_cache(maxsize=4)
def _read(path: Path, modified: int, size: int, space_name: str, columns: tuple[tuple[str, int], ...]) -> Values:
    space = spaces[space_name]()
    values: Values = {}
    with Rows(path) as rows:
        header = rows.next() or []
        place = [name.strip().lower() for name in header].index(ARCHITECTURE)
        while (row := rows.next()) is not None:
            if not row:
                continue
            if len(row) != len(header):
                raise rows.error(f"{len(row)} cells; the first line has {len(header)}")
            try:
                ops = space.parse(row[place]).ops
            except ArchitectureError as error:
                raise rows.error(str(error)) from None
            if ops in values:
                raise rows.error(f"{row[place]} a second time; allowed: one line per architecture")
            values[ops] = tuple(_accuracy(row[number], rows, dataset) for dataset, number in columns)
    if not values:
        raise BenchmarkError(f"{path.name} has a first line and no architectures")
    check_percent(path, [value for row in values.values() for value in row if value is not None])
    return values


def check_percent(path: Path, values: list[float]) -> None:
    """``BenchmarkError`` if the accuracies are plainly fractions, not percentages."""
    largest = max(values, default=100.0)
    if largest <= 1:
        raise BenchmarkError(f"{path.name}: no value is above {largest}; allowed: test accuracy in %, such as 93.2")


def number(text: str) -> float:
    """The number that a cell holds, NaN if it holds none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _accuracy(text: str, rows: Rows, dataset: str) -> float | None:
    if not text.strip():
        return None
    value = number(text)
    if not 0 <= value <= 100:
        raise rows.error(f"{dataset} is {text.strip()[:40]!r}; allowed: a number from 0 to 100 (%), or nothing")
    return value


class Rows:
    """The rows of a CSV file, with errors that name file and line."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self) -> Rows:
        try:
            if self.path.stat().st_size > MAX_BYTES:
                raise BenchmarkError(f"{self.path.name} is larger than {MAX_BYTES // 2**20} MiB")
            self.file = self.path.open(newline="", encoding="utf-8-sig")
        except OSError as error:
            raise BenchmarkError(f"no table can be read from {self.path}: {error.strerror}") from None
        self.reader = csv.reader(self.file)
        return self

    def __exit__(self, *exception: object) -> None:
        self.file.close()

    def next(self) -> list[str] | None:
        try:
            return next(self.reader, None)
        except OSError as error:
            raise BenchmarkError(f"no table can be read from {self.path}: {error.strerror}") from None
        except (UnicodeDecodeError, csv.Error) as error:
            raise BenchmarkError(f"{self.path.name} is no CSV table: {error}") from None

    def error(self, text: str) -> BenchmarkError:
        return BenchmarkError(f"{self.path.name}, line {self.reader.line_num}: {text}")
