"""``export``: an architecture taken home, one file for each format."""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dnag.exports.base import Exporter, ExportError, Subject, TrajectoryExporter, exporters, file_name
from dnag.files import read_text, write_aside
from dnag.parsing import out_folder
from dnag.spaces.base import SearchSpace, spaces

DEFAULT_SPACE = "nasbench201"
HOW_TO_KEEP = "generate --trajectory FILE.npz keeps one, and export --run FILE.json --trajectory FILE.npz reads it"


def register(commands: argparse._SubParsersAction[Any]) -> None:
    """Add ``export`` to the parser."""
    command = commands.add_parser("export", help="an architecture as code, ONNX, JSON, a picture or a film")
    command.add_argument("architecture", nargs="?", metavar="ARCH", help="its text form; or name a run")
    command.add_argument("--space", metavar="X", help=f"one of: {', '.join(spaces)}. Default: {DEFAULT_SPACE}")
    command.add_argument("--run", dest="result", type=Path, metavar="FILE", help="what generate --format json wrote")
    command.add_argument("--rank", type=int, metavar="N", help="which candidate of the run. Default: 1, the best")
    command.add_argument("--trajectory", type=Path, metavar="FILE", help="what generate --trajectory wrote: for films")
    text = f"comma-separated, of: {', '.join(exporters)}. Default: all that can be made"
    command.add_argument("--format", default="", metavar="X", help=text)
    command.add_argument("--dataset", metavar="X", help="decides classes and image size. Default: the space's first")
    command.add_argument("--classes", type=int, default=0, metavar="N", help="outputs of the network")
    command.add_argument("--weights", type=Path, metavar="FILE", help="trained ones, for ONNX (.safetensors)")
    command.add_argument("-o", "--out", type=out_folder, required=True, metavar="DIR", help="where the files go")
    command.set_defaults(run=export)


def export(arguments: argparse.Namespace) -> None:
    """Make the files, and print the name of each."""
    names = [name.strip() for name in arguments.format.split(",") if name.strip()]
    chosen = [exporters[name]() for name in names or exporters]
    subject = _subject(arguments)
    lacking = {exporter: missing for exporter in chosen if (missing := _missing(exporter, subject)) is not None}
    if names and lacking:
        raise ExportError("; ".join(lacking.values()))
    for missing in lacking.values():
        print(f"left out: {missing}", file=sys.stderr)
    # All of them before the first is written: a failure leaves no half of a set behind.
    files = {file_name(subject, exporter): exporter.export(subject) for exporter in chosen if exporter not in lacking}
    for name, content in files.items():
        _write(arguments.out / name, content)
        print(arguments.out / name)


def _missing(exporter: Exporter, subject: Subject) -> str | None:
    """What is missing, and how this command gets it."""
    missing = exporter.missing(subject)
    return f"{missing}: {HOW_TO_KEEP}" if missing and isinstance(exporter, TrajectoryExporter) else missing


def _write(path: Path, content: bytes) -> None:
    write_aside(path, lambda aside: aside.write_bytes(content))


# ---------------------------------------------------------------------- what is exported


def _subject(arguments: argparse.Namespace) -> Subject:
    """The architecture that the arguments name; ``ValueError`` says what is wrong with them."""
    if (arguments.architecture is None) == (arguments.result is None):
        raise ValueError("export needs an architecture or --run FILE, and not both")
    given: dict[str, Any] = {"num_classes": arguments.classes, "weights": _weights(arguments.weights)}
    if arguments.dataset is not None:
        given["dataset"] = arguments.dataset
    if arguments.architecture is not None:
        for name in ("rank", "trajectory"):
            if getattr(arguments, name) is not None:
                raise ValueError(f"--{name} belongs to --run FILE")
        space = spaces[arguments.space or DEFAULT_SPACE]()
        return Subject(space, space.parse(arguments.architecture), **given)
    return _of_run(_read_run(arguments.result), arguments, given)


def _read_run(path: Path) -> dict[str, Any]:
    """The JSON of a run; ``ValueError`` if it is something else."""
    try:
        run = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    candidates = run.get("candidates") if isinstance(run, dict) else None
    whole = isinstance(candidates, list) and all(
        isinstance(row, dict) and isinstance(row.get("architecture"), str) for row in candidates
    )
    if not whole or not isinstance(run.get("space"), str) or not isinstance(run.get("dataset", ""), str):
        raise ValueError(f"{path} is no result of a run; allowed: what generate --format json wrote")
    return run


def _of_run(run: Mapping[str, Any], arguments: argparse.Namespace, given: Mapping[str, Any]) -> Subject:
    if arguments.space not in (None, run["space"]):
        raise ValueError(f"space is {arguments.space!r}; the run is of {run['space']}")
    space, rows = spaces[run["space"]](), run["candidates"]
    rank = 1 if arguments.rank is None else arguments.rank
    if not 1 <= rank <= len(rows):
        raise ValueError(f"rank is {rank}; allowed: 1 to {len(rows)}" if rows else "the run has no candidates")
    row = {**rows[rank - 1], "rank": rank}
    known = {name: run[name] for name in ("dataset", "resolution", "width") if name in run}
    if "dataset" in given:
        known.pop("resolution", None)
    trajectory = None
    if arguments.trajectory is not None:
        trajectory = _read_trajectory(arguments.trajectory, space, row["architecture"], rank, run.get("steps"))
    return Subject(space, space.parse(row["architecture"]), facts=row, trajectory=trajectory, **{**known, **given})


def _read_trajectory(path: Path, space: SearchSpace, architecture: str, rank: int, steps: int | None) -> dict[str, Any]:
    """One candidate's trajectory out of those that ``generate --trajectory`` wrote."""
    import numpy as np
    import torch

    from dnag.playback import player_payload
    from dnag.player import validate_payload

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        place = [*arrays["architecture"]].index(architecture)
        sample = int(arrays["sample"][place])
        values = arrays.get("predicted_accuracy_pct")
        found = player_payload(
            space,
            torch.from_numpy(arrays["noise_level"]),
            torch.from_numpy(arrays["probability"][:, sample]),
            None if values is None else torch.from_numpy(values[:, sample]),
            title=f"Denoising of candidate {rank}",
            final=architecture,
            steps=steps,
        )
        validate_payload(found)
        return found
    except (LookupError, TypeError, ValueError, OverflowError, RuntimeError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path} has no trajectory of candidate {rank} ({error}); is it of the same run?") from None


def _weights(path: Path | None) -> dict[str, Any] | None:
    """Tensors by name; ``ValueError`` if the file is damaged."""
    if path is None:
        return None
    import safetensors.torch

    try:
        return safetensors.torch.load(path.read_bytes())
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file: {error}") from None
