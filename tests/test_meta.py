"""The dataset encoder and the meta-predictor, on made data with a known answer."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Generator

from dnag.benchmarks import BenchmarkError
from dnag.benchmarks.meta_records import read_meta_records
from dnag.bundle import ModelStore
from dnag.checkpoint import Checkpoint, CheckpointError, load, save
from dnag.datasets.base import DatasetError
from dnag.datasets.features import FeatureSet, keep, recall
from dnag.exact import ExactDenoiser
from dnag.meta import KIND, MetaRecords, meta_predict, padded, train_meta_ranking
from dnag.meta_training import MetaData, ranking_config, train_meta, views
from dnag.metrics import spearman
from dnag.nets.dataset_encoder import DatasetEncoder, DatasetEncoderConfig
from dnag.nets.property_model import LogitLabels
from dnag.nets.property_predictor import PropertyPredictor, PropertyPredictorConfig
from dnag.run_settings import RunSettings
from dnag.runs import run
from dnag.spaces.base import custom_dataset, is_custom, spaces
from dnag.transfer import settings_for, what_is_missing

SPACE = spaces["nasbench201"]()


def encoder(features: int = 12, context: int = 8) -> DatasetEncoder:
    torch.manual_seed(0)
    return DatasetEncoder(DatasetEncoderConfig(features, context, width=16)).eval()


def test_neither_the_order_of_images_nor_that_of_classes_matters():
    network = encoder()
    x = torch.randn(2, 5, 7, 12, generator=Generator().manual_seed(1))
    expected = network(x)
    assert expected.shape == (2, 8)
    torch.testing.assert_close(network(x[:, :, torch.randperm(7)]), expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(network(x[:, torch.randperm(5)]), expected, rtol=0, atol=1e-5)
    assert not torch.allclose(network(x[:1])[0], network(x[1:])[0], atol=1e-3)


def test_classes_that_are_not_there_do_not_count():
    network = encoder()
    x = torch.randn(1, 5, 7, 12, generator=Generator().manual_seed(1))
    more = torch.cat([x, torch.randn(1, 3, 7, 12)], dim=1)
    mask = torch.arange(8)[None] < 5
    torch.testing.assert_close(network(more, mask), network(x), rtol=0, atol=1e-5)


def test_logits_and_percentages():
    labels = LogitLabels.of(torch.tensor([10.0, 50.0, 90.0]))
    assert labels.mean == pytest.approx(0, abs=1e-6)
    values = torch.tensor([5.0, 60.0, 99.0])
    torch.testing.assert_close(labels.rank_value(labels.rank_target(values)), values)


def made_records(seed: int = 0) -> tuple[MetaRecords, torch.Tensor]:
    """Classes are hard or easy by a direction of their features; accuracy is that and the cell's own."""
    generator = Generator().manual_seed(seed)
    hard = torch.randn(30, generator=generator)
    features = 0.3 * torch.randn(30, 6, 10, generator=generator)
    features[..., 0] += hard[:, None]
    tasks = [torch.randperm(30, generator=generator)[:5] for _ in range(120)]
    task = torch.randint(120, (2000,), generator=generator)
    ops = SPACE.sample_ops(2000, generator)
    effect = 0.8 * (ops == 5).sum(1) - 0.6 * (ops == 2).sum(1)
    logit = effect + 1.5 * torch.stack([hard[tasks[t]].mean() for t in task.tolist()])
    return MetaRecords(features, tasks, task, ops, 100 * torch.sigmoid(logit), torch.ones(2000)), logit


def test_it_learns_what_a_dataset_is_worth_from_its_features():
    records, logit = made_records()
    train, held = torch.arange(1600), torch.arange(1600, 2000)
    model, labels, curve = train_meta_ranking(
        SPACE, records.subset(train), ranking_config(200, 0), members=2, context=8, width=16, dropout=0.0
    )
    assert curve
    classes, mask = padded([records.tasks[t] for t in records.task[held].tolist()])
    with torch.no_grad():
        contexts = model.contexts(records.features, classes, mask)
    right = meta_predict(model, labels, SPACE, records.features, records.ops[held], contexts)
    wrong = meta_predict(model, labels, SPACE, records.features, records.ops[held], contexts.flip(0))
    good, bad = spearman(right, logit[held]), spearman(wrong, logit[held])
    assert good is not None and bad is not None and good > 0.9 and good > bad + 0.05


def test_views_are_of_the_picture():
    picture = np.full((64, 64, 3), 100, dtype=np.uint8)
    found = views(picture, 5, 0)
    assert found.shape == (5, 128, 128, 3) and found.dtype == np.uint8
    assert (found[0] == 100).all() and all(view.std() < 1 for view in found)
    assert np.array_equal(found, views(picture, 5, 0)) and not np.array_equal(found[1], found[2])


