r"""Features of a data set: ``n`` images of each of ``C`` classes through a fixed extractor, a tensor (C, n, D').

The images of a class are drawn by the seed, without repetition as long as there are enough, else in turns. An image
that cannot be decoded gives way to the next and is recorded. The features of one class are cached under the hash of the
pixels that the extractor sees, so that a data set with one class changed is encoded in that class only, and a run that
was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from safetensors.torch import save_file
from torch import Tensor

from dnag.datasets.base import DatasetError, ImageSource, Pixels
from dnag.datasets.cache import TensorCache, cache_folder
from dnag.datasets.extractors.base import Extractor, extractors
from dnag.files import write_aside
from dnag.progress import Progress

FORMAT = 1
KEY = "dnag.features"
DEFAULT = "efficientnet_lite0"
PER_CLASS = 20
BATCH = 32
_ID = re.compile(r"[0-9a-f]{16}")
_HALF = re.compile("[\ud800-\udfff]")  # of a character: JSON can hold one, no file and no answer can


@dataclass(frozen=True)
class FeatureSet:
    """What an encoder of data sets reads.

    Attributes:
        name: of the data set.
        class_names: one a class, (C,).
        features: (C, n, D') float32.
        extractor: name of the extractor that made them.
        size: height and width of the images that it was shown, in pixels.
        seed: of the choice of images.
        warnings: what a user should know of the data, a sentence each.
    """

    name: str
    class_names: tuple[str, ...]
    features: Tensor
    extractor: str
    size: int
    seed: int = 0
    warnings: tuple[str, ...] = ()

    def save(self, path: Path) -> None:
        """Write a safetensors file with a JSON header, aside and then renamed."""
        header = {
            "format": FORMAT,
            "name": self.name,
            "class_names": list(self.class_names),
            "extractor": self.extractor,
            "size": self.size,
            "seed": self.seed,
            "warnings": list(self.warnings),
        }
        tensors = {"features": self.features.contiguous()}
        write_aside(path, lambda aside: save_file(tensors, aside, metadata={KEY: json.dumps(header)}))

    @classmethod
    def load(cls, path: Path) -> FeatureSet:
        """Read a file of :meth:`save`; ``DatasetError`` says what is wrong with it."""
        if not path.is_file():
            raise DatasetError(f"no file {path.name} of features in {path.parent.name or path.parent}")
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                header = json.loads((file.metadata() or {}).get(KEY, "null"))
                features = file.get_tensor("features") if header else None
        except Exception as error:
            raise DatasetError(f"{path.name} is damaged or no safetensors file: {error}") from None
        if not isinstance(header, dict) or header.get("format") != FORMAT or features is None:
            found = header.get("format") if isinstance(header, dict) else None
            raise DatasetError(f"{path.name} holds no features of format {FORMAT} (its format: {found})")
        return _checked(path.name, header, features)


def id_of(features: FeatureSet) -> str:
    """The id of features, which depends on nothing but them."""
    digest = hashlib.sha256(features.features.numpy().tobytes())
    digest.update(json.dumps([features.name, *features.class_names, features.extractor, features.size]).encode())
    return digest.hexdigest()[:16]


def keep(features: FeatureSet, folder: Path | None = None) -> str:
    """Write features into the user's cache folder; returns their id."""
    name = id_of(features)
    path = _place(name, folder)
    if not path.exists():
        features.save(path)
    return name


def is_id(text: str) -> bool:
    """Is this what :func:`keep` returns?"""
    return _ID.fullmatch(text) is not None


def recall(name: str, folder: Path | None = None) -> FeatureSet:
    """Features kept before. ``DatasetError`` if they are not there any more."""
    if not is_kept(name, folder):
        raise DatasetError(f"no features {name[:40]!r} here any more; encode the images again")
    return FeatureSet.load(_place(name, folder))


def is_kept(name: str, folder: Path | None = None) -> bool:
    """Whether there are features of this id."""
    return is_id(name) and _place(name, folder).is_file()


def forget(name: str, folder: Path | None = None) -> None:
    """Delete features kept before."""
    if is_id(name):
        _place(name, folder).unlink(missing_ok=True)


def _place(name: str, folder: Path | None) -> Path:
    return (folder or cache_folder() / "sets") / f"{name}.safetensors"


def _checked(file: str, header: dict[str, Any], features: Tensor) -> FeatureSet:
    kinds = {"name": str, "class_names": list, "extractor": str, "size": int, "seed": int, "warnings": list}
    wrong = [
        key
        for key, kind in kinds.items()
        if not isinstance(header.get(key), kind) or _HALF.search(json.dumps(header[key], ensure_ascii=False))
    ]
    if wrong:
        raise DatasetError(f"{file} has a damaged header: {wrong[0]} is {header.get(wrong[0])!r}")
    names = tuple(map(str, header["class_names"]))
    if features.ndim != 3 or features.dtype != torch.float32 or len(features) != len(names) or 0 in features.shape:
        shape = "×".join(map(str, features.shape))
        raise DatasetError(f"{file} has features of {shape} {features.dtype}; allowed: {len(names)}×n×D float32")
    if not features.isfinite().all():
        raise DatasetError(f"{file} has features that are not finite")
    warnings = tuple(map(str, header["warnings"]))
    return FeatureSet(header["name"], names, features, header["extractor"], header["size"], header["seed"], warnings)


def encode(
    images: ImageSource,
    extractor: str | Extractor = DEFAULT,
    *,
    per_class: int = PER_CLASS,
    seed: int = 0,
    size: int | None = None,
    cache: TensorCache | None = None,
    progress: Progress | None = None,
) -> FeatureSet:
    """Features of ``per_class`` images of each class.

    Args:
        extractor: a name of the registry, or an instance.
        seed: of the choice of images; another seed is another draw of the same data set.
        size: height and width of the images that the extractor is shown, in pixels; default: the extractor's.
        cache: where features are kept; default: in the user's cache folder.
        progress: told the number of classes done, and of all.

    Raises:
        DatasetError: if ``per_class`` or ``size`` is out of range, or no image of a class can be decoded.
        ExtractorError: if the extractor's package or weights are missing.
    """
    for what, value, low, high in (("per class", per_class, 1, 1000), ("size", size, 16, 512)):
        if value is not None and not low <= value <= high:
            raise DatasetError(f"{what} is {value!r}; allowed: {low} to {high}")
    network = extractors[extractor]() if isinstance(extractor, str) else extractor
    cache = TensorCache() if cache is None else cache
    side = network.size if size is None else size
    classes, lost = [], []
    for label, name in enumerate(images.class_names):
        pixels, errors = _draw(images, label, per_class, seed, side)
        if not len(pixels):
            raise DatasetError(f"no image of class {name!r} can be decoded; the first: {errors[0]}")
        lost += errors
        found = extract(network, pixels, cache)
        classes.append(found[torch.arange(per_class) % len(found)])
        if progress is not None:
            progress(label + 1, len(images.class_names))
    replaced = (f"{len(lost):,} images that cannot be decoded were replaced; the first: {lost[0]}",) if lost else ()
    return FeatureSet(
        images.name,
        images.class_names,
        torch.stack(classes),
        network.name,
        side,
        seed,
        (*images.warnings, *replaced),
    )


def _draw(images: ImageSource, label: int, wanted: int, seed: int, size: int) -> tuple[Pixels, list[str]]:
    """Up to ``wanted`` images of a class, (n, size, size, 3), and what was wrong with those that were passed over."""
    drawn: list[Pixels] = []
    errors: list[str] = []
    for index in np.random.default_rng([seed, label]).permutation(images.counts[label]).tolist():
        if len(drawn) == wanted:
            break
        try:
            drawn.append(images.pixels(label, index, size))
        except DatasetError as error:
            errors.append(str(error))
    return np.stack(drawn) if drawn else np.empty((0, size, size, 3), np.uint8), errors


def extract(network: Extractor, pixels: Pixels, cache: TensorCache) -> Tensor:
    """Features (n, D') of images (n, H, W, 3), from the cache if they are there."""
    about = f"{network.name} {network.version} {pixels.shape}".encode()
    key = hashlib.sha256(about + pixels.tobytes()).hexdigest()
    known = cache.get(key)
    if known is not None and known.shape == (len(pixels), network.width) and known.dtype == torch.float32:
        return known
    batches = torch.from_numpy(pixels).permute(0, 3, 1, 2).split(BATCH)
    found = torch.cat([network(batch) for batch in batches])
    cache.put(key, found)
    return found
