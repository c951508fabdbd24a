r"""Images from a folder or a zip archive that nobody has vouched for.

A class is a folder of images, named after it; images in deeper folders belong to it as well. Folders around the class
folders are passed over, a folder of images alone is a single class, and where the classes lie in ``train`` and ``test``
each of the two is read by itself. Two published layouts that keep their labels in lists are known, see
:mod:`dnag.datasets.layouts`.

What is too much or meant to do harm is refused with one :class:`DatasetError` (see :class:`ImageLimits`); what is only
unusual is left out or converted, and recorded in ``warnings``. A zip archive is unpacked into a new folder within the
work folder that the caller gives, and nothing is written anywhere else. Only the headers are read at first; a picture
is decoded when it is asked for, by Pillow's readers of the formats below.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from PIL import Image, ImageOps

from dnag.archives import LIMITS as ARCHIVE_LIMITS
from dnag.archives import MB, ArchiveError, ArchiveLimits, unpack_zip
from dnag.datasets.base import DatasetError, Pixels, printable
from dnag.datasets.layouts import Layout, listed_layout

FORMATS = {  # Pillow's name -> file name endings; leaves out the readers that call other programs, as for EPS
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg"),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm"),
}
ENDINGS = tuple(ending for endings in FORMATS.values() for ending in endings)
JUNK = ("__macosx", "thumbs.db", "desktop.ini")
SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test", "val": "val", "validation": "val"}
GREY = ("1", "L", "LA", "I", "F")
FEW = 20


@dataclass(frozen=True)
class ImageLimits:
    """What a data set of images may hold.

    Attributes:
        archive: of a zip archive: its size, packed and unpacked, the number of its entries, its ratio.
        files: files in a folder.
        total_mb: size of all images, in MiB.
        image_mb: size of the file of one image, in MiB.
        pixels: width times height of one image.
        classes: number of classes.
    """

    archive: ArchiveLimits = ARCHIVE_LIMITS
    files: int = 200_000
    total_mb: int = 8192
    image_mb: int = 64
    pixels: int = 50_000_000
    classes: int = 1000


LIMITS = ImageLimits()


@dataclass(frozen=True)
class ImageSet:
    """Images on disk, by class; an :class:`~dnag.datasets.base.ImageSource`.

    Attributes:
        root: the folder they are in.
        name: of the data set, for users.
        class_names: one a class, (C,).
        files: of each class, in the order of their names.
        warnings: what a user should know of the data, a sentence each.
        splits: parts that the data set came in, such as ``("test", "train")``.
        limits: what it was held to.
    """

    root: Path
    name: str
    class_names: tuple[str, ...]
    files: tuple[tuple[Path, ...], ...]
    warnings: tuple[str, ...] = ()
    splits: tuple[str, ...] = ("train",)
    limits: ImageLimits = LIMITS

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(map(len, self.files))

    def pixels(self, label: int, index: int, size: int) -> Pixels:
        path = self.files[label][index]
        try:
            with _open(path, self.limits) as image:
                return square(image, size)
        except DatasetError:
            raise
        except Exception as error:  # a damaged picture can raise nearly anything
            raise DatasetError(f"{_shown(path)} cannot be decoded: {error}") from None


def read_images(
    source: Path,
    *,
    work: Path | None = None,
    limits: ImageLimits = LIMITS,
    split: str = "train",
    name: str | None = None,
) -> ImageSet:
    """The images of a folder or a zip archive, by class.

    Args:
        source: a folder, or a zip archive of one.
        work: a folder to unpack an archive in, where the images must stay as long as they are used.
        split: which part to read where the data set comes in several.
        name: of the data set; default: that of ``source``.

    Raises:
        DatasetError: if ``source`` is no such thing, holds no image, or exceeds ``limits``.
    """
    place = source.resolve()
    name = printable(name or (place.name if place.is_dir() else place.stem) or str(source))
    notes: Counter[str] = Counter()
    if source.is_dir():
        return _read(source, name, split, notes, limits)
    if not source.exists():
        raise DatasetError(f"no folder or zip archive {str(source)!r}")
    if not source.is_file() or not zipfile.is_zipfile(source):
        raise DatasetError(f"{_shown(source)} is no data set; allowed: a folder of images or a zip archive of one")
    if work is None:
        raise DatasetError(f"{name} is an archive; give a work folder to unpack it in")
    work.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="images-", dir=work))
    try:
        left = unpack_zip(source, folder / "images", limits.archive, _wanted)
        notes["other"] += sum(not _junk(name) for name in left)
        return _read(folder / "images", name, split, notes, limits)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, ArchiveError):
            raise DatasetError(str(error)) from None
        raise


def _read(root: Path, name: str, split: str, notes: Counter[str], limits: ImageLimits) -> ImageSet:
    files = _walk(root, limits, notes)
    parts = listed_layout(root) or _folders(root, files, name, notes)
    if split not in parts:
        raise DatasetError(f"{name} has no part {split!r}; allowed: {', '.join(sorted(parts))}")
    return _checked(root, name, parts[split], tuple(sorted(parts)), notes, limits)


# ---------------------------------------------------------------------- files


def _junk(name: str) -> bool:
    """Whether an operating system left it there; such things are passed over in silence."""
    return any(part.startswith(".") or part.lower() in JUNK for part in PurePath(name.replace("\\", "/")).parts)


def _wanted(name: str) -> bool:
    return not _junk(name) and name.lower().endswith((*ENDINGS, ".txt"))


def _walk(root: Path, limits: ImageLimits, notes: Counter[str]) -> list[Path]:
    """Paths of all images below ``root``, relative to it, in order. Links are not followed, devices not opened."""
    found, seen, total = [], 0, 0
    for folder, folders, names in os.walk(root):
        inside = Path(folder).relative_to(root)
        notes["linked"] += sum(os.path.islink(os.path.join(folder, name)) for name in folders)
        folders[:] = sorted(name for name in folders if not _junk(name))
        for name in sorted(names):
            if (seen := seen + 1) > limits.files:
                raise DatasetError(f"{root.name} has more than {limits.files:,} files; allowed: up to that")
            if _junk(name):
                continue
            about = os.lstat(os.path.join(folder, name))
            if not stat.S_ISREG(about.st_mode):
                notes["linked"] += 1
            elif not name.lower().endswith(ENDINGS):
                notes["other"] += 1
            elif about.st_size > limits.image_mb * MB:
                raise DatasetError(
                    f"{printable(name)} has {about.st_size / MB:,.0f} MiB; allowed: up to {limits.image_mb} an image"
                )
            else:
                total += about.st_size
                found.append(inside / name)
        if total > limits.total_mb * MB:
            raise DatasetError(f"{root.name} has more than {limits.total_mb:,} MiB of images; allowed: up to that")
    return found


def _folders(root: Path, files: list[Path], name: str, notes: Counter[str]) -> Layout:
    """Part -> class -> images, from the folders alone."""
    outer: tuple[str, ...] = ()
    while True:
        below = [path.parts[len(outer) :] for path in files]
        tops = {parts[0] for parts in below if len(parts) > 1}
        loose = [path for path, parts in zip(files, below, strict=True) if len(parts) == 1]
        if loose or len(tops) != 1 or not all(len(parts) > 2 for parts in below):
            break
        outer += (tops.pop(),)  # a folder around the class folders
    if not files:
        raise DatasetError(
            f"{name} holds no image; allowed: folders of {', '.join(ending[1:] for ending in ENDINGS)} files"
        )
    depth = len(outer)
    if not tops:
        return {"train": {name: [root / path for path in files]}}
    nested = [path for path in files if len(path.parts) > depth + 1]
    if all(top.lower() in SPLITS for top in tops):
        parts: dict[str, list[Path]] = {}
        for path in nested:
            if len(path.parts) > depth + 2:
                parts.setdefault(SPLITS[path.parts[depth].lower()], []).append(path)
        if "train" in parts:
            notes["loose"] += len(files) - sum(map(len, parts.values()))
            return {split: _group(root, paths, depth + 1) for split, paths in parts.items()}
    notes["loose"] += len(loose)
    return {"train": _group(root, nested, depth)}


def _group(root: Path, files: list[Path], depth: int) -> dict[str, list[Path]]:
    classes: dict[str, list[Path]] = {}
    for path in files:
        classes.setdefault(path.parts[depth], []).append(root / path)
    return dict(sorted(classes.items()))


# ---------------------------------------------------------------------- checks


def _checked(
    root: Path,
    name: str,
    classes: Mapping[str, list[Path]],
    splits: tuple[str, ...],
    notes: Counter[str],
    limits: ImageLimits,
) -> ImageSet:
    """Leave out what is no image; say what is unusual."""
    if len(classes) > limits.classes:
        raise DatasetError(f"{name} has {len(classes):,} classes; allowed: up to {limits.classes:,}")
    good: dict[str, tuple[Path, ...]] = {}
    bad: list[str] = []
    grey = total = 0
    for class_name, paths in classes.items():
        kept = []
        for path in paths:
            total += 1
            try:
                with _open(path, limits) as image:
                    grey += image.mode in GREY or image.mode.startswith("I;16")
                kept.append(path)
            except DatasetError as error:
                bad.append(str(error))
        shown = printable(class_name)
        while shown in good:  # two names may differ only in what cannot be shown
            shown += "′"
        good[shown] = tuple(kept)
    if len(bad) * 2 > total:
        raise DatasetError(f"{len(bad):,} of the {total:,} images of {name} cannot be read; the first: {bad[0]}")
    empty = [class_name for class_name, paths in good.items() if not paths]
    good = {class_name: paths for class_name, paths in good.items() if paths}
    warnings = [
        (bad, f"{_images(len(bad))} left out as unreadable: {bad[0] if bad else ''}"),
        (empty, f"without a readable image, left out: {_listed(empty)}"),
        (notes["other"], f"{_files(notes['other'])} other than images left out"),
        (notes["linked"], f"{_files(notes['linked'])} left out as links or devices"),
        (notes["loose"], f"{_images(notes['loose'])} beside the class folders left out"),
        (grey, f"{'all' if grey == total - len(bad) else grey} of {_images(total - len(bad))} grey"),
        *few({class_name: len(paths) for class_name, paths in good.items()}),
    ]
    return ImageSet(
        root, name, tuple(good), tuple(good.values()), tuple(text for true, text in warnings if true), splits, limits
    )


def few(classes: Mapping[str, int]) -> list[tuple[bool, str]]:
    """What to say of classes with few images, and of a single class; each with whether it is to be said."""
    small = [name for name, count in classes.items() if count < FEW]
    return [
        (len(classes) == 1, "one class only: nothing to tell apart"),
        (bool(small), f"fewer than {FEW} images, so that some are used more than once: {_listed(small)}"),
    ]


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5:,} more"


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _shown(path: Path) -> str:
    return printable(f"{path.parent.name}/{path.name}" if path.parent.name else path.name)


def _open(path: Path, limits: ImageLimits) -> Image.Image:
    """The picture with its header read; ``DatasetError`` if it is none, or too large to be decoded."""
    try:
        image = Image.open(path, formats=tuple(FORMATS))
    except Image.DecompressionBombError:
        raise DatasetError(f"{_shown(path)} is too large; allowed: up to {limits.pixels / 1e6:g} M pixels") from None
    except Exception as error:
        reason = "" if isinstance(error, Image.UnidentifiedImageError) else f": {error}"
        raise DatasetError(f"{_shown(path)} is no image{reason}; allowed: {', '.join(FORMATS)}") from None
    if image.width * image.height > limits.pixels:
        image.close()
        what = f"{image.width:,} × {image.height:,} pixels"
        raise DatasetError(f"{_shown(path)} has {what}; allowed: up to {limits.pixels / 1e6:g} M")
    return image


# ---------------------------------------------------------------------- pixels


def square(image: Image.Image, size: int) -> Pixels:
    """The largest centred square of a picture, scaled to (size, size, 3).

    A picture is turned upright by its EXIF entry, transparency shows white, and 16 bits and more are scaled to 8.
    """
    if image.format == "JPEG":
        image.draft("RGB", (size, size))  # decodes photographs at a half, quarter or eighth, whatever suffices
    image = _rgb(ImageOps.exif_transpose(image))
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    if image.size != (size, size):
        box = (left, top, left + side, top + side)
        image = image.resize((size, size), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)
    return np.asarray(image, np.uint8)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.nan_to_num(np.asarray(image, np.float32))
        low, high = (0.0, 65535.0) if image.mode.startswith("I") else (float(values.min()), float(values.max()))
        if image.mode == "I" and values.max() < 256:
            high = 255.0
        scaled = (values - low) * (255 / max(high - low, 1e-12))
        return Image.fromarray(scaled.clip(0, 255).round().astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    return image.convert("RGB")
