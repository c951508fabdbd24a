"""Options that several commands share; settings of a run come from the same knobs as the controls of the app."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dnag.bundle import ModelStore
from dnag.datasets.extractors import extractors
from dnag.datasets.features import FeatureSet, keep
from dnag.knobs import knobs
from dnag.parsing import out_file
from dnag.run_settings import RunSettings
from dnag.spaces.base import SearchSpace, custom_dataset, is_custom
from dnag.terminal import Bar
from dnag.transfer import extractor_of, read_features

FORMATS = ("table", "json", "csv")
REPEATED = ("under", "maximize", "minimize")
MODELS = {
    "predictor": "name or path of a predictor to use instead of the shipped one; two imported ones as A,B",
    "features": "file of a dataset's features (of encode or import-official) to tell the predictors of it",
}


def add_settings(command: argparse.ArgumentParser, names: Sequence[str]) -> None:
    """An option for each of the named fields of ``RunSettings``; with ``features`` also ``--images``."""
    described = knobs(RunSettings)
    defaults = {field.name: field.default for field in dataclasses.fields(RunSettings)}
    for name in names:
        knob = described.get(name)
        # Values are checked by RunSettings, so that the command line and the app say the same of a bad one.
        number = knob is not None and knob.low is not None
        kind: Callable[[str], Any] = (_whole if knob and knob.whole else _real) if number else str
        text = (knob.help or knob.label) if knob else MODELS[name]
        if name in REPEATED:
            text = f"{text} May be given several times."
        if knob is not None and knob.choices is not None:
            text += f" One of: {', '.join(knob.choices())}."
        command.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            type=kind,
            default=None,
            action="append" if name in REPEATED else "store",
            metavar="X",
            help=(text if defaults[name] in ("", 0, None) else f"{text} Default: {defaults[name]}").replace("%", "%%"),
        )
    if "features" in names:
        text = "the images of a dataset instead of its features: a folder, a zip, an .npz file, or a name (see encode)"
        command.add_argument("--images", metavar="DIR|ZIP|NAME", help=text)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _real(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def add_output(command: argparse.ArgumentParser) -> None:
    """``--format`` and ``--out``."""
    command.add_argument("--format", default="table", choices=FORMATS)
    command.add_argument("--out", type=out_file, metavar="FILE", help="write there instead of to the terminal")


def read_settings(arguments: argparse.Namespace, **more: Any) -> RunSettings:
    """The settings that the options name; ``more`` are those of a preset. Images are encoded, features kept."""
    given = {
        field.name: getattr(arguments, field.name)
        for field in dataclasses.fields(RunSettings)
        if getattr(arguments, field.name, None) is not None
    }
    given |= {name: ",".join(given[name]) for name in REPEATED if name in given}
    given = {**more, **given}
    features, images = given.pop("features", None), getattr(arguments, "images", None)
    if features is not None and images is not None:
        raise ValueError("features and images are both given; allowed: one of them")
    if features is not None:
        found = read_features(features)
    elif images is not None:
        # A bad setting is said before images are read.
        settings = RunSettings(**{name: value for name, value in given.items() if not is_custom(value)})
        found = _read_images(images, settings)
    else:
        return RunSettings(**given)
    return RunSettings(**{"dataset": custom_dataset(len(found.class_names)), **given, "features": keep(found)})


def _read_images(images: str, settings: RunSettings) -> FeatureSet:
    """Features of images, as the predictors that the settings name read them."""
    from dnag.datasets import encode, image_source

    store = ModelStore()
    bundle = store.bundle(settings.space, checkpoint=settings.checkpoint, predictor=settings.predictor)
    extractor = extractors[extractor_of(store, bundle)]()
    with tempfile.TemporaryDirectory(prefix="dnag-") as work:
        source = image_source(images, work=Path(work))
        with Bar(f"encoding {source.name}") as bar:
            features = encode(source, extractor, progress=bar.show)
    for warning in features.warnings:
        print(f"note: {warning}", file=sys.stderr)
    return features


def read_numbers(text: str, name: str) -> tuple[float, ...]:
    """Numbers separated by commas; ``ValueError`` for other texts."""
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError(f"{name} is {text!r}; allowed: numbers separated by commas") from None


def dataset_names(space: SearchSpace, text: str) -> tuple[str, ...]:
    """Datasets named in a comma-separated text; all of the space if it is empty. Unknown ones are a ``ValueError``."""
    names = tuple(part.strip() for part in text.split(",") if part.strip()) or tuple(space.datasets)
    for name in names:
        space.dataset(name)
    return names
