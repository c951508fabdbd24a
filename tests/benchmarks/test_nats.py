"""The official files, in a tiny directory of their format."""

from __future__ import annotations

import bz2
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from dnag.benchmarks import BenchmarkError, measured
from dnag.benchmarks.nats import DIRECTORY, NATSBench

CELLS = (
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
)
SETS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
    "ImageNet16-120": ("x-valid", "x-test", "ori-test"),
}
SEEDS = {"cifar10-valid": (777,), "cifar10": (777, 888, 999), "cifar100": (777, 888, 999), "ImageNet16-120": (777,)}


def accuracy(index: int, dataset: str, seed: int, tested: str, epochs: int) -> float:
    """A different number for everything that could be mixed up."""
    return 40 + 10 * index + list(SETS).index(dataset) + seed / 1000 + len(tested) / 100 + epochs / 10_000


def training(index: int, dataset: str, seed: int, epochs: int, number=float) -> dict:
    last = epochs - 1
    tests = {f"{tested}@{last}": number(accuracy(index, dataset, seed, tested, epochs)) for tested in SETS[dataset]}
    return {
        "name": "infer.tiny", "net_state_dict": None, "train_acc1es": {last: 99.0}, "train_acc5es": None,
        "train_losses": {last: 0.1}, "train_times": None, "params": 0.1, "flop": 15.6, "seed": seed, "epochs": epochs,
        "arch_config": {"name": "infer.tiny", "channel": 16, "num_cells": 5, "arch_str": CELLS[index], "class_num": 10},
        "latency": [0.01], "eval_names": list(SETS[dataset]), "eval_acc1es": tests,
        "eval_losses": dict.fromkeys(tests, 0.5), "eval_times": {},
    }  # fmt: skip


def record(index: int, epochs: int, number=float) -> dict:
    return {
        "arch_index": index,
        "arch_str": CELLS[index],
        "clear_net_done": True,
        "dataset_seed": {dataset: list(seeds) for dataset, seeds in SEEDS.items()},
        "all_results": {
            (dataset, seed): training(index, dataset, seed, epochs, number)
            for dataset, seeds in SEEDS.items()
            for seed in seeds
        },
    }


def dump(path, content, protocol=4):
    path.write_bytes(bz2.compress(pickle.dumps(content, protocol)))


@pytest.fixture
def directory(tmp_path):
    path = tmp_path / DIRECTORY
    path.mkdir()
    dump(path / "meta.pickle.pbz2", {"meta_archs": list(CELLS), "total_archs": 3, "evaluated_indexes": {0, 1}})
    dump(path / "000000.pickle.pbz2", OrderedDict({"12": record(0, 12), "200": record(0, 200)}))
    dump(path / "1.pickle.pbz2", OrderedDict({"12": record(1, 12), "200": record(1, 200, np.float64)}))
    return path


@pytest.fixture
def source(directory):
    return NATSBench(directory)


def test_it_is_found_in_or_under_the_directory_the_variable_names(directory, monkeypatch, nasbench201):
    for place in (directory, directory.parent):
        monkeypatch.setenv("DNAG_DATA", str(place))
        for dataset in nasbench201.datasets:
            found = measured("nasbench201", dataset)
            assert found is not None and found.name == "nats" and found.label == "NATS-Bench"
    monkeypatch.setenv("DNAG_DATA", str(directory / "000000.pickle.pbz2"))
    with pytest.raises(BenchmarkError, match=r"000000\.pickle\.pbz2"):
        measured("nasbench201", "cifar10")
    assert NATSBench.find(nasbench201, None) is None


@pytest.mark.parametrize("index", [0, 1])
def test_test_accuracy_is_the_mean_over_seeds_after_200_epochs(source, index, nasbench201):
    cell = nasbench201.parse(CELLS[index])
    for dataset, (trained, tested) in {
        "cifar10": ("cifar10", "ori-test"),
        "cifar100": ("cifar100", "x-test"),
        "imagenet16-120": ("ImageNet16-120", "x-test"),
    }.items():
        each = [accuracy(index, trained, seed, tested, 200) for seed in SEEDS[trained]]
        found = source.query(cell, dataset)
        assert found.accuracy_pct == pytest.approx(sum(each) / len(each), abs=1e-4)
        assert found.source == "NATS-Bench"


