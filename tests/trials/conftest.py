"""Small made data that a small network learns, and recipes that take a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnag.trials.data import TrialData
from dnag.trials.recipe import Recipe
from dnag.trials.store import TrialStore

COLOURS = np.array([[200, 60, 60], [60, 200, 60], [60, 60, 200]])


def blobs(train: int = 96, test: int = 48, size: int = 8, seed: int = 0) -> TrialData:
    """Noisy squares of three colours, a class each."""
    generator = np.random.default_rng(seed)

    def part(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(count) % 3
        noise = generator.normal(0, 40, (count, size, size, 3))
        return np.clip(COLOURS[labels][:, None, None] + noise, 0, 255).astype(np.uint8), labels

    return TrialData(*part(train), *part(test), class_names=("red", "green", "blue"))


@pytest.fixture(scope="session")
def data() -> TrialData:
    return blobs()


@pytest.fixture(scope="session")
def npz(data: TrialData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "blobs.npz"
    np.savez(
        path,
        x_train=data.train_images,
        y_train=data.train_labels,
        x_test=data.test_images,
        y_test=data.test_labels,
    )
    return path


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return Recipe(epochs=4, batch_size=16, lr=0.1, crop=1, flip=True, cutout=2, warmup=0.5, width=0.25, cells=1)


@pytest.fixture
def store(tmp_path: Path) -> TrialStore:
    return TrialStore(tmp_path / "trials.sqlite")
