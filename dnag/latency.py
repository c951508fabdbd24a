r"""Latency predictors, trained on measured networks or on tables of measured layers.

A network's layers run one after another, so latency is nearly additive over nodes; with the image size r the work of a
layer grows as r^2, while what it takes to launch it does not:

    latency(a, r) = sum_i (u_i(a_i) + v_i(a_i) q^2) + c_0 + c_1 q + c_2 q^2,        q = r / 224

with v = 0 where launching is all that counts (small batches on a large GPU); which of the two fits a device is decided
on a part of the training networks. Ridge regression, one table of numbers per device, image size and width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from dnag.additive import Additive
from dnag.benchmarks.latency_records import LatencyRecords
from dnag.benchmarks.layer_table import LayerTable
from dnag.checkpoint import Checkpoint
from dnag.costs import setting_name
from dnag.metrics import spearman
from dnag.nets.additive_predictor import AdditivePredictor
from dnag.spaces.base import SearchSpace

LABELS = {
    "note10": "Galaxy Note10",
    "i7-8700k": "Intel i7-8700K",
    "v100": "NVIDIA V100",
    "1080ti": "NVIDIA GTX 1080 Ti",
    "2080ti": "NVIDIA RTX 2080 Ti",
    "titan_rtx": "NVIDIA Titan RTX",
    "titan_xp": "NVIDIA Titan Xp",
    "titanxp": "NVIDIA Titan Xp",
    "titanx": "NVIDIA Titan X",
    "gold_6226": "Intel Xeon Gold 6226",
    "gold_6240": "Intel Xeon Gold 6240",
    "silver_4114": "Intel Xeon Silver 4114",
    "silver_4210r": "Intel Xeon Silver 4210R",
    "pixel2": "Pixel 2",
    "pixel3": "Pixel 3",
    "raspi4": "Raspberry Pi 4",
    "samsung_a50": "Samsung A50",
    "samsung_s7": "Samsung S7",
    "essential_ph": "Essential Phone",
    "eyeriss": "Eyeriss",
    "fpga": "FPGA",
}
_RIDGE = 1e-4
_NETWORKS = 4000  # that a predictor sees of a table of layers


def device_label(name: str) -> str:
    """A device as people write it, from a name such as ``v100_32``: batches of 32 images on a V100."""
    base, _, batch = name.rpartition("_")
    if base in LABELS and batch.isdigit():
        return f"{LABELS[base]}, batch {batch}"
    return LABELS.get(name, name)


@dataclass(frozen=True)
class Fit:
    """A device's tables by setting, and how they do on networks that were held out."""

    tables: list[tuple[str, Additive]]
    mae_ms: float
    error_pct: float
    spearman: float | None
    networks: int


def train_latency(
    space: SearchSpace,
    records: LatencyRecords | None,
    tables: Mapping[str, LayerTable],
    *,
    seed: int = 0,
) -> Checkpoint:
    """One predictor per device, for every image size of the space's datasets.

    A tenth of the networks is held out; the errors on it are written into the checkpoint.

    Args:
        records: networks with measured latencies.
        tables: device -> latencies of single layers.
    """
    modules: dict[str, nn.Module] = {}
    devices = {}
    for device, fit in _fits(space, records, tables, seed):
        modules[device] = AdditivePredictor.of(fit.tables)
        pairs = [name.split("@") for name, _ in fit.tables]
        devices[device] = {
            "label": device_label(device),
            "widths": sorted({float(width) for width, _ in pairs}),
            "resolutions": sorted({int(pixels) for _, pixels in pairs}),
            "mae_ms": round(fit.mae_ms, 4),
            "error_pct": round(fit.error_pct, 3),
            "spearman": None if fit.spearman is None else round(fit.spearman, 4),
            "networks": fit.networks,
            "measured": "layers" if device in tables else "networks",
        }
    return Checkpoint("latency", space.name, modules, {"devices": devices, "seed": seed})