def test_the_package_itself_reads_the_same(source, nasbench201):
    import nats_bench

    api = nats_bench.create(str(source.path), "tss", fast_mode=True, verbose=False)
    for dataset, name in (("cifar10", "cifar10"), ("cifar100", "cifar100"), ("imagenet16-120", "ImageNet16-120")):
        theirs = api.get_more_info(0, name, hp="200", is_random=False)["test-accuracy"]
        assert source.query(nasbench201.parse(CELLS[0]), dataset).accuracy_pct == pytest.approx(theirs, abs=1e-4)


def test_cells_without_values(source, directory, nasbench201):
    assert source.query(nasbench201.parse(CELLS[2]), "cifar10") is None  # listed, no file
    unlisted = CELLS[2].replace("none~2", "skip_connect~2")
    assert source.query(nasbench201.parse(unlisted), "cifar10") is None
    dump(directory / "000002.pickle.pbz2", {"12": record(2, 12)})
    assert NATSBench(directory.parent / "." / DIRECTORY).query(nasbench201.parse(CELLS[2]), "cifar10") is None


def altered(index: int, **changes) -> dict:
    return {"200": record(index, 200) | changes}


class Attack:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="nothing"),
        pytest.param([1, 2], id="list"),
        pytest.param({"200": "/etc/hostname"}, id="a name where the record should be"),
        pytest.param(altered(0, all_results={("cifar10", 777): "x"}), id="a name where a training should be"),
        pytest.param(altered(0, all_results=[]), id="no trainings"),
        pytest.param(altered(0, dataset_seed={"cifar10": [5]}), id="a seed that was not trained"),
        pytest.param(altered(0, arch_str=CELLS[1]), id="another cell"),
        pytest.param(altered(0, arch_str="|cell|"), id="no cell"),
        pytest.param({"200": {}}, id="empty record"),
        pytest.param({"200": record(0, 200, lambda value: value * 100)}, id="no percentages"),
        pytest.param({"200": record(0, 200, lambda value: np.array([value]))}, id="arrays"),
    ],
)
def test_a_malformed_record_is_one_clear_error(directory, content, nasbench201):
    dump(directory / "000000.pickle.pbz2", content)
    cell = nasbench201.parse(CELLS[0])
    with pytest.raises(BenchmarkError, match=r"000000\.pickle\.pbz2"):
        NATSBench(directory).query(cell, "cifar10")


def test_hostile_files_do_nothing(directory, tmp_path, nasbench201):
    made = tmp_path / "made"
    cell = nasbench201.parse(CELLS[0])
    dump(directory / "000000.pickle.pbz2", {"200": Attack(made)})
    with pytest.raises(BenchmarkError, match=r"000000\.pickle\.pbz2 .*asks for posix\.mkdir; allowed: collections"):
        NATSBench(directory).query(cell, "cifar10")
    dump(directory / "meta.pickle.pbz2", Attack(made))
    other = NATSBench(directory.parent / "." / ".." / directory.parent.name / DIRECTORY)
    with pytest.raises(BenchmarkError, match=r"meta\.pickle\.pbz2 .*asks for posix\.mkdir"):
        other.query(cell, "cifar10")
    assert not made.exists()


@pytest.mark.parametrize(
    "content", [b"", b"BZh9", b"plain text", bz2.compress(b"no pickle"), bz2.compress(b"x" * 99)[:20]]
)
def test_damaged_files(directory, content, nasbench201):
    cell = nasbench201.parse(CELLS[0])
    (directory / "000000.pickle.pbz2").write_bytes(content)
    with pytest.raises(BenchmarkError, match=r"000000\.pickle\.pbz2 is no file of NATS-Bench"):
        NATSBench(directory).query(cell, "cifar10")


@pytest.mark.parametrize("content", [[], {}, {"meta_archs": 5}, {"meta_archs": ["cell"]}, {"meta_archs": [3]}, "text"])
def test_a_malformed_list_of_cells(directory, content, nasbench201):
    dump(directory / "meta.pickle.pbz2", content)
    with pytest.raises(BenchmarkError, match=r"meta\.pickle\.pbz2"):
        NATSBench(directory).query(nasbench201.parse(CELLS[0]), "cifar10")
