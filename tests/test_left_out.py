"""Candidates for a dataset that was left out, on made data: what is looked up, and that training is not repeated."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Generator

from dnag import meta_training, transfer_commands
from dnag.benchmarks.meta_records import OfficialRecords
from dnag.bundle import ModelStore
from dnag.evaluation import left_out
from dnag.evaluation.left_out import left_out_figures
from dnag.meta_training import MetaData, train_meta
from dnag.spaces.base import spaces

SPACE = spaces["nasbench201"]()


@pytest.fixture
def data() -> MetaData:
    """Six classes, a few records, and two tables: in one a 3×3 convolution on the first edge is worth 20 points."""
    generator = Generator().manual_seed(0)
    features = torch.randn(6, 4, 1280, generator=generator)
    task = torch.arange(64) % 4
    classes = torch.stack([torch.randperm(6, generator=generator)[:3] for _ in range(4)])
    records = OfficialRecords(
        classes, task, SPACE.sample_ops(64, generator), 50 + 10.0 * task, torch.zeros(64, dtype=torch.bool)
    )
    conv = SPACE.op_names.index("nor_conv_3x3")
    first = int(SPACE.drawing.slots[0].node)
    table = 60 + 20.0 * (SPACE.all_ops[:, first] == conv)
    draws = [torch.arange(3)]
    tables = {"cifar10": (draws, table), "cifar100": (draws, torch.full((SPACE.size,), 70.0))}
    return MetaData(features, torch.zeros(1280), torch.ones(1280), records, tables)


def test_figures_are_looked_up_in_the_table_left_out(
    data: MetaData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(left_out, "SAMPLES", 12)
    monkeypatch.setattr(meta_training, "TASKS", 2)
    trained: list[list[str]] = []

    def quick(space: Any, given: MetaData, **more: Any) -> Any:
        trained.append(list(given.tables))
        return train_meta(space, given, steps=2, guidance_steps=2, **{**more, "state_path": None})

    monkeypatch.setattr(left_out, "train_meta", quick)
    told: list[str] = []
    for _ in range(2):  # the second time nothing is trained
        figures = left_out_figures(SPACE, data, ModelStore(), tmp_path / "models", seeds=2, tell=told.append)
    assert trained == [["cifar100"], ["cifar10"]]
    values = {figure.name: figure for figure in figures}
    assert len(values) == 6
    flat = [figure for name, figure in values.items() if name.startswith("CIFAR-100")]
    assert [figure.value for figure in flat] == [70.0] * 3 and [figure.exact for figure in flat] == [70.0] * 3
    steep = [figure for name, figure in values.items() if name.startswith("CIFAR-10,")]
    assert all(figure.exact == 80.0 for figure in steep)
    mean, worst, random = (figure.value for figure in steep)
    assert mean in (60.0, 70.0, 80.0) and worst in (60.0, 80.0) and random in (60.0, 70.0, 80.0)
    assert mean is not None and worst is not None and mean >= worst


@pytest.mark.parametrize("name", [" cifar100", "imagenet16-120"])
def test_a_table_that_is_not_there_is_refused_before_any_training(data: MetaData, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"no table of '{name}' to leave out; allowed: cifar10, cifar100"):
        left_out_figures(SPACE, data, ModelStore(), tmp_path, tables=("cifar10", name), tell=lambda _: None)
    assert not any(tmp_path.iterdir())


def test_names_may_have_spaces_around_them(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(transfer_commands, "meta_data", lambda *_: None)
    monkeypatch.setattr(left_out, "left_out_figures", lambda *_, tables, tell: asked.append(tables))
    for text in ("cifar10, cifar100", ""):
        transfer_commands.evaluate_left_out(SPACE, Namespace(datasets=text), print)
    assert asked == [("cifar10", "cifar100"), ()]