def test_meta_records_are_checked(tmp_path):
    good: dict[str, Any] = {
        "task_classes": np.array([[1, 2], [3, 4]]),
        "task": np.array([0, 1, 1]),
        "arch_index": np.array([0, 1, 15624]),
        "accuracy": np.array([50.0, 60.0, 70.0]),
        "is_validation": np.array([0, 1, 0]),
    }
    path = tmp_path / "records.npz"
    np.savez(path, **good)
    records = read_meta_records(path, SPACE)
    assert records.classes.tolist() == [[0, 1], [2, 3]] and records.validation.tolist() == [False, True, False]
    assert records.ops.shape == (3, SPACE.num_nodes)
    for change, text in (
        ({"task": np.array([0, 1, 2])}, "out of range"),
        ({"arch_index": np.array([0, 1, 15625])}, "15,625"),
        ({"accuracy": np.array([50.0, 60.0, 170.0])}, "percentages"),
        ({"accuracy": np.array([50.0])}, "lengths"),
    ):
        np.savez(path, **{**good, **change})
        with pytest.raises(BenchmarkError, match=text):
            read_meta_records(path, SPACE)
    np.savez(path, task=good["task"])
    with pytest.raises(BenchmarkError, match="no task_classes"):
        read_meta_records(path, SPACE)
    path.write_text("nothing")
    with pytest.raises(BenchmarkError, match=r"records\.npz holds no"):
        read_meta_records(path, SPACE)
    with pytest.raises(BenchmarkError, match="no meta-training records"):
        read_meta_records(tmp_path / "missing.npz", SPACE)


# ---------------------------------------------------------------------- a dataset of the user's own


def feature_set(classes: int = 3, extractor: str = "made") -> FeatureSet:
    features = torch.randn(classes, 4, 12, generator=Generator().manual_seed(2))
    return FeatureSet("pets", tuple(f"class {i}" for i in range(classes)), features, extractor, 32)


