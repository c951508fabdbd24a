"""Tables of the user's own."""

from __future__ import annotations

import os
import pickle

import pytest

from dnag.benchmarks import BenchmarkError
from dnag.benchmarks.base import installed_benchmarks
from dnag.benchmarks.csv_table import CsvTable
from dnag.spaces import spaces

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"
OTHER = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


@pytest.fixture
def make(tmp_path, nasbench201):
    def write(text: str | bytes, name: str = "table.csv") -> CsvTable:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return CsvTable(path, nasbench201)

    return write


def test_columns_by_either_name(make, nasbench201):
    source = make(f"index,arch_str,c10_test,ImageNet16-120,note\n0,{CELL},93.66,,good\n1,{OTHER},10,0.8333,\n")
    assert source.datasets == ("cifar10", "imagenet16-120")
    assert source.label == "table.csv"
    cell, other = nasbench201.parse(CELL), nasbench201.parse(OTHER)
    assert source.query(cell, "cifar10").accuracy_pct == 93.66
    assert source.query(other, "cifar10").accuracy_pct == 10
    assert source.query(cell, "imagenet16-120") is None  # an empty cell
    assert source.query(cell, "cifar100") is None  # no such column
    assert source.query(nasbench201.parse(CELL.replace("avg_pool", "nor_conv")), "cifar10") is None  # no such line


def test_what_a_spreadsheet_writes_is_read(make, nasbench201):
    source = make(b"\xef\xbb\xbfarch_str , CIFAR10\r\n" + f'"{CELL}", 93.66\r\n\r\n'.encode())
    assert source.query(nasbench201.parse(CELL), "cifar10").accuracy_pct == 93.66


def test_the_whole_table(nasbench201, shared_data):
    source = CsvTable(shared_data("nb201_accuracy.csv"), nasbench201)
    assert source.datasets == ("cifar10", "cifar100", "imagenet16-120")
    best = {dataset: float(source.table(dataset).max()) for dataset in source.datasets}
    assert best == pytest.approx({"cifar10": 94.3733, "cifar100": 73.5133, "imagenet16-120": 47.3111}, abs=1e-4)
    assert not bool(source.table("cifar100").isnan().any())


def test_a_changed_file_is_read_again(make, nasbench201):
    source = make(f"arch_str,cifar10\n{CELL},93\n")
    cell = nasbench201.parse(CELL)
    assert source.query(cell, "cifar10").accuracy_pct == 93
    source.path.write_text(f"arch_str,cifar10\n{CELL},92\n")
    os.utime(source.path, ns=(1, 1))
    assert source.query(cell, "cifar10").accuracy_pct == 92
    source.path.unlink()
    with pytest.raises(BenchmarkError, match=r"no table can be read from .*table\.csv"):
        source.query(cell, "cifar10")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "",
            r"table\.csv, line 1: no single column arch_str; found: none; allowed: arch_str and .*cifar10, .*c10_test",
        ),
        ("arch,cifar10\n", r"line 1: no single column arch_str; found: arch, cifar10"),
        ("arch_str,arch_str,cifar10\n", "line 1: no single column arch_str"),
        ("arch_str,accuracy\n", r"line 1: no column of a dataset; found: arch_str, accuracy; allowed: .*cifar100"),
        ("arch_str,cifar10,c10_test\n", "line 1: two columns for cifar10: cifar10, c10_test"),
        (pickle.dumps({"arch_str": 1}), r"table\.csv"),
        (b"\xff\xfe\x00a", r"table\.csv is no CSV table"),
    ],
)
def test_a_wrong_first_line(make, text, message):
    with pytest.raises(BenchmarkError, match=message):
        make(text)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", r"table\.csv has a first line and no architectures"),
        (f"{CELL},93\n|conv~0|,92\n", r"table\.csv, line 3: '\|conv~0\|' is not a NAS-Bench-201 cell; allowed: \|op~0"),
        (
            f"{CELL.replace('3x3', '5x5')},93\n",
            r"line 2: unknown operation 'nor_conv_5x5'; allowed: none, skip_connect",
        ),
        (f"{CELL},93\n{CELL},92\n", r"line 3: .* a second time; allowed: one line per architecture"),
        (f"{CELL}\n", "line 2: 1 cells; the first line has 2"),
        (f"{CELL},93,94\n", "line 2: 3 cells; the first line has 2"),
        (f"{CELL},high\n", r"line 2: cifar10 is 'high'; allowed: a number from 0 to 100 \(%\), or nothing"),
        (f"{CELL},100.5\n", r"line 2: cifar10 is '100\.5'"),
        (f"{CELL},-1\n", "line 2: cifar10 is '-1'"),
        (f"{CELL},nan\n", "line 2: cifar10 is 'nan'"),
        (f"{CELL},inf\n", "line 2: cifar10 is 'inf'"),
        (f"{CELL},0.9366\n", r"no value is above 0\.9366; allowed: test accuracy in %"),
    ],
)
def test_a_wrong_line_is_named(make, lines, message, nasbench201):
    source = make(f"arch_str,cifar10\n{lines}")
    with pytest.raises(BenchmarkError, match=message):
        source.query(nasbench201.parse(CELL), "cifar10")


def test_no_file(tmp_path, nasbench201):
    with pytest.raises(BenchmarkError, match=r"no table can be read from .*gone\.csv: No such file"):
        CsvTable(tmp_path / "gone.csv", nasbench201)
    with pytest.raises(BenchmarkError, match="Is a directory"):
        CsvTable(tmp_path, nasbench201)


def test_a_table_of_one_space_is_no_source_for_the_others(tmp_path, monkeypatch):
    path = tmp_path / "mine.csv"
    path.write_text("arch_str,cifar10\n|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,10\n")
    monkeypatch.setenv("DNAG_DATA", str(path))
    labels = {name: [source.label for source in installed_benchmarks(spaces[name]())] for name in sorted(spaces)}
    assert "mine.csv" in labels["nasbench201"] and "mine.csv" not in labels["mobilenetv3"]
