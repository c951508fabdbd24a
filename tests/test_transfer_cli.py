"""``transfer`` from images to trained candidates, with the shipped meta-predictor."""

import csv
import json
import re

import numpy as np
import pytest
from PIL import Image

from dnag.cli import main
from dnag.datasets.extractors import extractors
from tests.commands import refused

MISSING = extractors["efficientnet_lite0"].missing()
needs_extractor = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


@pytest.fixture
def images(tmp_path, monkeypatch):
    """A folder of three classes, ten pictures each, told apart by their colour."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for label, name in enumerate(("red", "green", "blue")):
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True)
        for index in range(10):
            pixels = rng.integers(0, 90, (40, 40, 3), dtype=np.uint8)
            pixels[..., label] += 150
            Image.fromarray(pixels).save(folder / f"{index}.png")
    return tmp_path / "pictures"


@needs_extractor
def test_images_in_ranked_and_trained_candidates_out(images, tmp_path, capsys):
    out = tmp_path / "results"
    given = ["transfer", "--images", str(images), "--samples", "16", "--out", str(out)]
    assert main([*given, "--train-top", "2", "--train-random", "2", "--epochs", "1"]) == 0
    text = capsys.readouterr().out
    said = dict(re.findall(r"^(generated|random|generated - random): (-?[\d.]+) ± [\d.]+ points$", text, re.MULTILINE))
    assert float(said["generated - random"]) == pytest.approx(
        float(said["generated"]) - float(said["random"]), abs=0.011
    )
    assert "pictures: 3 classes, 20 images each" in text and "trained for real (1 epochs" in text
    data = json.loads((out / "result.json").read_text())
    assert data["dataset"] == "custom-3" and data["raw_valid"] >= 15
    rows = list(csv.DictReader((out / "candidates.csv").open()))
    assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, data["unique"] + 1)]
    assert (out / "trials.sqlite").stat().st_size > 0


@needs_extractor
def test_a_space_without_a_meta_predictor_says_what_stands_in(images, tmp_path, capsys):
    given = ["transfer", "--space", "mobilenetv3", "--images", str(images), "--samples", "4"]
    assert main([*given, "--out", str(tmp_path / "mb")]) == 0
    assert "ImageNet-1K stands for your dataset" in capsys.readouterr().err
    assert json.loads((tmp_path / "mb" / "result.json").read_text())["dataset"] == "imagenet1k"


def test_bad_input_is_one_clear_line(images, tmp_path, capsys):
    given = ["transfer", "--out", str(tmp_path / "out")]
    assert "no-such-folder" in refused(capsys, *given, "--images", "no-such-folder")
    assert "0 to 12" in refused(capsys, *given, "--images", str(images), "--guidance-scale", "99")
    assert "train top is -1" in refused(capsys, *given, "--images", str(images), "--train-top", "-1")
    assert "together with --train-top" in refused(capsys, *given, "--images", str(images), "--train-random", "3")
    assert "unknown space 'x'" in refused(capsys, *given, "--images", str(images), "--space", "x")
    assert "--records FILE" in refused(capsys, "train", "meta-predictor", "--out", str(tmp_path))