def _fits(
    space: SearchSpace, records: LatencyRecords | None, tables: Mapping[str, LayerTable], seed: int
) -> list[tuple[str, Fit]]:
    found = [(device, _fit_table(space, table, seed)) for device, table in tables.items()]
    if records is not None:
        for device, latency in records.latency_ms.items():
            there = ~latency.isnan()
            pixels = None if records.resolution is None else records.resolution[there]
            found.append((device, _fit_records(space, records.ops[there], pixels, latency[there], seed)))
    return found


def _sizes(space: SearchSpace) -> list[int]:
    return sorted({pixels for dataset in space.datasets.values() for pixels in dataset.resolutions})


def _fit_records(space: SearchSpace, ops: Tensor, pixels: Tensor | None, latency: Tensor, seed: int) -> Fit:
    """Of whole networks, measured at width 1 and the image sizes ``pixels``, or the space's usual one if None."""
    order = torch.randperm(len(ops), generator=Generator().manual_seed(seed))
    held, rest = order[: len(ops) // 10], order[len(ops) // 10 :]
    onehot, latency = space.encode_ops(ops).flatten(1).double(), latency.double()
    usual = next(iter(space.datasets.values())).resolution
    if pixels is None:
        table = Additive.fit(space, ops[rest], latency[rest], ridge=_RIDGE)
        return _judged([(setting_name(1.0, usual), table)], table(ops[held]).double(), latency[held], len(rest))
    q = pixels.double() / usual
    judge, learn = rest[: len(rest) // 10], rest[len(rest) // 10 :]

    def weights(part: Tensor, scaled: bool) -> Tensor:
        x = _features(onehot[part], q[part], scaled)
        penalty = _RIDGE * len(part) * torch.eye(x.shape[1], dtype=torch.double)
        penalty[-3:] = 0
        return torch.linalg.solve(x.T @ x + penalty + 1e-9 * torch.eye(len(penalty)), x.T @ latency[part])

    def predict(part: Tensor, w: Tensor, scaled: bool) -> Tensor:
        return _features(onehot[part], q[part], scaled) @ w

    errors = [
        float((predict(judge, weights(learn, scaled), scaled) - latency[judge]).square().mean())
        for scaled in (False, True)
    ]
    scaled = errors[1] < errors[0]
    w = weights(rest, scaled)
    size = onehot.shape[1]
    tables = []
    for resolution in _sizes(space):
        share = resolution / usual
        layers = w[:size] + share**2 * w[size : 2 * size] if scaled else w[:size]
        offset = float(w[-3] + share * w[-2] + share**2 * w[-1])
        tables.append((setting_name(1.0, resolution), Additive(offset, layers.float().view(space.num_nodes, -1))))
    return _judged(tables, predict(held, w, scaled), latency[held], len(rest))


def _features(onehot: Tensor, q: Tensor, scaled: bool) -> Tensor:
    ones = torch.ones_like(q)
    layers = [onehot, onehot * q[:, None].square()] if scaled else [onehot]
    return torch.cat([*layers, torch.stack([ones, q, q.square()], dim=1)], dim=1)


def _fit_table(space: SearchSpace, table: LayerTable, seed: int) -> Fit:
    """Of networks whose layers were measured."""
    ops = space.sample_ops(_NETWORKS * 10 // 9, Generator().manual_seed(seed))
    held, rest = ops[_NETWORKS:], ops[:_NETWORKS]
    tables, predicted, measured = [], [], []
    for width in table.widths:
        for resolution in (pixels for pixels in _sizes(space) if pixels in table.resolutions):
            known = torch.tensor([table.latency_ms(row, width=width, resolution=resolution) for row in rest.tolist()])
            fitted = Additive.fit(space, rest, known)
            tables.append((setting_name(width, resolution), fitted))
            predicted.append(fitted(held))
            measured += [table.latency_ms(row, width=width, resolution=resolution) for row in held.tolist()]
    return _judged(tables, torch.cat(predicted).double(), torch.tensor(measured).double(), len(rest))


def _judged(tables: list[tuple[str, Additive]], predicted: Tensor, measured: Tensor, networks: int) -> Fit:
    error = (predicted - measured).abs()
    relative = float((error / measured).mean())
    return Fit(tables, float(error.mean()), 100 * relative, spearman(predicted, measured), networks)
