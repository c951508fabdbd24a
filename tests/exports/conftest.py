"""Subjects to export: one of each search space, with everything that a format may ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch

from dnag.exports import Subject
from dnag.playback import player_payload
from dnag.spaces.base import Architecture, SearchSpace, spaces

FRAMES = 7


def trajectory_of(space: SearchSpace, arch: Architecture, frames: int = FRAMES) -> Mapping[str, Any]:
    """From everything alike to the architecture, in even steps."""
    share = torch.linspace(0, 1, frames)[:, None, None]
    probability = share * space.encode([arch]) + (1 - share) / space.num_ops
    level = torch.linspace(5, 0.1, frames)
    value = torch.linspace(60, 70, frames)
    packed = (255 * probability).round().to(torch.uint8)
    return player_payload(space, level, packed, value, title="Denoising <b>", final=space.format(arch))


@pytest.fixture
def subject_of() -> Callable[..., Subject]:
    """``subject_of(space)``: an architecture of a space, images of 32 pixels; keyword arguments change the rest."""

    def make(name: str, **changes: Any) -> Subject:
        space = spaces[name]()
        arch = changes.pop("arch", None) or space.sample(1, torch.Generator().manual_seed(3))[0]
        facts = {"rank": 2, "predicted_accuracy_pct": 93.456, "measured_accuracy_pct": None}
        known: dict[str, Any] = {"num_classes": 7, "resolution": 32, "facts": facts}
        known["trajectory"] = trajectory_of(space, arch)
        return Subject(space, arch, **{**known, **changes})

    return make


@pytest.fixture(params=list(spaces))
def subject(request: pytest.FixtureRequest, subject_of: Callable[..., Subject]) -> Subject:
    """One subject of each space."""
    return subject_of(request.param)
