"""An independent re-training of all 15,625 NAS-Bench-201 cells on CIFAR-10 (the package ``analog-nasbench``).

Not the NAS-Bench-201 numbers: other seeds, another recipe (rank correlation 0.991 with them, mean absolute difference
0.39 points). The package is never imported; its one data file is a pickle and read by the restricted unpickler.
"""

from __future__ import annotations

import gc
import importlib.util
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from dnag.benchmarks.base import Benchmark, BenchmarkError, benchmarks
from dnag.spaces.base import Architecture, SearchSpace
from dnag.spaces.nasbench201 import CELL_OPS, CONV1, CONV3, EDGES, NONE, POOL, SKIP
from dnag.unpickling import read_pickle

PACKAGE, FILE = "analognasbench", "data.anb"
SPACE, DATASET = "nasbench201", "cifar10"
THEIR_OPS = (SKIP, NONE, CONV3, CONV1, POOL)
THEIR_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
MAX_BYTES = 32 * 2**20


@benchmarks.register("analog")
class AnalogNASBench(Benchmark):
    """The digital baseline of AnalogNAS-Bench, CIFAR-10 only."""

    preference = 2
    label = "independent re-training"
    note = (
        "Every cell trained anew on CIFAR-10 by the authors of AnalogNAS-Bench. These are not the NAS-Bench-201 "
        "numbers: rank correlation 0.991 with them, mean absolute difference 0.39 points."
    )
    space = SPACE
    datasets = (DATASET,)

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def find(cls, space: SearchSpace, directory: Path | None) -> AnalogNASBench | None:
        spec = importlib.util.find_spec(PACKAGE)
        if space.name != SPACE or spec is None:
            return None
        paths = [Path(place) / FILE for place in spec.submodule_search_locations or ()]
        return next((cls(path) for path in paths if path.is_file()), None)

    def lookup(self, arch: Architecture, dataset: str) -> float | None:
        place = tuple(op - NONE for op in arch.ops[1:-1])
        if len(place) != len(EDGES) or not set(place) <= set(range(len(CELL_OPS))):
            return None
        value = float(read(self.path)[place])
        return None if np.isnan(value) else value


@lru_cache(maxsize=2)
def read(path: Path) -> np.ndarray:
    """Accuracy in percent by the operation of each edge of ``EDGES``, counted from ``none``: (5, 5, 5, 5, 5, 5)."""

    class Entry:
        accuracy: Any = None

        def __setstate__(self, state: dict[str, Any]) -> None:
            self.accuracy = state["baseline_accuracy"]

    class Drift:  # of the analog variants, not used
        def __setstate__(self, state: Any) -> None: ...

    module = f"{PACKAGE}.data"
    allowed = {(module, "Architecture"): Entry, (module, "DriftMeasurement"): Drift}
    try:
        with path.open("rb") as file, _no_collection():
            entries = read_pickle(file, allowed, max_bytes=MAX_BYTES)
        values = np.full((len(CELL_OPS),) * len(EDGES), np.nan)
        order = [THEIR_EDGES.index(edge) for edge in EDGES]
        for ids in product(range(len(THEIR_OPS)), repeat=len(EDGES)):
            if ids in entries:
                values[tuple(THEIR_OPS[ids[edge]] - NONE for edge in order)] = float(entries[ids].accuracy)
    except (OSError, pickle.UnpicklingError, TypeError, ValueError, AttributeError) as error:
        raise BenchmarkError(f"{path.name} of {PACKAGE} is not the file it should be: {error}") from None
    if not np.all(np.isnan(values) | ((values >= 0) & (values <= 100))):
        raise BenchmarkError(f"{path.name} of {PACKAGE} holds accuracies outside 0 to 100 %")
    return values


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the cyclic garbage collector, which takes half the time of making many small objects."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
