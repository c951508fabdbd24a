"""Measured once-for-all networks: made tables, and the table that lies beside the repository."""

from __future__ import annotations

import os

import pytest
import torch

from dnag.benchmarks import BenchmarkError, how_to_add, installed_benchmarks, measured
from dnag.benchmarks.csv_table import CsvTable
from dnag.benchmarks.ofa_measured import OfaMeasured
from dnag.spaces import spaces
from dnag.spaces.base import ABSENT

KS = "3-5-0-0-" + "-".join(["7-7-7-7"] * 4)
E = "3-4-0-0-" + "-".join(["6-6-6-6"] * 4)
D = "2-4-4-4-4"
OPS = [0, 4, ABSENT, ABSENT, *[8] * 16]
OTHER = KS.replace("3-5", "5-3", 1)
LABEL = "ImageNet top-1, once-for-all sub-networks, width 1.0, 224 px"


@pytest.fixture(autouse=True)
def no_data_of_the_user(monkeypatch):
    monkeypatch.delenv("DNAG_DATA", raising=False)


@pytest.fixture
def space():
    return spaces["mobilenetv3"]()


@pytest.fixture
def make(tmp_path, space):
    def write(lines: str, header: str = "ks,e,d,top1", name: str = "traces.csv") -> OfaMeasured:
        path = tmp_path / name
        path.write_text(f"{header}\n{lines}")
        return OfaMeasured(path, space)

    return write


def test_a_network_and_its_value(make, space):
    source = make(f"{KS},{E},{D},75.5\n\n{OTHER},{E},{D},76\n")
    record = source.query(space.architecture(OPS), "imagenet1k")
    assert (record.accuracy_pct, record.source) == (75.5, LABEL)
    assert source.query(space.architecture([8] * 20), "imagenet1k") is None
    ops, top1 = source.all()
    assert ops.dtype == torch.int64 and ops.shape == (2, 20) and ops[0].tolist() == OPS
    assert top1.tolist() == [75.5, 76]


def test_columns_in_any_order_and_more_of_them(make):
    ops, top1 = make(f"5,{D}, 75.5,{E},{KS}\n", "Params,D,Top1,e,KS").all()
    assert ops.tolist() == [OPS] and top1.tolist() == [75.5]


def test_what_lies_beyond_a_depth_is_another_spelling_of_the_same_network(make):
    ops, top1 = make(f"{KS},{E},{D},70\n{KS.replace('0-0', '3-7')},{E.replace('0-0', '4-6')},{D},71\n").all()
    assert ops.tolist() == [OPS] and top1.tolist() == [70.5]


def test_repeated_measurements_are_weighted_by_their_number(make):
    _, top1 = make(f"{KS},{E},{D},70,3\n{KS},{E},{D},74,1\n", "ks,e,d,top1,n").all()
    assert top1.tolist() == [71]


def test_a_changed_file_is_read_again(make):
    source = make(f"{KS},{E},{D},70\n")
    assert source.all()[1].tolist() == [70]
    source.path.write_text(f"ks,e,d,top1\n{KS},{E},{D},71\n")
    os.utime(source.path, ns=(1, 1))
    assert source.all()[1].tolist() == [71]
    source.path.unlink()
    with pytest.raises(BenchmarkError, match=r"no table can be read from .*traces\.csv"):
        source.all()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"{KS}-3,{E},{D},75", "ks has 21 values; allowed: 20"),
        (f"{KS},{E},{D}-2,75", "d has 6 values; allowed: 5"),
        (f"{KS},{E},5-4-4-4-4,75", "depth of stage 1 is 5; allowed: 2, 3, 4"),
        (f"{KS},{E},3-4-4-4-4,75", "kernel in slot 1.3 is 0; allowed: 3, 5, 7"),
        (f"{KS.replace('0-0', '9-0')},{E},{D},75", "ks has 9; allowed: 0, 3, 5, 7"),
        (f"{KS},{E.replace('3-4', '3-5')},{D},75", "e has 5; allowed: 0, 3, 4, 6"),
        (f"{KS.replace('5', 'x')},{E},{D},75", "ks is '3-x-.*'; allowed: whole numbers joined by -"),
        (f"{KS},,{D},75", "e is ''; allowed: whole numbers joined by -"),
        (f"{KS},{E},{D},high", r"top1 is 'high'; allowed: a number from 0 to 100 \(%\)"),
        (f"{KS},{E},{D},", "top1 is ''"),
        (f"{KS},{E},{D},nan", "top1 is 'nan'"),
        (f"{KS},{E},{D},100.1", "top1 is '100.1'"),
        (f"{KS},{E},{D},-1", "top1 is '-1'"),
        (f"{KS},{E},{D}", "3 cells; the first line has 4"),
    ],
)
def test_a_wrong_line_is_named(make, line, message):
    with pytest.raises(BenchmarkError, match=rf"^traces\.csv, line 3: {message}"):
        make(f"{KS},{E},{D},75\n{line}\n").all()


