"""Measured latencies of whole networks: made files, and the two that lie beside the repository."""

from __future__ import annotations

import csv
import zipfile
from typing import Any

import numpy as np
import pytest
import torch

from dnag.benchmarks import BenchmarkError
from dnag.benchmarks.latency_records import official_order, read_latencies
from dnag.metrics import spearman
from dnag.spaces import Architecture, spaces
from dnag.spaces.base import ABSENT

FIRST = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
TENTH = "|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"


@pytest.fixture
def space():
    return spaces["mobilenetv3"]()


@pytest.fixture
def write(tmp_path):
    def to(**arrays):
        path = tmp_path / "latency.npz"
        given: dict[str, Any] = {name: np.asarray(values) for name, values in arrays.items() if values is not None}
        np.savez(path, **given)
        return path

    return to


def networks(**changes):
    """Two small networks on two devices."""
    return {
        "ks": np.array([[3, 5, 99, 0] * 5, [7] * 20], np.int8),
        "e": np.array([[3, 4, 6, -1] * 5, [6] * 20], np.int8),
        "d": np.array([[2] * 5, [4, 4, 4, 4, 3]], np.int8),
        "r": np.array([160, 224], np.int16),
        "lat_v100_32": np.array([7.5, 20.25], np.float32),
        "lat_phone": [3, 4],
    } | changes


def test_networks(write, space):
    records = read_latencies(write(**networks()), space)
    assert records.ops.dtype == torch.int64
    assert records.ops.tolist() == [[0, 4, ABSENT, ABSENT] * 5, [8] * 19 + [ABSENT]]
    assert records.resolution is not None and records.resolution.tolist() == [160, 224]
    assert {name: values.tolist() for name, values in records.latency_ms.items()} == {
        "v100_32": [7.5, 20.25],
        "phone": [3, 4],
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"e": None}, "no array e, only d, r, lat_v100_32, lat_phone"),
        ({"ks": [[3] * 19] * 2}, r"ks is int64 \(2, 19\); allowed: whole numbers \(n, 20\)"),
        ({"ks": [[3.0] * 20] * 2}, r"ks is float64 \(2, 20\); allowed: whole numbers"),
        ({"d": [[2] * 5] * 3}, "d has 3 rows, r has 2"),
        ({"r": 224}, r"r is int64 \(\); allowed: whole numbers \(n,\)"),
        ({"r": [224, 0]}, "r is 0; allowed: pixels, 1 or more"),
        ({"d": [[2] * 5, [2, 2, 5, 2, 2]]}, "row 1: d in stage 3 is 5; allowed: 2, 3, 4"),
        ({"ks": [[3, 4, *[3] * 18]] * 2}, r"row 0: ks in slot 1\.2 is 4; allowed: 3, 5, 7"),
        ({"e": [[3] * 20, [3] * 18 + [0, 3]]}, r"row 1: e in slot 5\.3 is 0; allowed: 3, 4, 6"),
        ({"lat_phone": [3]}, r"lat_phone is int64 \(1,\); allowed: numbers \(2,\)"),
        ({"lat_phone": ["3", "4"]}, r"lat_phone is <U1"),
        ({"lat_phone": [3, -1]}, r"row 1: lat_phone is -1\.0; allowed: milliseconds above 0"),
        ({"lat_phone": [3, 0]}, r"row 1: lat_phone is 0\.0"),
        ({"lat_phone": [np.nan, 1]}, "row 0: lat_phone is nan"),
        ({"lat_phone": [1, 1e300]}, "row 1: lat_phone is inf"),
        ({"top1": [70, 71]}, r"an array top1; allowed: ks, e, d, r and lat_<device>"),
        ({"lat_phone": None, "lat_v100_32": None}, "no device"),
    ],
)
def test_arrays_that_are_none(write, space, changes, message):
    with pytest.raises(BenchmarkError, match=rf"^latency\.npz holds no latencies of mobilenetv3: {message}"):
        read_latencies(write(**networks(**changes)), space)


