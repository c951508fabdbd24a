"""The second space on the command line, and what both spaces say of costs and budgets."""

import csv
import io
import json
from typing import Any

import numpy as np
import pytest
import torch

from dnag.benchmarks.ofa_teacher import OfaTeacher
from dnag.checkpoint import load
from dnag.nets.additive_predictor import AdditivePredictor
from dnag.spaces.mobilenetv3 import MobileNetV3Space
from tests.commands import out_of, refused

SPACE = MobileNetV3Space()
QUICK = [*["--space", "mobilenetv3", "--samples", "32", "--steps", "10", "--sampler", "dpm_solver", "--device", "cpu"]]


def test_generate_gives_valid_ranked_networks_with_costs_and_latencies(capsys):
    data = json.loads(out_of(capsys, "generate", *QUICK, "--format", "json"))
    assert data["guidance_scale"] == SPACE.guidance_scales[0] and data["resolution"] == 224 and data["width"] == 1.0
    assert data["raw_valid"] >= 31 and data["unique"] == data["raw_valid"]
    first = data["candidates"][0]
    arch = SPACE.parse(first["architecture"])
    assert first["macs_m"] == pytest.approx(SPACE.cost(arch).macs_m, abs=1e-3)
    assert {"latency_ms@v100_64", "latency_ms@i7-8700k"} <= set(first) and "latency_ms@note10" not in first
    assert 70 < first["predicted_accuracy_pct"] < 80


def test_a_budget_is_kept_and_reported(capsys):
    data = json.loads(out_of(capsys, "generate", *QUICK, "--under", "macs_m=250", "--format", "json"))
    assert data["under"] == {"macs_m": 250.0}
    kept = [row for row in data["candidates"] if row["macs_m"] <= 250]
    assert [row["inside_budget"] for row in data["candidates"]] == [True] * len(kept) + [False] * (
        len(data["candidates"]) - len(kept)
    )
    assert data["inside_budget"] == pytest.approx(len(kept) / data["raw_valid"]) and data["inside_budget"] > 0.8
    front = data["pareto_front"]["macs_m"]
    by_rank = {row["rank"]: row for row in data["candidates"]}
    assert [by_rank[rank]["macs_m"] for rank in front] == sorted(by_rank[rank]["macs_m"] for rank in front)
    accuracy = [by_rank[rank]["predicted_accuracy_pct"] for rank in front]
    assert accuracy == sorted(accuracy)


def test_the_width_follows_the_tables_asked_for(capsys):
    text = out_of(
        capsys,
        *["generate", *QUICK, "--maximize", "accuracy", "--under", "macs_m=400", "--under", "latency_ms@note10=45"],
    )
    assert "latency ms@note10" in text and "% inside macs_m ≤ 400 and latency_ms@note10 ≤ 45" in text
    given = ["generate", *QUICK, "--under", "latency_ms@note10=40", "--format", "json"]
    data = json.loads(out_of(capsys, *given))
    assert data["width"] == 1.2
    arch = SPACE.parse(data["candidates"][0]["architecture"])
    assert data["candidates"][0]["macs_m"] == pytest.approx(SPACE.cost(arch, width=1.2).macs_m, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--resolution", "150"], ["resolution is 150", "160, 176, 192, 208, 224"]),
        (["--resolution", "240"], ["resolution is 240", "160, 176, 192, 208, 224"]),
        (["--width", "1.1"], ["width is 1.1", "1, 1.2"]),
        (["--width", "1.0", "--under", "latency_ms@note10=30"], ["latency_ms@note10 has no table", "width 1.2"]),
        (["--under", "latency_ms@v100_64=30", "--under", "latency_ms@note10=30"], ["no table", "note10"]),
        (["--under", "latency_ms@toaster=30"], ["unknown cost 'latency_ms@toaster'", "macs_m"]),
        (["--under", "macs_m=100"], ["no architecture of mobilenetv3", "macs_m of 100", "121.3"]),
        (["--guidance", "exact"], ["exact", "calibrated, first_order"]),
        (["--guidance-scale", "500"], ["guidance scale is 500", "0 to 120"]),
        (["--dataset", "cifar10"], ["cifar10", "imagenet1k"]),
    ],
)
def test_bad_settings_are_one_clear_line(capsys, arguments, parts):
    line = refused(capsys, "generate", *QUICK, *arguments)
    assert all(part in line for part in parts), line


def test_predict_reads_text_and_the_json_of_once_for_all(capsys, tmp_path):
    archs = SPACE.sample(3, torch.Generator().manual_seed(0))
    lines = [SPACE.format(archs[0]), json.dumps(SPACE.to_ofa(archs[1], 224)), json.dumps(SPACE.format(archs[2]))]
    path = tmp_path / "archs.txt"
    path.write_text("\n".join(lines))
    given = ["predict", "--space", "mobilenetv3", "--architectures", str(path), "--format", "csv"]
    rows = list(csv.DictReader(io.StringIO(out_of(capsys, *given))))
    assert {row["architecture"] for row in rows} == {SPACE.format(arch) for arch in archs}
    small = list(csv.DictReader(io.StringIO(out_of(capsys, *given, "--resolution", "160"))))
    mean = [sum(float(row["predicted_accuracy_pct"]) for row in table) / 3 for table in (rows, small)]
    assert mean[1] < mean[0] - 1
    assert float(small[0]["macs_m"]) < float(rows[0]["macs_m"])


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"ks": [3] * 19}, ["ks has 19 values", "20"]),
        ({"e": [5] * 20}, ["expansion in slot 1.1 is 5", "3, 4, 6"]),
        ({"d": [1, 2, 2, 2, 2]}, ["depth of stage 1 is 1", "2, 3, 4"]),
        ({"d": "22222"}, ["d is '22222'", "a list of 5 numbers"]),
    ],
)
def test_a_json_with_wrong_lengths_or_values_is_refused(capsys, tmp_path, change, parts):
    path = tmp_path / "arch.json"
    path.write_text(json.dumps({"ks": [3] * 20, "e": [3] * 20, "d": [2] * 5, "r": 224, **change}))
    line = refused(capsys, "predict", "--space", "mobilenetv3", "--architectures", str(path))
    assert "line 1" in line and all(part in line for part in parts), line