@pytest.mark.parametrize("count", ["0", "-1", "inf", "nan", ""])
def test_a_wrong_number_of_measurements(make, count):
    with pytest.raises(BenchmarkError, match=rf"line 2: n is '{count}'; allowed: a number above 0"):
        make(f"{KS},{E},{D},75,{count}\n", "ks,e,d,top1,n").all()


def test_files_that_are_none(make, tmp_path, nasbench201):
    with pytest.raises(BenchmarkError, match="has a first line and no networks"):
        make("").all()
    with pytest.raises(BenchmarkError, match=r"no value is above 0\.75; allowed: test accuracy in %"):
        make(f"{KS},{E},{D},0.75\n").all()
    with pytest.raises(BenchmarkError, match=r"traces\.csv, line 1: allowed: the columns ks, e, d, top1"):
        make("", "ks,e,d")
    with pytest.raises(BenchmarkError, match=r"traces\.csv has networks of mobilenetv3; asked for: nasbench201"):
        OfaMeasured(tmp_path / "traces.csv", nasbench201)


def test_a_given_file_of_either_format(make, tmp_path, space):
    path = make(f"{KS},{E},{D},75\n").path
    assert isinstance(measured("mobilenetv3", "imagenet1k", table=path), OfaMeasured)
    text = space.format(space.architecture(OPS))
    path.write_text(f"arch_str,imagenet1k\n{text},74\n")
    assert isinstance(measured("mobilenetv3", "imagenet1k", table=path), CsvTable)
    path.write_text(f"arch_str,imagenet1k,ks,e,d,top1\n{text},74,,,,\n")  # its own columns would be left over
    assert isinstance(measured("mobilenetv3", "imagenet1k", table=path), CsvTable)
    path.write_text("net,acc\n")
    with pytest.raises(BenchmarkError, match=r"found: net, acc; allowed: arch_str and .*; or ks, e, d, top1$"):
        measured("mobilenetv3", "imagenet1k", table=path)
    with pytest.raises(BenchmarkError, match="asked for: nasbench201"):
        measured("nasbench201", "cifar10", table=make(f"{KS},{E},{D},75\n").path)


def test_it_is_found_through_the_variable(make, tmp_path, monkeypatch, space, nasbench201):
    path = make(f"{KS},{E},{D},75\n").path
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")  # other files of the directory do not matter
    (tmp_path / "b.csv").write_text("arch_str,imagenet1k\n")
    for place in (path, tmp_path):
        monkeypatch.setenv("DNAG_DATA", str(place))
        (found,) = installed_benchmarks(space)
        assert isinstance(found, OfaMeasured) and found.path == path
        assert not any(isinstance(source, OfaMeasured | CsvTable) for source in installed_benchmarks(nasbench201))
    path.rename(tmp_path / "mobilenetv3.csv")  # the name a plain table is looked for under
    assert [source.name for source in installed_benchmarks(space)] == ["ofa"]
    (tmp_path / "mobilenetv3.csv").write_text("arch_str,imagenet1k\n")
    assert [source.name for source in installed_benchmarks(space)] == ["csv"]


def test_how_to_add_names_the_columns():
    assert "or with ks, e, d, top1" in how_to_add("mobilenetv3", "imagenet1k")
    assert "top1" not in how_to_add("nasbench201", "cifar10")


def test_the_measured_networks(shared_data, space):
    source = measured("mobilenetv3", "imagenet1k", table=shared_data("ofa_mbv3_w1.0_r224_measured.csv"))
    assert isinstance(source, OfaMeasured)
    ops, top1 = source.all()
    assert ops.shape == (1081, 20) and top1.shape == (1081,)
    assert all(space.check(row) is None for row in ops.tolist())
    assert float(top1.min()) == pytest.approx(70.998) and float(top1.max()) == pytest.approx(77.452)
