"""Published data sets whose labels stand in lists rather than in folder names.

FGVC-Aircraft (Maji et al., 2013, https://arxiv.org/abs/1306.5151): ``data/images_variant_trainval.txt`` holds lines
``1514522 707-320`` that name ``data/images/1514522.jpg`` and its variant.
Oxford-IIIT Pets (Parkhi et al., 2012): ``annotations/trainval.txt`` holds lines ``Abyssinian_100 1 1 1`` that name
``images/Abyssinian_100.jpg``, whose breed is what stands before the number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from dnag.datasets.base import DatasetError

Layout = dict[str, dict[str, list[Path]]]
"""Part (``train``, ``test``) -> class -> its images."""
MAX_LIST_BYTES = 16 * 2**20
_STEM = re.compile(r"[\w.-]+")


def listed_layout(root: Path) -> Layout | None:
    """The layout of ``root``, or of the one folder in it, if it is one of the two."""
    folders = [path for path in sorted(root.iterdir()) if path.is_dir()]
    for folder in (root, *(folders if len(folders) == 1 else ())):
        if (folder / "data" / "images_variant_trainval.txt").is_file():
            return _read(folder / "data", "images_variant_trainval.txt", "images_variant_test.txt", _variant)
        if (folder / "annotations" / "trainval.txt").is_file() and (folder / "images").is_dir():
            return _read(folder, "annotations/trainval.txt", "annotations/test.txt", _breed)
    return None


def _variant(line: str) -> tuple[str, str]:
    stem, _, label = line.partition(" ")
    return stem, label.strip()


def _breed(line: str) -> tuple[str, str]:
    stem = line.split()[0]
    return stem, stem.rpartition("_")[0].replace("_", " ")


def _read(folder: Path, train: str, test: str, parse: Callable[[str], tuple[str, str]]) -> Layout:
    found: Layout = {}
    for split, name in (("train", train), ("test", test)):
        if not (folder / name).is_file():
            continue
        classes = found.setdefault(split, {})
        for number, line in _lines(folder / name):
            stem, label = parse(line)
            if not _STEM.fullmatch(stem) or not label:
                raise DatasetError(f"{name}, line {number}: {line[:40]!r} names no image and class")
            path = folder / "images" / f"{stem}.jpg"
            if path.is_file() and not path.is_symlink():
                classes.setdefault(label, []).append(path)
        found[split] = dict(sorted(classes.items()))
    if not found["train"]:
        raise DatasetError(f"{train} lists no image that is there in {folder.name}/images")
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    if path.stat().st_size > MAX_LIST_BYTES:
        raise DatasetError(f"{path.name} is too long for a list of images; allowed: up to {MAX_LIST_BYTES:,} bytes")
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip()
