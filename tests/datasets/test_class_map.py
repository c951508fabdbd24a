"""Where a data set lies: nearest classes and data sets, and the map, on made features with a known answer."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Generator, Tensor

from dnag.checkpoint import Checkpoint, CheckpointError, save
from dnag.class_map_training import unique_names
from dnag.datasets.base import DatasetError
from dnag.datasets.class_map import KIND, NAME, ClassMap, KnownDataset, energy_distance
from dnag.datasets.embedding import kept_neighbours, tsne
from dnag.datasets.features import FeatureSet
from dnag.nets.class_prototypes import ClassPrototypes

COUNT = 8
NAMES = tuple(f"class {index}" for index in range(COUNT))


def views() -> Tensor:
    """Three views (8,3,8) of classes that lie on the axes."""
    noise = 0.01 * torch.randn(COUNT, 3, COUNT, generator=Generator().manual_seed(0))
    return 5 * torch.eye(COUNT)[:, None] + noise


@pytest.fixture
def made() -> ClassMap:
    network = ClassPrototypes.fit(views(), views()[:2].mean(1), components=8)
    angle = torch.arange(COUNT) * 2 * torch.pi / COUNT
    network.places.copy_(torch.stack([angle.cos(), angle.sin()], dim=1))
    known = {"two": KnownDataset("Two", (8, 9)), "rest": KnownDataset("Rest", (4, 5, 6, 7))}
    return ClassMap(network, (*NAMES, "a", "b"), known, "made", 32)


def test_a_class_is_nearest_to_itself(made: ClassMap) -> None:
    found = made.nearest(views(), k=3)
    assert [row[0][0] for row in found] == list(NAMES)
    assert all(row[0][1] > 0.99 and row[1][1] < 0.5 for row in found)
    assert all(row[0][1] >= row[1][1] >= row[2][1] for row in found)


def test_a_class_stands_where_its_neighbours_stand(made: ClassMap) -> None:
    torch.testing.assert_close(made.place(views()), made.places, rtol=0, atol=1e-3)
    between = (views()[:1] + views()[1:2]) / 2  # as near to one as to the other
    torch.testing.assert_close(made.place(between)[0], made.places[:2].mean(0), rtol=0, atol=0.05)
    torch.testing.assert_close(made.places_of("two"), made.places[:2], rtol=0, atol=1e-3)


def test_the_nearest_data_set_is_the_same_one(made: ClassMap) -> None:
    found = made.nearest_datasets(views()[:2])
    assert [name for name, _ in found] == ["two", "rest"]
    assert found[0][1] < 0.01 < 0.3 < found[1][1] <= 1
    assert [name for name, _ in made.nearest_datasets(views()[4:])] == ["rest", "two"]


def test_energy_distance_of_points() -> None:
    point = torch.tensor([[1.0, 0.0]])
    assert energy_distance(point, point) == 0
    assert energy_distance(point, -point) == pytest.approx(1)
    pair = torch.tensor([[0.0, 0.0], [2.0, 0.0]])  # E|X-Y| = 1, E|Y-Y'| = 1, E|X-X'| = 0
    assert energy_distance(torch.tensor([[1.0, 0.0]]), pair) == pytest.approx(0.5)


def test_a_mix_is_made_of_prototypes(made: ClassMap) -> None:
    mix = made.mix(["class 3", "class 1"])
    assert mix.class_names == ("class 3", "class 1") and mix.features.shape == (2, 1, 8)
    assert mix.extractor == "made" and mix.name == "2 ImageNet classes"
    torch.testing.assert_close(mix.features[:, 0], views()[[3, 1]].mean(1), rtol=0, atol=0.05)
    with pytest.raises(DatasetError, match="unknown class 'a'; allowed: the 8 classes of ImageNet"):
        made.mix(["class 1", "a"])  # the class of another data set
    for names in ([], ["class 1"], ["class 1", "class 1"]):
        with pytest.raises(DatasetError, match="allowed: two or more, each once"):
            made.mix(names)


def test_a_draw_is_of_its_seed(made: ClassMap) -> None:
    assert made.draw(5, 1) == made.draw(5, 1) != made.draw(5, 2)
    assert len(set(made.draw(5, 1))) == 5 and set(made.draw(5, 1)) <= set(NAMES)


def test_a_known_data_set_by_its_prototypes(made: ClassMap) -> None:
    found = made.known_features("two")
    assert found.name == "Two" and found.class_names == ("a", "b") and found.features.shape == (2, 1, 8)
    with pytest.raises(DatasetError, match="unknown data set 'three'; allowed: two, rest"):
        made.known_features("three")


def test_features_of_another_extractor_are_refused(made: ClassMap) -> None:
    own = FeatureSet("x", ("a", "b"), torch.zeros(2, 1, 8), "made", 32)
    assert made.problem(own) is None
    other = FeatureSet("x", ("a", "b"), torch.zeros(2, 1, 512), "resnet18", 32)
    assert made.problem(other) == "features of resnet18; the map of classes reads: made"


def test_it_is_read_as_it_was_written(made: ClassMap, tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.safetensors"
    known = {name: {"label": data.label, "classes": list(data.classes)} for name, data in made.known.items()}
    extra = {"names": list(made.names), "known": known, "extractor": "made", "size": 32}
    save(path, Checkpoint(KIND, "", {"prototypes": made.network}, extra))
    found = ClassMap.load(tmp_path)
    assert found.names == made.names and found.known == made.known and found.imagenet == NAMES
    assert found.nearest(views()) == made.nearest(views())
    save(path, Checkpoint(KIND, "", {"prototypes": made.network}, {**extra, "names": ["one"]}))
    with pytest.raises(CheckpointError, match="a name for each of its classes"):
        ClassMap.load(tmp_path)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        ClassMap.load(tmp_path / "nowhere")


def test_a_map_keeps_neighbours_together() -> None:
    generator = Generator().manual_seed(0)
    centres = 10 * torch.randn(4, 20, generator=generator)
    points = centres.repeat_interleave(25, 0) + torch.randn(100, 20, generator=generator)
    places = tsne(points, perplexity=10, steps=400)
    assert places.shape == (100, 2) and places.abs().max() <= 1
    assert torch.equal(places, tsne(points, perplexity=10, steps=400))
    group = torch.arange(100) // 25
    distance = torch.cdist(places, places).fill_diagonal_(torch.inf)
    assert (group[distance.argmin(1)] == group).all()
    assert kept_neighbours(points, points) == 1
    assert kept_neighbours(points, places) > 0.6
    for perplexity in (1, 100):
        with pytest.raises(ValueError, match="allowed: more than 1 and fewer than the 100 points"):
            tsne(points, perplexity=perplexity)


def test_names_of_two_classes_are_numbered() -> None:
    assert unique_names(["crane", "tiger_cat", "crane"]) == ("crane 1", "tiger cat", "crane 2")


def test_the_shipped_map() -> None:
    found = ClassMap.load()
    assert len(found.imagenet) == len(set(found.imagenet)) == 1000
    assert {"cifar10", "cifar100", "imagenet16-120"} <= set(found.known)
    assert found.places.abs().max() <= 1 and len({tuple(place) for place in found.places.tolist()}) > 950
    assert all(max(data.classes) < len(found.names) for data in found.known.values())
    mix = found.mix(found.draw(20, 0))
    assert [row[0][0] for row in found.nearest(mix.features)] == list(mix.class_names)
    cifar10 = found.known_features("cifar10")
    assert found.nearest_datasets(cifar10.features)[0][0] == "cifar10"
    near = dict(zip(cifar10.class_names, found.nearest(cifar10.features), strict=True))
    assert "convertible" in dict(near["automobile"]) and "aircraft carrier" in dict(near["ship"])
