"""Accuracies of NAS-Bench-201 cells on many small datasets: the records that meta-predictors learn from.

The official ones (DiffusionNAG, from MetaD2A) are 4,630 cells trained on tasks of 20 ImageNet classes each. They are
read from an ``.npz`` file: ``task_classes`` (T, 20), numbers of classes from 1; ``task`` (R,), ``arch_index`` (R,) in
the official order of NAS-Bench-201, ``accuracy`` (R,) in percent, ``is_validation`` (R,).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dnag.benchmarks.base import BenchmarkError
from dnag.benchmarks.latency_records import official_order
from dnag.spaces.base import SearchSpace

KEYS = ("task_classes", "task", "arch_index", "accuracy", "is_validation")


@dataclass(frozen=True)
class OfficialRecords:
    """Classes of every task, from 0, (T,20); per record its task, operations (R,N), accuracy in %, and whether it is
    held back for validation.
    """

    classes: Tensor
    task: Tensor
    ops: Tensor
    accuracy_pct: Tensor
    validation: Tensor


def read_meta_records(path: Path, space: SearchSpace) -> OfficialRecords:
    """Read and check the file. ``BenchmarkError`` names it and what is wrong with it."""

    def error(text: str) -> BenchmarkError:
        return BenchmarkError(
            f"{path.name} holds no meta-training records: {text}; allowed: .npz with {', '.join(KEYS)}"
        )

    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in KEYS if key not in file.files]
            if missing:
                raise error(f"no {', '.join(missing)}")
            classes, task, index, accuracy, validation = (file[key] for key in KEYS)
    except FileNotFoundError:
        raise BenchmarkError(f"no meta-training records at {path}") from None
    except (OSError, ValueError, EOFError) as reason:
        if isinstance(reason, BenchmarkError):
            raise
        raise error(str(reason)) from None
    order = official_order(space)
    if classes.ndim != 2 or any(part.shape != (len(task),) for part in (task, index, accuracy, validation)):
        raise error("arrays of lengths that do not go together")
    if not len(task) or not 0 <= task.min() <= task.max() < len(classes) or classes.min() < 1:
        raise error("tasks or classes out of range")
    if not 0 <= index.min() <= index.max() < len(order):
        raise error(f"architectures out of range; there are {len(order):,}")
    if not (np.isfinite(accuracy).all() and 0 < accuracy.min() <= accuracy.max() < 100):
        raise error("accuracies that are no percentages")
    return OfficialRecords(
        torch.from_numpy(classes.astype(np.int64)) - 1,
        torch.from_numpy(task.astype(np.int64)),
        space.all_ops[order[torch.from_numpy(index.astype(np.int64))]],
        torch.from_numpy(accuracy.astype(np.float32)),
        torch.from_numpy(validation.astype(bool)),
    )
