"""The independent re-training that installs with the project."""

from __future__ import annotations

import collections
import pickle
import sys

import pytest
import torch
from scipy.stats import spearmanr

from dnag.benchmarks import BenchmarkError
from dnag.benchmarks.analog import AnalogNASBench, read
from dnag.benchmarks.csv_table import CsvTable


@pytest.fixture
def source(nasbench201):
    found = AnalogNASBench.find(nasbench201, None)
    assert found is not None, "analog-nasbench is one of the requirements"
    return found


def test_it_covers_every_cell(source):
    values = source.table("cifar10")
    assert len(values) == 15_625 and bool(((values >= 9.9) & (values < 95)).all())
    assert source.datasets == ("cifar10",)
    assert "not the NAS-Bench-201 numbers" in source.note


def test_keys_are_read_in_their_own_order(source, nasbench201):
    # ids [skip, none, 3x3, 1x1, pool] of the edges (0,1), (0,2), (0,3), (1,2), (1,3), (2,3)
    class Entry: ...

    class Names(pickle.Unpickler):
        def find_class(self, module, name):
            return {"analognasbench.data": Entry}[module]

    with source.path.open("rb") as file:
        entries = Names(file).load()
    for key, cell in (
        ((0, 1, 2, 3, 4, 2), "|skip_connect~0|+|none~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|nor_conv_3x3~2|"),
        ((2, 2, 0, 4, 1, 3), "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"),
    ):
        record = source.query(nasbench201.parse(cell), "cifar10")
        assert record.accuracy_pct == pytest.approx(entries[key].baseline_accuracy, abs=1e-4)


def test_it_agrees_with_the_benchmark_but_is_not_it(source, nasbench201, shared_data):
    ours = source.table("cifar10")
    theirs = CsvTable(shared_data("nb201_accuracy.csv"), nasbench201).table("cifar10")
    assert spearmanr(ours, theirs).statistic == pytest.approx(0.991, abs=0.0005)
    assert float((ours - theirs).abs().mean()) == pytest.approx(0.39, abs=0.005)
    assert float((ours - theirs).abs().max()) == pytest.approx(18.5, abs=0.05)
    assert not torch.equal(ours, theirs)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"arch_str,cifar10\n",
        pickle.dumps([1, 2, 3])[:-2],
        pickle.dumps({"a": 1}, 4)[:-4],
        pickle.dumps(7),
        pickle.dumps({(0,) * 6: "93.1"}),
        pickle.dumps({(0,) * 6: collections.deque()}, 4),
    ],
)
def test_another_file_in_its_place_is_one_clear_error(tmp_path, content, nasbench201):
    path = tmp_path / "data.anb"
    path.write_bytes(content)
    with pytest.raises(BenchmarkError, match=r"data\.anb of analognasbench"):
        AnalogNASBench(path).table("cifar10")


def test_an_entry_outside_the_range_is_refused(tmp_path, monkeypatch):
    module = type(sys)("analognasbench.data")
    entry = type("Architecture", (), {"__module__": "analognasbench.data"})
    vars(module)["Architecture"] = entry
    monkeypatch.setitem(sys.modules, "analognasbench", type(sys)("analognasbench"))
    monkeypatch.setitem(sys.modules, "analognasbench.data", module)
    good, bad = entry(), entry()
    good.baseline_accuracy, bad.baseline_accuracy = 93.0, 930.0
    for name, entries in (("good", {(0,) * 6: good}), ("bad", {(0,) * 6: bad})):
        (tmp_path / name).write_bytes(pickle.dumps(entries, 4))
    assert float(read(tmp_path / "good")[(1,) * 6]) == 93.0  # none is 0, skip 1
    with pytest.raises(BenchmarkError, match="outside 0 to 100"):
        read(tmp_path / "bad")