def test_a_latency_table_of_another_format_is_refused(capsys, tmp_path):
    path = tmp_path / "table.json"
    path.write_text('{"layer 1": "fast"}')
    given = ["train", "latency", "--space", "mobilenetv3", "--out", str(tmp_path)]
    assert "table.json" in refused(capsys, *given, "--layers", f"phone={path}")
    assert "DEVICE=FILE" in refused(capsys, *given, "--layers", str(path))
    assert "--latencies FILE" in refused(capsys, *given)
    assert "table.json" in refused(capsys, *given, "--latencies", str(path))


def test_latency_predictors_are_trained_from_measured_networks(capsys, tmp_path):
    generator = torch.Generator().manual_seed(0)
    ops = SPACE.sample_ops(900, generator)
    configs = [SPACE.to_ofa(SPACE.architecture(row)) for row in ops.tolist()]
    resolution = 128 + 4 * torch.randint(25, (900,), generator=generator)
    work = (ops >= 0).sum(1) * (resolution / 224) ** 2
    arrays: dict[str, Any] = {key: np.array([config[key] for config in configs]) for key in ("ks", "e", "d")}
    np.savez(tmp_path / "made.npz", **arrays, r=resolution.numpy(), lat_v100_32=(2 + 0.5 * work).numpy())
    given = ["train", "latency", "--space", "mobilenetv3", "--latencies", str(tmp_path / "made.npz")]
    text = out_of(capsys, *given, "--out", str(tmp_path))
    assert "NVIDIA V100, batch 32" in text
    checkpoint = load(tmp_path / "mobilenetv3-latency.safetensors", kind="latency", space="mobilenetv3")
    about = checkpoint.extra["devices"]["v100_32"]
    assert about["error_pct"] < 1 and about["spearman"] > 0.99 and about["networks"] == 810
    predictor = checkpoint.modules["v100_32"]
    assert isinstance(predictor, AdditivePredictor)
    table = predictor.table("1@160")
    assert table is not None
    fresh = SPACE.sample_ops(100, generator)
    expected = 2 + 0.5 * (fresh >= 0).sum(1) * (160 / 224) ** 2
    assert float((table(fresh) / expected - 1).abs().mean()) < 0.01


def test_predictors_are_trained_from_a_teacher(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weights = {name: value.numpy() for name, value in OfaTeacher().layers.state_dict().items()}
    weights["6.bias"] = np.array([0.75], dtype=np.float32)
    np.savez(tmp_path / "teacher.npz", **weights)
    teacher = OfaTeacher.load(tmp_path / "teacher.npz")
    ops = SPACE.sample_ops(60, torch.Generator().manual_seed(0))
    top1 = 80 * teacher(SPACE.encode_ops(ops), 224) + 10
    lines = ["ks,e,d,top1"]
    for row, value in zip(ops.tolist(), top1.tolist(), strict=True):
        config = SPACE.to_ofa(SPACE.architecture(row))
        lines.append(",".join("-".join(map(str, config[key])) for key in ("ks", "e", "d")) + f",{value:.4f}")
    (tmp_path / "measured.csv").write_text("\n".join(lines))
    given = ["train", "predictor", "--space", "mobilenetv3", "--steps", "2", "--out", str(tmp_path)]
    assert "--teacher FILE" in refused(capsys, *given)
    assert "--measured FILE" in refused(capsys, *given, "--teacher", "teacher.npz")
    monkeypatch.setattr("dnag.recipes.TAUGHT", 640)
    out_of(capsys, *given, "--teacher", "teacher.npz", "--measured", "measured.csv")
    checkpoint = load(tmp_path / "mobilenetv3-predictor.safetensors", kind="predictor", space="mobilenetv3")
    assert list(checkpoint.extra["datasets"]) == [f"imagenet1k@{r}" for r in (160, 176, 192, 208)] + ["imagenet1k"]
    assert checkpoint.extra["calibration"]["slope"] == pytest.approx(80, rel=0.02)
    assert checkpoint.extra["calibration"]["networks"] == 30


def test_the_posterior_as_target_is_for_whole_spaces(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ["train", "score", "--steps", "2", "--out", str(tmp_path)]
    out_of(capsys, *given, "--space", "mobilenetv3", "--target", "posterior")
    checkpoint = load(tmp_path / "mobilenetv3-score.safetensors", kind="score")
    assert checkpoint.extra["target"] == "posterior"
    assert "target is 'posterior'" in refused(capsys, *given, "--half", "--target", "posterior")
    assert "target is 'guess'" in refused(capsys, *given, "--target", "guess")
