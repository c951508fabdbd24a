"""Data sets made for the tests, and a cache of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def picture(seed: int, width: int = 24, height: int = 24, mode: str = "RGB") -> Image.Image:
    """Noise around a colour of its own."""
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 256, 3) * 0.8 + draw.integers(0, 51, (height, width, 3))
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


MakeFolder = Callable[[Mapping[str, int]], Path]


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """``make_folder({"cat": 3, "dog": 5})``: a folder of PNG files by class."""

    def make(classes: Mapping[str, int], root: str = "pictures") -> Path:
        for number, (name, count) in enumerate(classes.items()):
            folder = tmp_path / root / name
            folder.mkdir(parents=True)
            for index in range(count):
                picture(1000 * number + index).save(folder / f"{index:03}.png")
        return tmp_path / root

    return make
