"""Images of the datasets that search spaces name, where the user has put them: in the folder ``DNAG_DATA``."""

from __future__ import annotations

from pathlib import Path

from dnag.benchmarks.base import user_directory

DISTRIBUTED = {
    "cifar10": ("cifar-10-batches-py", "cifar-10-batches-bin"),
    "cifar100": ("cifar-100-python", "cifar-100-binary"),
}
"""Dataset -> what its archives unpack to."""


def image_names(dataset: str) -> tuple[str, ...]:
    """What the images of a dataset may be called, each a form that :func:`~dnag.datasets.image_dataset` reads."""
    return (f"{dataset}.npz", dataset, *DISTRIBUTED.get(dataset, ()))


def installed_images(dataset: str) -> Path | None:
    """Where the images are, None if they are not there. ``BenchmarkError`` if ``DNAG_DATA`` names nothing."""
    folder = user_directory()
    if folder is None or not folder.is_dir():
        return None
    return next((path for name in image_names(dataset) if (path := folder / name).exists()), None)