def test_files_that_are_none(tmp_path, space, nasbench201, write, monkeypatch):
    with pytest.raises(BenchmarkError, match=r"no latencies can be read from .*gone\.npz: No such file"):
        read_latencies(tmp_path / "gone.npz", space)
    (tmp_path / "text.npz").write_text("no arrays")
    np.save(tmp_path / "one.npy", np.ones(3))
    with zipfile.ZipFile(tmp_path / "text_inside.npz", "w") as archive:
        archive.writestr("notes.txt", "no array")
    np.savez(tmp_path / "pickle.npz", ks=np.array([print], dtype=object))
    for name in ("text.npz", "one.npy", "text_inside.npz", "pickle.npz"):
        with pytest.raises(BenchmarkError, match=rf"^{name} is no \.npz file of arrays"):
            read_latencies(tmp_path / name, space)
    with pytest.raises(
        BenchmarkError, match=r"holds no latencies of nasbench201: ks is int8 \(2, 20\); allowed: numbers"
    ):
        read_latencies(write(**networks()), nasbench201)
    with pytest.raises(BenchmarkError, match="no array ks, only phone"):
        read_latencies(write(phone=np.ones(15_625)), space)
    with pytest.raises(BenchmarkError, match="larger than 64 MiB"):
        read_latencies(write(zeros=np.zeros(2**26 + 1, np.int8)), space)
    monkeypatch.setattr(type(space), "name", "toy")
    with pytest.raises(
        BenchmarkError, match="no format of latencies is known for toy; allowed: mobilenetv3, nasbench201"
    ):
        read_latencies(write(**networks()), space)


def test_cells_come_in_the_official_order(write, nasbench201):
    records = read_latencies(write(lat_phone=np.arange(1, 15_626), gpu_1=np.full(15_625, 2.5)), nasbench201)
    assert records.resolution is None and list(records.latency_ms) == ["phone", "gpu_1"]
    for index, cell in ((0, FIRST), (9, TENTH)):
        assert tuple(records.ops[index].tolist()) == nasbench201.parse(cell).ops
    assert sorted(official_order(nasbench201).tolist()) == list(range(15_625))


def test_disconnected_cells_near_zero_are_left_out_device_by_device(write, nasbench201):
    ops = nasbench201.all_ops[official_order(nasbench201)].tolist()
    cut = [nasbench201.disconnected(Architecture("nasbench201", tuple(row))) for row in ops]
    low, zero, kept, *_ = (index for index in range(15_625) if cut[index])
    connected = cut.index(False)
    phone, gpu = np.full(15_625, 100.0), np.full(15_625, 100.0)
    phone[[low, zero, kept, connected]] = 4.9, 0, 5.1, 4.9
    records = read_latencies(write(phone=phone, gpu=gpu), nasbench201).latency_ms
    assert records["phone"].isnan().nonzero().flatten().tolist() == sorted([low, zero])
    assert float(records["phone"][connected]) == pytest.approx(4.9)
    assert not bool(records["gpu"].isnan().any())
    phone[connected] = 0
    with pytest.raises(BenchmarkError, match=rf"row {connected}: phone is 0\.0; allowed: milliseconds above 0"):
        read_latencies(write(phone=phone), nasbench201)


def test_the_official_order_is_that_of_the_benchmark(shared_data, nasbench201):
    with shared_data("nb201_accuracy.csv").open() as file:
        theirs = [nasbench201.parse(row["arch_str"]).ops for row in csv.DictReader(file)]
    assert torch.equal(nasbench201.all_ops[official_order(nasbench201)], torch.tensor(theirs))


def test_the_measured_cells(shared_data, nasbench201):
    records = read_latencies(shared_data("nb201_latency_help.npz"), nasbench201)
    assert records.ops.shape == (15_625, 8) and len(records.latency_ms) == 27
    dropped = {name: int(values.isnan().sum()) for name, values in records.latency_ms.items()}
    assert {name: count for name, count in dropped.items() if count} == {"pixel3": 273, "raspi4": 284}
    for values in records.latency_ms.values():
        assert float(values[~values.isnan()].min()) > 0.05 * float(values.nanmedian())


def test_the_measured_networks(shared_data, space):
    records = read_latencies(shared_data("ofa_latency_help_5000.npz"), space)
    assert records.ops.shape == (5000, 20) and records.resolution is not None
    assert all(space.check(row) is None for row in records.ops.tolist())
    assert (int(records.resolution.min()), int(records.resolution.max())) == (128, 224)
    assert len(records.latency_ms) == 12 and "v100_32" in records.latency_ms
    rows = range(300)
    macs = torch.tensor(
        [
            space.cost(space.architecture(records.ops[row].tolist()), resolution=int(records.resolution[row])).macs_m
            for row in rows
        ]
    )
    correlation = spearman(records.latency_ms["v100_64"][:300], macs)
    assert correlation is not None and correlation > 0.98
