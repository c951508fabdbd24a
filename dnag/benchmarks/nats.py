"""The official NATS-Bench topology files (Dong et al., 2021, https://arxiv.org/abs/2009.00437), if the user has them.

A directory ``NATS-tss-v1_0-3ffb9-simple`` of compressed pickles: ``meta`` lists the cells in the order of their index,
and one file per cell holds all its trainings. The files are opened by the restricted unpickler only; what a file says
is then read by the ``nats-bench`` package, from dictionaries, so that its own unpickling is never used.
"""

from __future__ import annotations

import bz2
import pickle
from functools import lru_cache
from pathlib import Path
from typing import Any

from dnag.benchmarks.base import Benchmark, BenchmarkError, benchmarks
from dnag.spaces.base import Architecture, SearchSpace, spaces
from dnag.unpickling import plain_names, read_pickle

DIRECTORY = "NATS-tss-v1_0-3ffb9-simple"
SPACE = "nasbench201"
EPOCHS = "200"
SETS = {
    "cifar10": ("cifar10", "ori-test"),
    "cifar100": ("cifar100", "x-test"),
    "imagenet16-120": ("ImageNet16-120", "x-test"),
}
MAX_BYTES = 256 * 2**20


@benchmarks.register("nats")
class NATSBench(Benchmark):
    """Test accuracy after 200 epochs, mean over the trained seeds."""

    preference = 1
    label = "NATS-Bench"
    note = "The official values: test accuracy after 200 epochs, mean over seeds."
    space = SPACE
    datasets = tuple(SETS)

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def find(cls, space: SearchSpace, directory: Path | None) -> NATSBench | None:
        """``DNAG_DATA`` names the directory itself, or one that contains it."""
        if space.name != SPACE or directory is None:
            return None
        candidates = (directory, directory / DIRECTORY)
        return next((cls(path) for path in candidates if meta_file(path).is_file()), None)

    def lookup(self, arch: Architecture, dataset: str) -> float | None:
        index = read_index(self.path).get(arch.ops)
        return None if index is None else read_accuracies(self.path, index).get(dataset)


def meta_file(path: Path) -> Path:
    """The list of all cells."""
    return path / "meta.pickle.pbz2"


def _load(path: Path) -> Any:
    try:
        with bz2.open(path) as file:
            return read_pickle(file, plain_names(), max_bytes=MAX_BYTES)
    except (OSError, EOFError, pickle.UnpicklingError) as error:
        raise BenchmarkError(f"{path.name} is no file of NATS-Bench: {error}") from None


@lru_cache(maxsize=2)
def read_index(path: Path) -> dict[tuple[int, ...], int]:
    """Operations of each listed cell -> its official index."""
    space, meta = spaces[SPACE](), _load(meta_file(path))
    try:
        return {space.parse(text).ops: index for index, text in enumerate(meta["meta_archs"])}
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise BenchmarkError(f"{meta_file(path).name} does not list the cells of NATS-Bench: {error!r}") from None


@lru_cache(maxsize=20_000)
def read_accuracies(path: Path, index: int) -> dict[str, float]:
    """Dataset -> test accuracy in percent of one cell; nothing if it has no file or was not trained for 200 epochs."""
    from nats_bench.api_utils import ArchResults

    files = [path / f"{name}.pickle.pbz2" for name in (f"{index:06d}", str(index))]
    file = next((file for file in files if file.is_file()), None)
    state = {} if file is None else _load(file)
    if file is None or (isinstance(state, dict) and EPOCHS not in state):
        return {}
    try:
        state = state[EPOCHS]
        for part in (state, state["all_results"], state["dataset_seed"], *state["all_results"].values()):
            if not isinstance(part, dict):  # a text would be taken by the package for the name of a pickle to load
                raise TypeError(f"a {type(part).__name__} where a dict should be")
        results = ArchResults.create_from_state_dict(state)
        if read_index(path).get(spaces[SPACE]().parse(results.arch_str).ops) != index:
            raise ValueError(f"it is about {results.arch_str}, which has another number")
        accuracies = {
            dataset: float(results.get_metrics(trained, tested, is_random=False)["accuracy"])
            for dataset, (trained, tested) in SETS.items()
            if trained in state["dataset_seed"]
        }
    except BenchmarkError:
        raise
    except Exception as error:  # the package raises whatever its data lead it to
        raise BenchmarkError(f"{file.name} is no record of NATS-Bench: {type(error).__name__} {error}") from None
    if not all(0 <= value <= 100 for value in accuracies.values()):
        raise BenchmarkError(f"{file.name} holds accuracies outside 0 to 100 %")
    return accuracies
