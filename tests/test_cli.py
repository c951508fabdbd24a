"""The command line: the same code path as the app, one clear line for what is wrong."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dnag.architectures import read_architectures
from dnag.cli import main
from dnag.run_settings import RunSettings
from dnag.spaces import spaces
from tests.commands import out_of, refused

BEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
QUICK = ["--samples", "16", "--steps", "8", "--sampler", "dpm_solver", "--device", "cpu"]


def test_generate_json_has_the_promised_keys(capsys):
    data = json.loads(out_of(capsys, "generate", *QUICK, "--format", "json", "--guidance-scale", "5"))
    promised = (
        "space dataset sampler steps nfe guidance_scale paper_scale seed seconds requested raw_valid valid unique novel"
    )
    assert set(promised.split()) <= set(data)
    assert data["requested"] == 16
    assert data["nfe"] == 8
    columns = (
        "rank architecture count predicted_accuracy_pct predicted_std_pct measured_accuracy_pct measured_source "
        "params_m macs_m disconnected inside_budget"
    )
    assert all(list(row)[: len(columns.split())] == columns.split() for row in data["candidates"])
    assert [row["rank"] for row in data["candidates"]] == list(range(1, data["unique"] + 1))
    assert sum(row["count"] for row in data["candidates"]) == data["raw_valid"]
    predicted = [row["predicted_accuracy_pct"] for row in data["candidates"]]
    assert predicted == sorted(predicted, reverse=True)


def test_generate_repeats_itself_whatever_the_batch_size(capsys):
    texts = []
    for size in ("16", "5"):
        data = json.loads(out_of(capsys, "generate", *QUICK, "--format", "json", "--batch-size", size))
        texts.append([(row["architecture"], row["count"]) for row in data["candidates"]])
    assert texts[0] == texts[1]


def test_generate_csv_and_table(capsys):
    rows = list(csv.DictReader(io.StringIO(out_of(capsys, "generate", *QUICK, "--format", "csv"))))
    assert rows[0]["rank"] == "1"
    assert rows[0]["architecture"].startswith("|")
    table = out_of(capsys, "generate", *QUICK, "--dataset", "cifar100")
    assert "no measured value installed" in table
    assert "predicted %" in table


def test_measured_values_are_labelled_with_their_source(capsys):
    data = json.loads(out_of(capsys, "generate", *QUICK, "--format", "json"))
    assert {row["measured_source"] for row in data["candidates"]} == {"independent re-training"}
    assert all(10 <= row["measured_accuracy_pct"] <= 95 for row in data["candidates"])


def test_generate_writes_the_trajectory(capsys, tmp_path):
    path = tmp_path / "steps.npz"
    out_of(capsys, "generate", *QUICK, "--trajectory", str(path))
    with np.load(path, allow_pickle=False) as data:
        assert data["probability"].shape == (9, 16, 8, 7)
        assert data["noise_level"].shape == (9,)
        assert data["predicted_accuracy_pct"].shape == (9, 16)
        last = data["probability"][-1, data["sample"][0]].argmax(-1)
        space = spaces["nasbench201"]()
        assert space.format(space.architecture(last.tolist())) == data["architecture"][0]
    assert [item.name for item in tmp_path.iterdir()] == ["steps.npz"]


def test_predict_reads_text_and_json(capsys, tmp_path):
    path = tmp_path / "cells.txt"
    names = ["input", *["skip_connect"] * 6, "output"]
    path.write_text(f"{BEST}\n\n{json.dumps({'architecture': BEST})}\n{json.dumps(names)}\n")
    data = json.loads(out_of(capsys, "predict", "--architectures", str(path), "--format", "json"))
    assert data["candidates"][0]["architecture"] == BEST
    assert len(data["candidates"]) == 2
    assert data["candidates"][0]["predicted_accuracy_pct"] == pytest.approx(94.2, abs=0.5)
    assert data["candidates"][1]["params_m"] == pytest.approx(0.073306)


def test_predict_reads_standard_input(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(BEST + "\n"))
    data = json.loads(out_of(capsys, "predict", "--architectures", "-", "--format", "json"))
    assert data["candidates"][0]["architecture"] == BEST


def test_info_lists_what_is_installed(capsys):
    data = json.loads(out_of(capsys, "info", "--format", "json"))
    space = data["spaces"]["nasbench201"]
    assert space["architectures"] == 15_625
    assert set(space["datasets"]) == {"cifar10", "cifar100", "imagenet16-120"}
    assert {"nasbench201-score", "nasbench201-score-half", "nasbench201-predictor"} <= set(space["checkpoints"])
    assert all(checkpoint["card"] for checkpoint in space["checkpoints"].values())
    assert "independent re-training" in [source["label"] for source in space["benchmarks"]]
    assert "no measured value installed" in out_of(capsys, "info")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--space", "darts"], ["space", "'darts'", "nasbench201"]),
        (["--dataset", "mnist"], ["dataset", "'mnist'", "cifar10"]),
        (["--sampler", "rk45"], ["sampler", "'rk45'", "heun"]),
        (["--sde", "edm"], ["sde", "'edm'", "ve"]),
        (["--device", "tpu"], ["device", "'tpu'", "cpu"]),
        (["--guidance", "strong"], ["guidance", "'strong'", "calibrated"]),
        (["--guidance-scale", "13"], ["guidance scale", "13", "nasbench201", "0 to 12"]),
        (["--resolution", "64"], ["resolution", "64", "CIFAR-10 allows: 32"]),
        (["--space", "mobilenetv3", "--resolution", "150"], ["resolution", "150", "160, 176, 192, 208, 224"]),
        (["--width", "1.1"], ["width", "1.1", "nasbench201 allows: 1"]),
        (["--space", "mobilenetv3", "--width", "1.1"], ["width", "1.1", "1, 1.2"]),
        (["--under", "macs_m"], ["under", "'macs_m'", "NAME=NUMBER"]),
        (["--under", "macs_m=0"], ["under", "above 0"]),
        (["--under", "speed=3"], ["unknown cost 'speed'", "macs_m, params_m"]),
        (["--under", "macs_m=5"], ["no architecture of nasbench201", "macs_m of 5", "7.783"]),
        (["--minimize", "accuracy=1"], ["minimize", "accuracy"]),
        (["--guidance", "exact", "--minimize", "macs_m=1"], ["exact", "macs_m"]),
        (["--guidance-scale", "-1"], ["guidance scale", "-1.0", "0 to 1000"]),
        (["--guidance-scale", "nan"], ["guidance scale", "nan", "0 to 1000"]),
        (["--guidance-scale", "inf"], ["guidance scale", "inf", "0 to 1000"]),
        (["--guidance-scale", "much"], ["guidance-scale", "'much'", "number"]),
        (["--samples", "0"], ["samples", "0", "1 to 10,000"]),
        (["--samples", "10001"], ["samples", "10001", "1 to 10,000"]),
        (["--samples", "2.5"], ["samples", "'2.5'", "whole number"]),
        (["--steps", "0"], ["steps", "0", "1 to 2,000"]),
        (["--preset", "slow"], ["preset", "'slow'", "paper"]),
        (["--format", "xml"], ["format", "'xml'", "json"]),
        (["--checkpoint", "nothing"], ["no checkpoint", "nothing.safetensors"]),
        (["--checkpoint", "nasbench201-predictor"], ["'predictor'", "wanted", "'score'"]),
        (["--trajectory", "steps.gif"], ["steps.gif", ".npz"]),
        (["--measured", "nowhere.csv"], ["nowhere.csv"]),
        (["--what"], ["--what"]),
    ],
)
def test_a_bad_argument_is_one_line_that_names_it(capsys, arguments, words):
    line = refused(capsys, "generate", *QUICK, *arguments)
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate", "--out", "{file}/x.json"], ["cannot write {file}/x.json", "{file} is no folder"]),
        (["generate", "--out", "{folder}"], ["{folder} is a folder", "allowed: a file"]),
        (["generate", "--out", "{folder}/" + 300 * "n"], ["File name too long"]),
        (["generate", "--trajectory", "{file}/x.npz"], ["{file} is no folder"]),
        (["train", "score", "--out", "{file}"], ["{file} is a file", "allowed: a folder"]),
        (["train", "score", "--threads", "-1"], ["threads is -1", "1 to 1024"]),
        (["train", "score", "--threads", str(10**20)], ["threads is 1000", "1 to 1024"]),
        (["train", "score", "--space", "mobilenetv3", "--half"], ["half of mobilenetv3", "allowed: nasbench201"]),
        (["predict", "--architectures", "{file}/x"], ["Not a directory: {file}/x"]),
        (["predict", "--architectures", "{file}"], ["{file} is no UTF-8 text, at byte 3"]),
        (["predict", "--architectures", 300 * "n"], ["File name too long: nnn"]),
        (["encode", "digits", "--seed", "-1"], ["seed is -1"]),
        (["encode", "digits", "--out", "features"], ["out is features", ".safetensors"]),
    ],
)
def test_files_and_numbers_are_refused_before_the_work(capsys, tmp_path, arguments, words):
    (tmp_path / "file").write_bytes(b"abc\xff")
    names = {"file": tmp_path / "file", "folder": tmp_path}
    line = refused(capsys, *(argument.format(**names) for argument in arguments))
    for word in words:
        assert word.format(**names) in line


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full, which is Linux's")
def test_a_full_disk_is_no_fault_of_the_arguments(tmp_path):
    command = [sys.executable, "-m", "dnag", "info"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "dnag: No space left on device\n")


def test_a_terminal_without_a_letter_shows_another():
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "dnag", "generate", *QUICK]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment)
    assert done.returncode == 0 and done.stdout.startswith(b"nasbench201 ? cifar10 ?")


def test_a_bad_command_is_named(capsys):
    assert "'imagine'" in refused(capsys, "imagine")


def test_bad_architectures_are_named_with_their_line(capsys, tmp_path):
    path = tmp_path / "cells.txt"
    path.write_text(f"{BEST}\n|conv~0|\n")
    line = refused(capsys, "predict", "--architectures", str(path))
    assert "line 2" in line
    assert "'|conv~0|'" in line
    path.write_text("\n")
    assert "holds no architecture" in refused(capsys, "predict", "--architectures", str(path))
    assert "missing.txt" in refused(capsys, "predict", "--architectures", str(tmp_path / "missing.txt"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{broken", "not JSON"),
        ('{"cell": 1}', "needs the key 'architecture'"),
        ('["input", "warp"]', "unknown operation 'warp'"),
        ('["input", "output"]', "2 operations"),
        ("[1, 2]", "unknown operation 1"),
        pytest.param("[" * 100_000, "nested too deeply", id="deep"),
        pytest.param(f"[{'9' * 5000}]", "too long a number; allowed", id="long"),
    ],
)
def test_bad_json_architectures(line, words):
    with pytest.raises(ValueError, match=words):
        read_architectures(spaces["nasbench201"](), [line], "here")


def test_a_damaged_checkpoint_is_named(capsys, tmp_path):
    for name, content in (("cut", b"\x10\x00\x00"), ("pickle", b"\x80\x04N.")):
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(content)
        assert path.name in refused(capsys, "generate", *QUICK, "--checkpoint", str(path))


def test_train_then_generate_in_a_folder_of_its_own(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = out_of(capsys, "train", "score", "--steps", "3", "--out", str(tmp_path))
    path = tmp_path / "nasbench201-score.safetensors"
    assert path.name in text
    assert "<svg" in (tmp_path / "nasbench201-score.loss.svg").read_text()
    data = json.loads(
        out_of(capsys, "generate", *QUICK, "--guidance-scale", "0", "--checkpoint", str(path), "--format", "json")
    )
    assert data["requested"] == 16


def test_training_a_predictor_needs_values_for_it(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.csv").write_text(f"arch_str,cifar10,cifar100,imagenet16-120\n{BEST},94,73,46\n")
    line = refused(capsys, "train", "predictor", "--measured", "few.csv", "--steps", "1", "--out", str(tmp_path))
    assert "1 architectures" in line
    assert "10 or more" in line


def test_evaluate_prints_figures_and_updates_a_file(capsys, tmp_path):
    page = tmp_path / "card.md"
    page.write_text("before\n<!-- figures:begin -->\nold\n<!-- figures:end -->\nafter\n")
    arguments = ["--datasets", "cifar10", "--scales", "1", "--samples", "64", "--seeds", "1", "--sampler", "dpm_solver"]
    data = json.loads(
        out_of(capsys, "evaluate", *arguments, "--steps", "10", "--format", "json", "--update", str(page))
    )
    figures = {figure["name"]: figure for figure in data}
    assert figures["raw validity, 1024 unguided samples"]["value"] > 99
    assert figures["CIFAR-10: guided mean accuracy, calibrated, scale 1"]["exact"] == pytest.approx(92.7, abs=0.6)
    text = page.read_text()
    assert "old" not in text
    assert "| raw validity, 1024 unguided samples |" in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    page.write_text("no marks")
    assert "figures:begin" in refused(capsys, "evaluate", *arguments, "--update", str(page))
    assert "seeds is -1" in refused(capsys, "evaluate", *arguments, "--seeds", "-1")
    for part in ("transfer", "left-out"):
        line = refused(capsys, "evaluate", *arguments, "--only", f"latency,{part}")
        assert line == f"dnag: only is 'latency,{part}'; allowed: {part} alone"


def test_evaluate_says_what_it_cannot_train_on(capsys, tmp_path):
    (tmp_path / "few.csv").write_text(f"arch_str,cifar10\n{BEST},94\n")
    given = ["--only", "guided", "--datasets", "cifar10", "--scales", "1", "--samples", "2", "--steps", "2"]
    assert main(["evaluate", *given, "--seeds", "0", "--retrain", "9", "--measured", str(tmp_path / "few.csv")]) == 0
    said = "on 9 random architectures, on all others: it takes a measured accuracy of each of the 15,625 architectures"
    assert said in capsys.readouterr().err


def test_the_dataset_is_the_first_of_the_space_unless_it_is_named():
    for name, space in spaces.items():
        first, *others = space.datasets
        assert RunSettings(space=name).dataset == first
        assert all(RunSettings(space=name, dataset=other).dataset == other for other in others)
