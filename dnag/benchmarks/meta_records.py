"""Accuracies of architectures on many small datasets: the records that meta-predictors learn from.

The official ones (DiffusionNAG, from MetaD2A) are 4,630 cells trained on tasks of 20 ImageNet classes each. They are
read from an ``.npz`` file: ``task_classes`` (T, 20), numbers of classes from 1; ``task`` (R,), ``arch_index`` (R,) in
the official order of NAS-Bench-201, ``accuracy`` (R,) in percent, ``is_validation`` (R,). Of another space, ``ops``
(R,N) stands for ``arch_index``: indices of operations, -1 for an absent layer. No such file is known to be public.
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

KEYS = ("task_classes", "task", "accuracy", "is_validation")


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
    architectures = "arch_index" if space.enumerable else "ops"
    keys = (*KEYS, architectures)

    def error(text: str) -> BenchmarkError:
        return BenchmarkError(
            f"{path.name} holds no meta-training records: {text}; allowed: .npz with {', '.join(keys)}"
        )

    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in keys if key not in file.files]
            if missing:
                raise error(f"no {', '.join(missing)}")
            classes, task, accuracy, validation, archs = (file[key] for key in keys)
    except FileNotFoundError:
        raise BenchmarkError(f"no meta-training records at {path}") from None
    except (OSError, ValueError, EOFError) as reason:
        if isinstance(reason, BenchmarkError):
            raise
        raise error(str(reason)) from None
    shape = (len(task),) if space.enumerable else (len(task), space.num_nodes)
    if classes.ndim != 2 or any(part.shape != (len(task),) for part in (task, accuracy, validation)):
        raise error("arrays of lengths that do not go together")
    if archs.shape != shape or archs.dtype.kind not in "iu":
        raise error(f"{architectures} is {archs.dtype} {archs.shape}; allowed: whole numbers {shape}")
    if not len(task) or not 0 <= task.min() <= task.max() < len(classes) or classes.min() < 1:
        raise error("tasks or classes out of range")
    if not (np.isfinite(accuracy).all() and 0 < accuracy.min() <= accuracy.max() < 100):
        raise error("accuracies that are no percentages")
    ops = torch.from_numpy(archs.astype(np.int64))
    if space.enumerable:
        order = official_order(space)
        if not 0 <= archs.min() <= archs.max() < len(order):
            raise error(f"architectures out of range; there are {len(order):,}")
        ops = space.all_ops[order[ops]]
    for row, arch in enumerate(ops.tolist()):
        if (violation := space.check(arch)) is not None:
            raise error(f"row {row} of ops is no architecture: {violation.reason}")
    return OfficialRecords(
        torch.from_numpy(classes.astype(np.int64)) - 1,
        torch.from_numpy(task.astype(np.int64)),
        ops,
        torch.from_numpy(accuracy.astype(np.float32)),
        torch.from_numpy(validation.astype(bool)),
    )
