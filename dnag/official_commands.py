"""``import-official``: the files that the authors of the paper released, as files of this package."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from dnag.parsing import out_folder
from dnag.spaces.base import spaces

USE = {
    "score network": "generate --space {space} --checkpoint {file}",
    "noise-aware predictor": "generate --space {space} --predictor {file} --guidance first_order --features FILE",
    "ranking predictor": "predict --space {space} --predictor {file} --features FILE --architectures FILE",
    "image features": "generate --predictor PREDICTOR --guidance first_order --features {file}",
}
"""What an imported file is -> a command that uses it."""


def register(commands: argparse._SubParsersAction[Any]) -> None:
    """Add ``import-official`` to the parser; what it needs is imported when it runs."""
    command = commands.add_parser("import-official", help="read a file that the authors of the paper released")
    command.add_argument("path", type=Path, metavar="PATH", help="a checkpoint or a data file, as downloaded")
    command.add_argument("--out", type=out_folder, default=Path("official"), metavar="DIR", help="where new files go")
    command.add_argument("--space", metavar="X", help=f"refuse files of others. One of: {', '.join(spaces)}.")
    command.add_argument("--closure", action="store_true", help="attention mask of the official guided runs")
    text = "mean and standard deviation of the accuracies, in percent, that a predictor was trained with"
    command.add_argument("--labels", metavar="MEAN,SPREAD", help=text)
    command.set_defaults(run=_import_official)


def _import_official(arguments: argparse.Namespace) -> None:
    from dnag.official import import_official

    if arguments.space is not None:
        spaces[arguments.space]  # an unknown space is the clearer error
    labels = None if arguments.labels is None else _labels(arguments.labels)
    found = import_official(
        arguments.path, arguments.out, space=arguments.space, closure=arguments.closure, labels=labels
    )
    print(f"{arguments.path}: {found.what}{f' of {found.space}' if found.space else ''}")
    for name, text in found.kept.items():
        print(f"  {name}: {text}")
    for name, text in found.left_out.items():
        print(f"  left out, {name}: {text}")
    for file in found.files:
        print(f"{file} ({file.stat().st_size / 1e6:.2f} MB)")
    if found.what in USE:
        print(f"python -m dnag {USE[found.what].format(file=found.files[0], space=found.space)}")


def _labels(text: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        mean, spread = map(float, parts)
        if not (math.isfinite(mean) and 0 < spread < math.inf):
            raise ValueError
    except ValueError:
        raise ValueError(f"labels is {text!r}; allowed: MEAN,SPREAD in percent, such as 71.572,6.693") from None
    return mean, spread
