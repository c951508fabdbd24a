"""What every source of measured values must do, and which one is asked."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch

from dnag.benchmarks import (
    Benchmark,
    BenchmarkError,
    OutOfDomainError,
    Record,
    benchmarks,
    how_to_add,
    installed_benchmarks,
    measured,
)
from dnag.spaces import Architecture, spaces

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"


@pytest.fixture(autouse=True)
def no_data_of_the_user(monkeypatch):
    monkeypatch.delenv("DNAG_DATA", raising=False)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(f"arch_str,cifar100\n{CELL},71.5\n")
    return path


def best(dataset: str, **options) -> Benchmark:
    source = measured("nasbench201", dataset, **options)
    assert source is not None
    return source


def value(source: Benchmark, cell: str, dataset: str) -> Record:
    record = source.query(spaces["nasbench201"]().parse(cell), dataset)
    assert record is not None
    return record


@pytest.mark.parametrize("name", list(benchmarks))
def test_every_source_describes_itself(name):
    cls = benchmarks[name]
    assert issubclass(cls, Benchmark) and cls.name == name
    assert cls.note and isinstance(cls.preference, int)


def test_preferences_are_distinct():
    order = [cls.preference for cls in benchmarks.values()]
    assert len(set(order)) == len(order)


@pytest.mark.parametrize("name", list(benchmarks))
def test_no_source_is_found_for_a_space_nobody_measured(name, nasbench201, tmp_path, monkeypatch):
    monkeypatch.setattr(type(nasbench201), "name", "toy")
    assert benchmarks[name].find(nasbench201, tmp_path) is None


def test_what_is_installed_answers(nasbench201):
    found = installed_benchmarks(nasbench201)
    assert [source.name for source in found] == ["analog"]
    record = value(found[0], CELL, "cifar10")
    assert record.source == "independent re-training" and 90 < record.accuracy_pct < 95
    assert found[0].query(nasbench201.parse(CELL), "cifar100") is None


def test_questions_outside_the_domain_name_what_came_and_what_is_allowed(nasbench201):
    source = best("cifar10")
    with pytest.raises(OutOfDomainError, match=r"'mobilenetv3'.*nasbench201"):
        source.query(Architecture("mobilenetv3", (0,) * 20), "cifar10")
    with pytest.raises(OutOfDomainError, match=r"'mnist'.*cifar10, cifar100, imagenet16-120"):
        source.query(nasbench201.parse(CELL), "mnist")
    with pytest.raises(ValueError, match=r"'mnist'.*cifar10, cifar100"):
        measured("nasbench201", "mnist")
    with pytest.raises(ValueError, match=r"'nasbench'.*nasbench201"):
        measured("nasbench", "cifar10")


def test_a_given_table_comes_first_where_it_has_the_dataset(table):
    assert measured("nasbench201", "cifar100") is None
    assert value(best("cifar100", table=table), CELL, "cifar100") == Record(71.5, "mine.csv")
    assert best("cifar10", table=table).name == "analog"
    assert measured("nasbench201", "imagenet16-120", table=table) is None


def test_a_table_is_found_through_the_variable(table, monkeypatch):
    monkeypatch.setenv("DNAG_DATA", str(table))
    assert best("cifar100").label == "mine.csv"
    monkeypatch.setenv("DNAG_DATA", str(table.parent))
    assert measured("nasbench201", "cifar100") is None
    assert str(table.parent) in how_to_add("nasbench201", "cifar100")
    table.rename(table.parent / "nasbench201.csv")
    assert best("cifar100").label == "nasbench201.csv"


def test_a_variable_that_names_nothing_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("DNAG_DATA", str(tmp_path / "gone"))
    with pytest.raises(BenchmarkError, match=r"DNAG_DATA is '.*gone', which does not exist; allowed: a directory or"):
        measured("nasbench201", "cifar10")


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100", "imagenet16-120"])
def test_a_missing_source_says_how_to_add_one(dataset, nasbench201):
    text = how_to_add("nasbench201", dataset)
    assert "no measured value installed" in text
    for part in (nasbench201.datasets[dataset].label, "DNAG_DATA", "NATS-tss-v1_0-3ffb9-simple", "arch_str", dataset):
        assert part in text


def test_values_of_the_whole_space(table, nasbench201):
    source = best("cifar100", table=table)
    values = source.table("cifar100")
    assert values.shape == (15_625,) and int(values.isnan().sum()) == 15_624
    index = int((~values.isnan()).nonzero())
    assert nasbench201.format(Architecture("nasbench201", tuple(nasbench201.all_ops[index].tolist()))) == CELL
    assert math.isclose(float(values[index]), 71.5)
    assert bool(source.table("cifar10").isnan().all())


def test_nothing_is_read_before_the_first_question():
    code = (
        "import sys, dnag.benchmarks as b\n"
        "source = b.measured('nasbench201', 'cifar10')\n"
        "from dnag.benchmarks.analog import read\n"
        "assert read.cache_info().currsize == 0\n"
        "assert not {'nats_bench', 'analognasbench', 'pkg_resources', 'pandas'} & set(sys.modules)\n"
        "source.table('cifar10')\n"
        "assert read.cache_info().misses == 1 and read.cache_info().hits == 15624\n"
        "assert 'analognasbench' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_values_are_ordinary_numbers():
    values = best("cifar10").table("cifar10")
    assert values.dtype == torch.get_default_dtype() and not bool(values.isnan().any())
