"""``export`` as a user calls it."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from dnag.cli import main
from dnag.spaces.base import spaces
from tests.commands import out_of, refused

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"


@pytest.fixture(scope="module")
def a_run(tmp_path_factory):
    """The files of a small run: its result, and its trajectories."""
    folder = tmp_path_factory.mktemp("run")
    result, trajectory = folder / "result.json", folder / "t.npz"
    given = ["--samples", "8", "--steps", "4", "--dataset", "cifar100", "--format", "json"]
    assert main(["generate", *given, "--out", str(result), "--trajectory", str(trajectory)]) == 0
    return result, trajectory


def test_an_architecture_becomes_files(tmp_path, capsys):
    out = out_of(capsys, "export", CELL, "--classes", "3", "--format", "pytorch, json,svg", "-o", str(tmp_path / "a/b"))
    paths = out.split()
    assert [path.rpartition(".")[2] for path in paths] == ["py", "json", "svg"]
    data = json.loads(Path(paths[1]).read_text(encoding="utf-8"))
    assert data["architecture"] == CELL and data["num_classes"] == 3 and data["dataset"] == "cifar10"


def test_a_candidate_of_a_run_becomes_a_film(a_run, tmp_path, capsys):
    result, trajectory = a_run
    given = ["--run", str(result), "--rank", "2", "--trajectory", str(trajectory)]
    (gif, page) = out_of(capsys, "export", *given, "--format", "gif,html", "-o", str(tmp_path)).split()
    assert gif.endswith("nasbench201_cifar100_rank2.gif")
    assert Image.open(gif).n_frames == 5  # type: ignore[attr-defined]
    text = Path(page).read_text(encoding="utf-8")
    assert json.loads(result.read_text())["candidates"][1]["architecture"] in text
    assert '"steps": [0, 1, 2, 3, 4]' in text


def test_all_formats_without_a_trajectory_leave_the_films_out(a_run, tmp_path, capsys):
    assert main(["export", "--run", str(a_run[0]), "-o", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    suffixes = {path.rpartition(".")[2] for path in captured.out.split()}
    assert {"py", "json", "svg", "png", "dot", "bib"} <= suffixes and "gif" not in suffixes
    assert captured.err.count("generate --trajectory FILE.npz keeps one") == 2


def test_weights_enter_the_onnx_file(tmp_path, capsys):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    space = spaces["nasbench201"]()
    module = space.to_module(space.parse(CELL), 4).eval()
    save_file(module.state_dict(), tmp_path / "w.safetensors")
    given = ["--classes", "4", "--weights", str(tmp_path / "w.safetensors"), "--format", "onnx"]
    (path,) = out_of(capsys, "export", CELL, *given, "-o", str(tmp_path)).split()
    images = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    (found,) = onnxruntime.InferenceSession(path).run(None, {"images": images.numpy()})
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(found), module(images), rtol=1e-4, atol=1e-4)


def test_bad_input_is_one_clear_line(a_run, tmp_path, capsys):
    result = str(a_run[0])
    folder = str(tmp_path / "out")

    def line(*arguments: str, out: str = folder) -> str:
        return refused(capsys, "export", *arguments, "-o", out)

    assert "unknown format 'pdf'; allowed: bibtex, dot, gif" in line(CELL, "--format", "svg,pdf")
    assert "is not a NAS-Bench-201 cell; allowed: |op~0|" in line("|conv|")
    assert "unknown search space 'x'" in line(CELL, "--space", "x")
    assert "has 1 tokens; allowed: 20" in line("4-3-6", "--space", "mobilenetv3")
    assert "needs an architecture or --run FILE, and not both" in line()
    assert "not both" in line(CELL, "--run", result)
    assert "--rank belongs to --run FILE" in line(CELL, "--rank", "1")
    count = len(json.loads(a_run[0].read_text())["candidates"])
    for rank in ("0", str(count + 1)):
        assert f"rank is {rank}; allowed: 1 to {count}" in line("--run", result, "--rank", rank)
    assert "space is 'mobilenetv3'; the run is of nasbench201" in line("--run", result, "--space", "mobilenetv3")
    assert "gif shows how" in line("--run", result, "--format", "gif")
    assert "number of classes is -2" in line(CELL, "--classes", "-2")
    assert "No such file" in line("--run", str(tmp_path / "none.json"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"candidates": [1], "space": "nasbench201"}', '{"candidates": []}'),
        '{"candidates": [], "space": "nasbench201", "dataset": ["cifar10"]}',
    ],
)
def test_a_file_that_is_no_run_is_refused(text, tmp_path, capsys):
    path = tmp_path / "run.json"
    path.write_text(text)
    assert str(path) in refused(capsys, "export", "--run", str(path), "-o", str(tmp_path / "out"))


def test_damaged_trajectories_and_weights_are_refused(a_run, tmp_path, capsys):
    damaged = tmp_path / "damaged.npz"
    other = io.BytesIO()
    np.savez(other, architecture=np.array(["x"]), sample=np.array([0]))
    for content in (b"", b"no archive", other.getvalue()):
        damaged.write_bytes(content)
        given = ["--run", str(a_run[0]), "--trajectory", str(damaged), "-o", str(tmp_path / "out")]
        assert "has no trajectory of candidate 1" in refused(capsys, "export", *given)
    given = ["--weights", str(damaged), "-o", str(tmp_path / "out")]
    assert "is no safetensors file" in refused(capsys, "export", CELL, *given)


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": lambda array: np.array("x")},
        {"noise_level": lambda array: array[:-1]},
        {"noise_level": lambda array: array * np.nan},
        {"noise_level": lambda array: array[0]},
        {"noise_level": lambda array: array[:, None].repeat(2, 1)},
        {"probability": lambda array: array * np.float32("nan")},
        {"probability": lambda array: array[..., 1:]},
        {"predicted_accuracy_pct": lambda array: array[:-1]},
        {"sample": lambda array: array + np.inf},
        {name: lambda array: array[:0] for name in ("noise_level", "probability", "predicted_accuracy_pct")},
    ],
)
def test_edited_trajectories_are_refused(a_run, tmp_path, capsys, changes):
    edited = tmp_path / "edited.npz"
    with np.load(a_run[1]) as arrays:
        np.savez(edited, **{name: changes.get(name, lambda array: array)(array) for name, array in arrays.items()})
    given = ["--run", str(a_run[0]), "--trajectory", str(edited), "-o", str(tmp_path / "out")]
    assert "has no trajectory of candidate 1" in refused(capsys, "export", *given)


def test_edited_runs_name_no_file_and_say_what_does_not_fit(a_run, tmp_path, capsys):
    run = json.loads(a_run[0].read_text())
    edited = tmp_path / "edited.json"
    run["candidates"][0]["rank"] = "x" * 300
    edited.write_text(json.dumps(run))
    out = out_of(capsys, "export", "--run", str(edited), "--format", "json", "-o", str(tmp_path))
    assert out.strip().endswith("nasbench201_cifar100_rank1.json")
    given = ["export", "--run", str(edited), "--trajectory", str(a_run[1]), "-o", str(tmp_path), "--format", "gif"]
    for steps in (2, "4", 1e999):
        edited.write_text(json.dumps(run | {"steps": steps}))
        assert "has no trajectory of candidate 1" in refused(capsys, *given)


def test_a_place_where_nothing_can_be_written(tmp_path, capsys, monkeypatch):
    file = tmp_path / "file"
    file.touch()
    for out in (file, file / "below"):
        line = refused(capsys, "export", CELL, "--format", "svg", "-o", str(out))
        assert f"{file} is " in line
    monkeypatch.setattr(os, "access", lambda *_: False)  # who runs the tests may be allowed everything
    assert "no permission" in refused(capsys, "export", CELL, "--format", "svg", "-o", str(tmp_path))
