"""``train-candidates``: the table, the lines, the exit codes, and one clear line for what is wrong."""

import io
import json

import numpy as np
import pytest

from dnag.cli import main
from dnag.trials import runner
from dnag.trials.store import TrialStore
from tests.commands import refused

CELLS = (
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|skip_connect~0|none~1|avg_pool_3x3~2|",
    "|none~0|+|nor_conv_1x1~0|none~1|+|none~0|none~1|nor_conv_1x1~2|",
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
)


@pytest.fixture
def command(tmp_path, npz):
    cells = tmp_path / "cells.txt"
    cells.write_text("\n".join(CELLS))
    files = ["--architectures", str(cells), "--data", str(npz), "--store", str(tmp_path / "trials.sqlite")]
    return ["train-candidates", *files, "--epochs", "2", "--device", "cpu"]


def test_predicted_and_trained_side_by_side(capsys, command):
    assert main([*command, "--seeds", "2", "--dataset", "cifar10"]) == 0
    captured = capsys.readouterr()
    head, *rows = captured.out.splitlines()
    assert head.split() == ["candidate", "architecture", *("predicted", "%", "trained", "%", "±", "95", "%"), "seeds"]
    assert {row.split()[0] for row in rows[:3]} == {"#1", "#2", "#3"}
    assert rows[-1].startswith("rank correlation of predicted with trained accuracy: ")
    first, *lines = captured.err.splitlines()
    assert first.startswith("6 trainings to do, 0 done before; recipe quick; 96 training and 48 test images; kept in")
    assert len(lines) == 12 and lines[0].startswith("#1 seed 777 epoch 1/2: loss ")

    assert main([*command, "--seeds", "2", "--format", "json"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("0 trainings to do, 6 done before") and captured.err.count("\n") == 1
    found = json.loads(captured.out)
    assert {row["architecture"] for row in found["candidates"]} == set(CELLS)
    assert all(len(row["seeds"].split()) == 2 for row in found["candidates"])
    assert found["candidates"][0]["predicted_accuracy_pct"] > 50, "predictions are kept with the trials"


def test_architectures_from_standard_input_and_csv(capsys, command, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"architecture": CELLS[0]})))
    command[command.index("--architectures") + 1] = "-"
    assert main([*command, "--format", "csv"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head == "candidate,architecture,predicted_accuracy_pct,trained_accuracy_pct,interval_pct,seeds,failed"
    assert row.startswith(f"#1,{CELLS[0]},,") and row.endswith(",")


def test_a_failed_training_is_reported_and_tried_again_when_asked_again(capsys, command, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(runner, "train_candidate", broken)
        assert main([*command, "--tries", "1"]) == 1
    captured = capsys.readouterr()
    assert "failed" in captured.out.splitlines()[0]
    assert "dnag: #1 RuntimeError: out of memory" in captured.err
    assert main(command) == 0
    assert TrialStore(tmp_path / "trials.sqlite").counts(1)["done"] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--space", "chain"], "unknown search space 'chain'; allowed: mobilenetv3, nasbench201"),
        (["--recipe", "slow"], "unknown recipe 'slow'; allowed: quick, paper, ofa"),
        (["--epochs", "0"], "epochs is 0; allowed: a whole number from 1 to 2,000"),
        (["--seeds", "0"], "seeds is 0; allowed: a whole number from 1 to 100"),
        (["--precision", "int8"], "unknown precision 'int8'"),
        (["--workers", "0"], "workers is 0; allowed: 1 or more"),
        (["--tries", "0"], "tries is 0; allowed: 1 or more"),
        (["--device", "tpu"], "unknown device 'tpu'; allowed: auto, cpu"),
        (["--dataset", "mnist"], "unknown dataset 'mnist' for nasbench201; allowed: cifar10"),
        (["--architectures", "absent.txt"], "No such file or directory: absent.txt"),
        (["--data", "absent.npz"], "No such file or directory: absent.npz"),
        (["--space", "mobilenetv3"], "cells.txt, line 1: "),
    ],
)
def test_bad_arguments_give_one_line(capsys, command, tmp_path, arguments, message):
    assert message in refused(capsys, *command, *arguments)
    store = tmp_path / "trials.sqlite"
    assert not store.exists() or TrialStore(store).news(1) == []


def test_bad_files_give_one_line(capsys, command, tmp_path):
    path = tmp_path / "odd.npz"
    np.savez(path, x_train=np.zeros(3))
    assert "odd.npz has no y_train" in refused(capsys, *command, "--data", str(path))
    path = tmp_path / "odd.sqlite"
    path.write_text("text " * 300)
    assert "odd.sqlite is no store of trials" in refused(capsys, *command, "--store", str(path))


def test_without_ray_one_line(capsys, command, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    assert "Ray is not installed; allowed: pip install dnag[cluster]" in refused(capsys, *command, "--ray", "local")
