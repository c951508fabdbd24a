"""Small runs of every kind, for tests of what keeps them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from dnag.bundle import ModelStore
from dnag.datasets.features import FeatureSet
from dnag.run_result import RunResult
from dnag.run_settings import RunSettings
from dnag.runs import run
from dnag.transfer import settings_for

MODELS = ModelStore()
KINDS = ("nasbench201", "mobilenetv3", "own")


def settings_of(kind: str) -> RunSettings:
    """Settings of a quick run in a space, or for a dataset of one's ``own``."""
    small: dict[str, Any] = {"samples": 8, "steps": 4, "device": "cpu"}
    if kind == "own":
        features = torch.randn(3, 4, 1280, generator=torch.Generator().manual_seed(0))
        own = FeatureSet("pets", ("a", "b", "c"), features, "efficientnet_lite0", 128)
        return RunSettings(**settings_for("nasbench201", own, MODELS), **small)
    if kind == "mobilenetv3":
        return RunSettings(space=kind, under="macs_m=300", resolution=192, **small)
    return RunSettings(space=kind, **small)


def small_runs(cache: Path) -> dict[str, RunResult]:
    """A run of each of ``KINDS``; ``cache`` takes the features of the last."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        return {kind: run(settings_of(kind), store=MODELS, keep_frames=5, compare=True) for kind in KINDS}


def same(first: RunResult, second: RunResult) -> None:
    """Fails unless both results are equal in every number."""
    for field in dataclasses.fields(RunResult):
        _same(getattr(first, field.name), getattr(second, field.name), field.name)


def _same(one: Any, two: Any, name: str) -> None:
    assert type(one) is type(two), name
    if isinstance(one, torch.Tensor):
        assert one.dtype == two.dtype and torch.equal(one, two), name
    elif isinstance(one, dict):
        assert list(one) == list(two), name
        for key in one:
            _same(one[key], two[key], f"{name}[{key}]")
    elif isinstance(one, list | tuple):
        assert len(one) == len(two), name
        for index, pair in enumerate(zip(one, two, strict=True)):
            _same(*pair, f"{name}[{index}]")
    elif dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            _same(getattr(one, field.name), getattr(two, field.name), f"{name}.{field.name}")
    else:
        assert one == two, name
