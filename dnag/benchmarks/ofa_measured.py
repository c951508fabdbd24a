"""Measured ImageNet accuracies of once-for-all sub-networks, width 1.0, at 224 px; they hold at no other size.

A CSV file with the columns ``ks`` and ``e`` (20 numbers joined by ``-``, 0 for an absent layer), ``d`` (5 depths) and
``top1`` (%), as search traces are published in. A network may come several times: its mean is taken, weighted by the
column ``n`` (how many measurements a line stands for) where there is one. Other columns are ignored.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dnag.benchmarks.base import BenchmarkError, benchmarks
from dnag.benchmarks.csv_table import Rows, Table, check_percent, number, table_format
from dnag.spaces.base import Architecture, ArchitectureError, SearchSpace, spaces
from dnag.spaces.mobilenetv3 import EXPANSIONS, KERNELS, NODES

SPACE, DATASET = "mobilenetv3", "imagenet1k"
WIDTH, RESOLUTION = 1.0, 224
LISTS = ("ks", "e", "d")
TOP1, COUNT = "top1", "n"

_LIST = re.compile(r"[0-9]{1,3}(-[0-9]{1,3})*")

Values = dict[tuple[int, ...], float]


@benchmarks.register("ofa")
class OfaMeasured(Table):
    """ImageNet top-1 of single sub-networks. ``BenchmarkError`` names the file, the line and what is allowed."""

    preference = 3
    label = "ImageNet top-1, once-for-all sub-networks, width 1.0, 224 px"
    note = "Measured on the ImageNet validation set with the weights of the once-for-all network, at 224 px only."
    space = SPACE
    datasets = (DATASET,)
    columns = (*LISTS, TOP1)

    def __init__(self, path: Path, space: SearchSpace):
        super().__init__(path, space)
        if space.name != SPACE:
            raise BenchmarkError(f"{path.name} has networks of {SPACE}; asked for: {space.name}")
        if table_format(path) is not type(self):
            raise BenchmarkError(f"{path.name}, line 1: allowed: the columns {', '.join(self.columns)}")

    @classmethod
    def find(cls, space: SearchSpace, directory: Path | None) -> OfaMeasured | None:
        """``DNAG_DATA`` names the file itself, or a directory; its first ``*.csv`` file of the format is taken."""
        if space.name != SPACE or directory is None:
            return None
        paths = sorted(directory.glob("*.csv")) if directory.is_dir() else [directory]
        return next((cls(path, space) for path in paths if path.is_file() and _is_one(path)), None)

    def lookup(self, arch: Architecture, dataset: str) -> float | None:
        return self.values.get(arch.ops)

    def all(self) -> tuple[Tensor, Tensor]:
        """Every measured network once: operations (n, 20) int64, and top-1 in % (n,), in the order of the file."""
        values = self.values
        return torch.tensor(list(values)), torch.tensor(list(values.values()))

    @property
    def values(self) -> Values:
        """Operations of a network -> its accuracy in %; read once per version of the file."""
        return _read(*self.version())


def _is_one(path: Path) -> bool:
    try:
        return table_format(path) is OfaMeasured
    except BenchmarkError:  # another file of the directory, or one that another source complains about
        return False


@lru_cache(maxsize=4)
def _read(path: Path, modified: int, size: int) -> Values:
    space: Any = spaces[SPACE]()
    sums: dict[tuple[int, ...], tuple[float, float]] = {}
    with Rows(path) as rows:
        names = [name.strip().lower() for name in rows.next() or []]
        while (row := rows.next()) is not None:
            if not row:
                continue
            if len(row) != len(names):
                raise rows.error(f"{len(row)} cells; the first line has {len(names)}")
            cells = dict(zip(names, (cell.strip() for cell in row), strict=True))
            try:
                ops = space.from_ofa({name: _numbers(cells[name], name, rows) for name in LISTS}).ops
            except ArchitectureError as error:
                raise rows.error(str(error)) from None
            accuracy, count = number(cells[TOP1]), number(cells.get(COUNT, "1"))
            if not 0 <= accuracy <= 100:
                raise rows.error(f"{TOP1} is {cells[TOP1][:40]!r}; allowed: a number from 0 to 100 (%)")
            if not 0 < count < math.inf:
                raise rows.error(f"{COUNT} is {cells[COUNT][:40]!r}; allowed: a number above 0")
            total, weight = sums.get(ops, (0.0, 0.0))
            sums[ops] = total + count * accuracy, weight + count
    if not sums:
        raise BenchmarkError(f"{path.name} has a first line and no networks")
    values = {ops: total / weight for ops, (total, weight) in sums.items()}
    check_percent(path, list(values.values()))
    return values


def _numbers(text: str, name: str, rows: Rows) -> list[int]:
    if not _LIST.fullmatch(text):
        raise rows.error(f"{name} is {text[:80]!r}; allowed: whole numbers joined by -")
    numbers = [int(part) for part in text.split("-")]
    allowed = (0, *(KERNELS if name == "ks" else EXPANSIONS))
    # what lies beyond a depth is not read later, and a wrong number there means a wrong line all the same
    if name != "d" and len(numbers) == NODES and (wrong := [value for value in numbers if value not in allowed]):
        raise rows.error(f"{name} has {wrong[0]}; allowed: {', '.join(map(str, allowed))}")
    return numbers