@pytest.fixture
def store(tmp_path, monkeypatch) -> ModelStore:
    """The shipped models, and a meta-predictor that nobody trained."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shipped = ModelStore()
    for name in ("nasbench201-score", "nasbench201-predictor", "mobilenetv3-score", "mobilenetv3-predictor"):
        (tmp_path / f"{name}.safetensors").symlink_to(shipped.directory / f"{name}.safetensors")
    records, _ = made_records()
    model, logit, _ = train_meta_ranking(SPACE, records, ranking_config(1, 0), members=2, context=8, width=16)
    sizes = PropertyPredictorConfig(SPACE.num_nodes, SPACE.num_ops, context=8, width=16, depth=1)
    modules = {
        "encoder": encoder(),
        "guidance": PropertyPredictor(sizes, posterior=ExactDenoiser(SPACE).posterior),
        **{f"ranking.{index}": member for index, member in enumerate(model.members)},
    }
    extra = {
        "logit": {"mean": logit.mean, "spread": logit.spread},
        "features": {"extractor": "made", "size": 32, "mean": [0.0] * 12, "std": [1.0] * 12},
    }
    save(tmp_path / "nasbench201-meta.safetensors", Checkpoint(KIND, "nasbench201", modules, extra))
    assert load(tmp_path / "nasbench201-meta.safetensors", kind=KIND).modules.keys() == modules.keys()
    return ModelStore(tmp_path)


def test_names_of_own_datasets():
    assert custom_dataset(37) == "custom-37" and is_custom("custom-37")
    assert not any(is_custom(name) for name in ("custom-0", "custom-", "custom-x", "cifar10", None))
    assert SPACE.dataset("custom-37").num_classes == 37 and SPACE.dataset("custom-37").label == "Your dataset"
    with pytest.raises(ValueError, match="unknown dataset 'custom-'"):
        SPACE.dataset("custom-")


def test_features_are_found_again_by_their_id(store):
    name = keep(feature_set())
    assert name == keep(feature_set()) and name != keep(feature_set(4))
    assert torch.equal(recall(name).features, feature_set().features)
    for missing in ("0" * 16, "../secret", "no"):
        with pytest.raises(DatasetError, match="encode the images again"):
            recall(missing)


def test_a_run_for_a_dataset_of_the_users_own(store):
    chosen = settings_for("nasbench201", feature_set(), store)
    assert chosen["dataset"] == "custom-3"
    settings = RunSettings(**chosen, samples=16, steps=6, sampler="dpm_solver", guidance_scale=1.0, device="cpu")
    result = run(settings, store=store, keep_frames=3, compare=True)
    assert result.raw_valid >= 15 and result.candidates[0].predicted_accuracy_pct is not None
    assert (
        result.trajectory is not None
        and result.exact is not None
        and result.candidates[0].measured_accuracy_pct is None
    )
    again = run(settings, store=store)
    assert [c.architecture for c in again.candidates] == [c.architecture for c in result.candidates]
    other = RunSettings(**settings_for("nasbench201", feature_set(4), store), samples=16, steps=6, sampler="dpm_solver")
    values = [c.predicted_accuracy_pct for c in run(other, store=store).candidates]
    assert values != [c.predicted_accuracy_pct for c in again.candidates]


@pytest.mark.parametrize(("extractor", "width"), [("other", 12), ("made", 3)])
def test_other_features_than_the_meta_predictor_reads_are_refused(store, extractor, width):
    made = feature_set(extractor=extractor)
    chosen = settings_for("nasbench201", replace(made, features=made.features[..., :width]), store)
    said = f"features of {extractor}, {width} wide; the meta-predictor of nasbench201 reads: made, 12 wide"
    with pytest.raises(CheckpointError, match=said):
        run(RunSettings(**chosen, samples=2, steps=2), store=store)


def test_a_space_without_a_meta_predictor_says_so(store):
    assert what_is_missing("nasbench201", store) is None
    assert "mobilenetv3-meta.safetensors" in (what_is_missing("mobilenetv3", store) or "")
    assert settings_for("mobilenetv3", feature_set(), store) == {"space": "mobilenetv3", "dataset": "imagenet1k"}


def test_a_name_without_features_or_the_reverse_is_refused():
    with pytest.raises(ValueError, match="a dataset of your own needs both"):
        RunSettings(dataset="custom-3")
    with pytest.raises(ValueError, match="a dataset of your own needs both"):
        RunSettings(features="0" * 16)
    assert RunSettings(dataset="cifar10", features="0" * 16).dataset == "cifar10"


def test_features_of_another_number_of_classes_are_refused(store):
    settings = RunSettings(dataset="cifar10", features=keep(feature_set()), samples=2, steps=2)
    with pytest.raises(ValueError, match="features of 3 classes; dataset cifar10 has 10"):
        run(settings, store=store)


def test_features_of_a_dataset_known_by_name_replace_what_is_known_of_it(store):
    settings = RunSettings(dataset="cifar10", features=keep(feature_set(10)), samples=4, steps=2, device="cpu")
    own = RunSettings(**settings_for("nasbench201", feature_set(10), store), samples=4, steps=2, device="cpu")
    values = [[c.predicted_accuracy_pct for c in run(each, store=store).candidates] for each in (settings, own)]
    assert values[0] == values[1]


# ---------------------------------------------------------------------- a space that cannot be listed

MOBILE = spaces["mobilenetv3"]()


def made_networks(path, space_ops: torch.Tensor | None = None, **change: Any) -> None:
    """Records of MobileNetV3 networks on datasets of two of six classes, harder the more layers there are."""
    generator = Generator().manual_seed(3)
    ops = MOBILE.sample_ops(400, generator) if space_ops is None else space_ops
    task = torch.arange(len(ops)) % 15
    classes = torch.combinations(torch.arange(6)) + 1
    accuracy = 40 + 0.8 * (ops >= 0).sum(1) + classes[task].sum(1)
    arrays: dict[str, Any] = {
        "task_classes": classes.numpy(),
        "task": task.numpy(),
        "ops": ops.numpy(),
        "accuracy": accuracy.double().numpy(),
        "is_validation": (task == 0).numpy(),
    }
    np.savez(path, **(arrays | change))


def test_records_of_a_space_that_cannot_be_listed(tmp_path):
    path = tmp_path / "records.npz"
    made_networks(path)
    records = read_meta_records(path, MOBILE)
    assert records.ops.shape == (400, 20) and all(MOBILE.check(row) is None for row in records.ops.tolist())
    broken = MOBILE.sample_ops(3, Generator().manual_seed(0))
    broken[1, 0] = -1
    made_networks(path, broken)
    with pytest.raises(BenchmarkError, match="row 1 of ops is no architecture"):
        read_meta_records(path, MOBILE)
    made_networks(path, ops=np.zeros((400, 19), dtype=np.int64))
    with pytest.raises(BenchmarkError, match=r"ops is int64 \(400, 19\); allowed: whole numbers \(400, 20\)"):
        read_meta_records(path, MOBILE)


def test_a_meta_predictor_for_it_is_trained_and_steers(store, tmp_path):
    path = tmp_path / "records.npz"
    made_networks(path)
    generator = Generator().manual_seed(0)
    features = torch.randn(6, 4, 12, generator=generator) + torch.arange(6)[:, None, None]
    data = MetaData(features, torch.zeros(12), torch.ones(12), read_meta_records(path, MOBILE), {})
    checkpoint, result = train_meta(MOBILE, data, steps=150, tell=lambda _: None)
    assert result.curve and set(checkpoint.modules) == {"encoder", "ranking.0", "ranking.1", "ranking.2"}
    checkpoint.extra["features"]["extractor"] = "made"
    save(store.directory / "mobilenetv3-meta.safetensors", checkpoint)
    assert what_is_missing("mobilenetv3", store) is None
    chosen = settings_for("mobilenetv3", feature_set(), store)
    assert chosen["dataset"] == "custom-3"
    means = []
    for scale in (0.0, 2.0):
        settings = RunSettings(**chosen, samples=64, steps=10, guidance_scale=scale, device="cpu")
        found = run(settings, store=store).expected_pct()
        assert found is not None
        means.append(found)
    assert means[1] > means[0] + 0.5  # accuracy goes up with depth, which guidance finds
