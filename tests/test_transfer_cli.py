"""``transfer`` from images to trained candidates, with the shipped meta-predictor."""

import csv
import json
import re

import numpy as np
import pytest
from PIL import Image

from dnag import class_map_training, meta_training
from dnag.cli import main
from dnag.datasets.class_map import ClassMap
from dnag.datasets.extractors import extractors
from dnag.meta_training import STAND_INS
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
    for option, value, said in (
        ("--train-random", "15625", "train random is 15625; allowed: 0 to 15,624"),
        ("--epochs", "0", "epochs is 0; allowed: "),
        ("--seeds", "0", "seeds is 0; allowed: "),
    ):
        assert said in refused(capsys, *given, "--images", "not read", "--train-top", "1", option, value)
    assert "unknown space 'x'" in refused(capsys, *given, "--images", str(images), "--space", "x")
    assert "--records FILE" in refused(capsys, "train", "meta-predictor", "--out", str(tmp_path))
    assert "--pictures FILE" in refused(capsys, "train", "class-map", "--out", str(tmp_path))
    assert "allowed: " in (said := refused(capsys, "evaluate", "--only", "x")) and said.endswith("class-map")


@needs_extractor
def test_a_class_map_is_trained_from_pictures(images, tmp_path, monkeypatch, capsys):
    """Made pictures in place of ImageNet's; the classes that stand in for CIFAR-100's are among them."""
    rng = np.random.default_rng(0)
    names = [*dict.fromkeys([*STAND_INS.values(), *(f"class_{index}" for index in range(120))])][:120]
    drawn = rng.integers(0, 256, (120, 4, 4, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    np.savez(tmp_path / "pictures.npz", images=drawn, class_name=np.array(names))
    ten = rng.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "cifar10.npz", x_train=ten, y_train=np.arange(40) % 10)
    monkeypatch.setattr(meta_training, "VIEWS", 2)
    for module in (meta_training, class_map_training):
        monkeypatch.setattr(module, "DRAWS", 2)
    files = ["--pictures", str(tmp_path / "pictures.npz"), "--cifar10", str(tmp_path / "cifar10.npz")]
    out = tmp_path / "made"
    assert main(["train", "class-map", *files, "--known", str(images), "--out", str(out)]) == 0
    assert "ImageNet16-120, pictures" in capsys.readouterr().out
    found = ClassMap.load(out)
    assert len(found.imagenet) == 120 and found.known_features("pictures").class_names == ("blue", "green", "red")
    mix = found.mix(found.draw(5, 0))
    assert [row[0][0] for row in found.nearest(mix.features)] == list(mix.class_names)
