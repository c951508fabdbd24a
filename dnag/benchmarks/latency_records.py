r"""Measured latencies of whole networks, in ms, as published with HELP (Lee et al., 2021): one array per device.

- ``mobilenetv3``: arrays ``ks`` and ``e`` (n, 20), ``d`` (n, 5) and ``r`` (n,), pixels; what ``ks`` and ``e`` say of
  slots beyond a stage's depth has no meaning and is ignored. Then ``lat_<device>`` (n,). In the known file, batch 1 on
  a GPU is bound by starting kernels: latency goes with depth (rank correlation 0.74 to 0.86), hardly with MACs (0.22 to
  0.29) and not at all with resolution; at batch 64 it goes with MACs (0.98 to 0.995).
- ``nasbench201``: arrays ``<device>`` (15625,) in the benchmark's own order (:func:`official_order`).

A device's name often ends in the batch size (``v100_32``); the latency is that of the batch. In the known file of
``nasbench201``, four phones (pixel2, samsung_a50, samsung_s7, essential_ph_1) give whole milliseconds only, 39 to 79
different ones.

A cell without a path from input to output may be optimised away and is then no measurement: on pixel3 and raspi4 such
cells go down to 0.03 % of the median, where connected ones start at 9.8 %. They are left out, device by device: where a
disconnected cell is below 5 % of the device's median, its latency is NaN (273 on pixel3, 284 on raspi4, none
elsewhere). Other rows are kept, the ten and five disconnected ones between 5 and 9.8 % among them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dnag.benchmarks.base import BenchmarkError
from dnag.spaces.base import ABSENT, Architecture, SearchSpace
from dnag.spaces.mobilenetv3 import DEPTHS, EXPANSIONS, KERNELS, NODES, SLOTS, STAGES, slot_name

PREFIX = "lat_"
ARTEFACT = 0.05
"""Latencies of disconnected cells below this part of the median are none."""
SEED = 88
"""Of the shuffle that made the official order of NAS-Bench-201."""
MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False)
class LatencyRecords:
    """Networks and their latencies.

    Attributes:
        ops: operation indices, (n, N) int64.
        resolution: height and width of the image in pixels, (n,) int64; None where all have the space's usual one.
        latency_ms: device -> latency of a batch, (n,); NaN: not measured, or left out.
    """

    ops: Tensor
    resolution: Tensor | None
    latency_ms: Mapping[str, Tensor]


def official_order(space: SearchSpace) -> Tensor:
    """The row in ``space.all_ops`` of each official index of NAS-Bench-201, (15625,) int64.

    The benchmark lists the cells as ``all_ops`` does, first edge slowest, and shuffles the list with a fixed seed.
    """
    order = list(range(space.size))
    random.Random(SEED).shuffle(order)
    return torch.tensor(order)


def read_latencies(path: Path, space: SearchSpace) -> LatencyRecords:
    """Read the file of a space's latencies; ``BenchmarkError`` names the file and what is wrong with it."""
    readers = {"mobilenetv3": _networks, "nasbench201": _cells}
    if space.name not in readers:
        raise BenchmarkError(f"no format of latencies is known for {space.name}; allowed: {', '.join(readers)}")
    arrays = _read(path)
    try:
        ops, resolution = readers[space.name](arrays, space)
        if not arrays:
            raise ValueError("no device")
        latency = {name.removeprefix(PREFIX): _latency(name, values, ops, space) for name, values in arrays.items()}
    except ValueError as error:
        raise BenchmarkError(f"{path.name} holds no latencies of {space.name}: {error}") from None
    return LatencyRecords(ops, resolution, latency)


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if sum(member.file_size for member in arrays.zip.infolist()) > MAX_BYTES:
                raise ValueError(f"larger than {MAX_BYTES // 2**20} MiB")
            found = {name: arrays[name] for name in arrays.files}
            if not all(isinstance(values, np.ndarray) for values in found.values()):
                raise ValueError("something in it is no array")
            return found
    except OSError as error:
        raise BenchmarkError(f"no latencies can be read from {path}: {error.strerror or error}") from None
    except Exception as error:  # NumPy raises whatever the file leads it to
        raise BenchmarkError(f"{path.name} is no .npz file of arrays: {error}") from None


