"""The accuracy predictor of once-for-all: its input, its weights, and how it ranks measured networks."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from torch import Generator

from dnag.benchmarks import BenchmarkError
from dnag.benchmarks.ofa_teacher import RESOLUTIONS, OfaTeacher, features
from dnag.metrics import spearman
from dnag.spaces import spaces
from dnag.spaces.base import ABSENT

FILE = "ofa_acc_predictor.npz"


def write(path, **changes):
    weights = {name: value.numpy() for name, value in OfaTeacher().layers.state_dict().items()} | changes
    np.savez(path, **{name: value for name, value in weights.items() if value is not None})
    return path


def test_features():
    ops = torch.tensor([[5, 6, ABSENT, ABSENT] * 5])
    (row,) = features(spaces["mobilenetv3"]().encode_ops(ops), 192)
    assert row.shape == (128,) and row.sum() == 21
    kernels, expansions = row[:60].view(20, 3), row[60:120].view(20, 3)
    assert kernels[:3].tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert expansions[:3].tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 0]]
    assert row[120:].tolist() == [0, 0, 0, 0, 0, 1, 0, 0]


@pytest.mark.parametrize("resolution", [128, 144, 200, 240, 0, 192.5])
def test_resolutions_it_never_saw_are_refused(resolution):
    with pytest.raises(ValueError, match=rf"resolution is {resolution}; .* 160, 176, 192, 208, 224"):
        features(torch.zeros(1, 20, 9), resolution)


def test_operations_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"onehot has shape \(20,\); allowed: \(B, 20, 9\)"):
        features(torch.zeros(20, dtype=torch.long), 224)


def test_files_that_are_none(tmp_path):
    with pytest.raises(BenchmarkError, match=r"no accuracy predictor at .*missing\.npz"):
        OfaTeacher.load(tmp_path / "missing.npz")
    (tmp_path / "text.npz").write_text("no arrays")
    with pytest.raises(BenchmarkError, match=r"text\.npz is no accuracy predictor"):
        OfaTeacher.load(tmp_path / "text.npz")
    with pytest.raises(BenchmarkError, match=r"part\.npz is no accuracy predictor.*2\.bias"):
        OfaTeacher.load(write(tmp_path / "part.npz", **{"2.bias": None}))
    with pytest.raises(BenchmarkError, match=r"shape\.npz: 0\.weight has shape \(400, 64\).*\(400, 128\)"):
        OfaTeacher.load(write(tmp_path / "shape.npz", **{"0.weight": np.zeros((400, 64))}))
    with pytest.raises(BenchmarkError, match=r"pickle\.npz is no accuracy predictor"):
        OfaTeacher.load(write(tmp_path / "pickle.npz", **{"0.weight": np.array([print], dtype=object)}))


def test_a_file_is_read_as_it_was_written(tmp_path):
    teacher = OfaTeacher.load(write(tmp_path / "good.npz", **{"6.bias": np.array([0.5])}))
    assert not teacher.training and not any(p.requires_grad for p in teacher.parameters())
    assert float(teacher.layers.state_dict()["6.bias"]) == 0.5


def test_it_ranks_the_measured_networks(shared_data):
    space = spaces["mobilenetv3"]()
    with shared_data("ofa_mbv3_w1.0_r224_measured.csv").open() as file:
        rows = list(csv.DictReader(file))
    lists = [{key: [int(value) for value in row[key].split("-")] for key in ("ks", "e", "d")} for row in rows]
    ops = torch.tensor([space.from_ofa(config).ops for config in lists])  # type: ignore[attr-defined]
    teacher = OfaTeacher.load(shared_data(FILE))
    predicted = teacher(space.encode_ops(ops), 224)
    top1 = torch.tensor([float(row["top1"]) for row in rows])
    correlation = spearman(predicted, top1)
    assert correlation is not None and correlation > 0.98
    assert float((98.85 * predicted - 4.94 - top1).abs().mean()) < 0.25
    slope, intercept = teacher.calibrated(ops, top1, 224)
    assert float((slope * predicted + intercept - top1).mean()) == pytest.approx(0, abs=1e-3)
    assert float((slope * predicted + intercept - top1).abs().mean()) < 0.22


def test_the_calibration_is_the_line_through_the_measured(tmp_path):
    teacher = OfaTeacher.load(write(tmp_path / "good.npz"))
    space = spaces["mobilenetv3"]()
    ops = space.sample_ops(64, Generator().manual_seed(0))
    top1 = 70 + 20 * teacher(space.encode_ops(ops), 224)
    slope, intercept = teacher.calibrated(ops, top1, 224)
    assert (slope, intercept) == (pytest.approx(20, rel=1e-3), pytest.approx(70, rel=1e-3))


def test_more_pixels_are_better(shared_data):
    teacher = OfaTeacher.load(shared_data(FILE))
    space = spaces["mobilenetv3"]()
    onehot = space.encode_ops(space.sample_ops(256, Generator().manual_seed(0)))
    means = [float(teacher(onehot, resolution).mean()) for resolution in RESOLUTIONS]
    assert means == sorted(means) and 0.7 < means[0] < means[-1] < 0.9