def _take(arrays: dict[str, np.ndarray], name: str, width: int | None) -> Tensor:
    """An array of whole numbers, (n, width) or (n,), out of the dictionary; ``ValueError`` if it is another."""
    if name not in arrays:
        raise ValueError(f"no array {name}, only {', '.join(arrays)[:120] or 'nothing'}")
    values = arrays.pop(name)
    wanted = "(n,)" if width is None else f"(n, {width})"
    if values.dtype.kind not in "iu" or values.shape[1:] != (() if width is None else (width,)) or values.ndim == 0:
        raise ValueError(f"{name} is {values.dtype} {values.shape}; allowed: whole numbers {wanted}")
    return torch.from_numpy(values.astype(np.int64))


def _networks(arrays: dict[str, np.ndarray], space: SearchSpace) -> tuple[Tensor, Tensor]:
    kernels, expansions, depth = _take(arrays, "ks", NODES), _take(arrays, "e", NODES), _take(arrays, "d", STAGES)
    resolution = _take(arrays, "r", None)
    for name, values in (("ks", kernels), ("e", expansions), ("d", depth)):
        if len(values) != len(resolution) or not len(values):
            raise ValueError(f"{name} has {len(values)} rows, r has {len(resolution)}; allowed: as many, and some")
    if (other := next((name for name in arrays if not name.startswith(PREFIX)), None)) is not None:
        raise ValueError(f"an array {other}; allowed: ks, e, d, r and {PREFIX}<device>")
    _check("d", depth, DEPTHS, torch.ones_like(depth, dtype=torch.bool))
    present = (torch.arange(SLOTS) < depth[..., None]).flatten(1)
    _check("ks", kernels, KERNELS, present)
    _check("e", expansions, EXPANSIONS, present)
    if bool((resolution < 1).any()):
        raise ValueError(f"r is {int(resolution.min())}; allowed: pixels, 1 or more")
    ops = _places(kernels, KERNELS) * len(EXPANSIONS) + _places(expansions, EXPANSIONS)
    return ops.where(present, ABSENT), resolution


def _check(name: str, values: Tensor, allowed: tuple[int, ...], present: Tensor) -> None:
    wrong = (~torch.isin(values, torch.tensor(allowed)) & present).nonzero()
    if len(wrong):
        row, column = wrong[0].tolist()
        place = f"stage {column + 1}" if name == "d" else f"slot {slot_name(column)}"
        shown = ", ".join(str(number) for number in allowed)
        raise ValueError(f"row {row}: {name} in {place} is {int(values[row, column])}; allowed: {shown}")


def _places(values: Tensor, allowed: tuple[int, ...]) -> Tensor:
    """Index of each value in ``allowed``, anything for others."""
    return torch.searchsorted(torch.tensor(allowed), values)


def _cells(arrays: dict[str, np.ndarray], space: SearchSpace) -> tuple[Tensor, None]:
    return space.all_ops[official_order(space)], None


def _latency(name: str, values: np.ndarray, ops: Tensor, space: SearchSpace) -> Tensor:
    if values.dtype.kind not in "fiu" or values.shape != (len(ops),):
        raise ValueError(f"{name} is {values.dtype} {values.shape}; allowed: numbers ({len(ops)},)")
    with np.errstate(over="ignore"):
        latency = torch.from_numpy(values.astype(np.float32))
    suspects = (latency < ARTEFACT * latency.median()).nonzero().flatten()
    cells = [Architecture(space.name, tuple(row)) for row in ops[suspects].tolist()]
    artefact = torch.zeros_like(latency, dtype=torch.bool)
    artefact[suspects] = torch.tensor([space.disconnected(cell) for cell in cells], dtype=torch.bool)
    wrong = (~((latency > 0) & latency.isfinite()) & ~(artefact & (latency == 0))).nonzero().flatten()
    if len(wrong):
        raise ValueError(f"row {int(wrong[0])}: {name} is {float(latency[wrong[0]])}; allowed: milliseconds above 0")
    return latency.masked_fill(artefact, torch.nan)
