"""The commands that run the models: ``generate`` draws architectures, ``predict`` judges given ones."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from dnag.architectures import read_architectures
from dnag.benchmarks.base import how_to_add
from dnag.files import read_text, write_aside
from dnag.options import add_output, add_settings, read_settings
from dnag.parsing import out_file
from dnag.presets import PRESETS, preset
from dnag.run_result import RunResult
from dnag.run_settings import RunSettings
from dnag.runs import predict, run
from dnag.spaces.base import spaces
from dnag.tables import to_csv
from dnag.terminal import Bar, emit, narrow, table


def register(commands: argparse._SubParsersAction[Any]) -> None:
    """Add both commands to the parser."""
    command = commands.add_parser("generate", help="draw architectures and rank them")
    command.add_argument("--preset", default="default", help=f"named settings: {', '.join(PRESETS)}")
    add_settings(command, [field.name for field in dataclasses.fields(RunSettings)])
    add_output(command)
    command.add_argument("--measured", type=Path, metavar="FILE", help="CSV of measured accuracies to judge by")
    command.add_argument(
        "--trajectory", type=out_file, metavar="FILE", help="write every step's probabilities to an .npz file"
    )
    command.set_defaults(run=_generate)

    command = commands.add_parser("predict", help="predicted accuracy and cost of given architectures")
    add_settings(command, ["space", "dataset", "resolution", "width", "device", "predictor", "features"])
    command.add_argument("--architectures", required=True, metavar="FILE|-", help="one a line, as text or JSON")
    add_output(command)
    command.add_argument("--measured", type=Path, metavar="FILE", help="CSV of measured accuracies")
    command.set_defaults(run=_predict)


def _generate(arguments: argparse.Namespace) -> None:
    settings = read_settings(arguments, **preset(arguments.preset))
    path = arguments.trajectory
    if path is not None and path.suffix != ".npz":
        raise ValueError(f"trajectory file is {str(path)!r}; allowed: a name that ends in .npz")
    with Bar("sampling") as bar:
        result = run(
            settings,
            measured_table=arguments.measured,
            keep_frames=settings.steps if path is not None else 0,
            progress=bar.show,
        )
    if path is not None:
        _write_trajectory(path, result)
    if arguments.format == "json":
        text = result.to_json()
    elif arguments.format == "csv":
        text = result.to_csv()
    else:
        shown = [*settings.budgets, *settings.weights]
        text = f"{_summary(result)}\n\n{table(narrow(result.rows(), shown))}"
        if result.candidates and result.candidates[0].measured_accuracy_pct is None:
            text += f"\n\n{how_to_add(settings.space, settings.dataset)}"
    emit(text, arguments.out)


def _summary(result: RunResult) -> str:
    settings = result.settings
    mean = result.expected_pct()
    parts = [
        settings.label,
        f"{result.raw_valid} of {result.requested} valid, {result.unique} distinct",
        *([f"predicted mean {mean:.2f} %"] if mean is not None else []),
        f"{result.nfe} evaluations, {result.seconds:.2f} s on {result.device}",
    ]
    if result.inside is not None:
        names = " and ".join(f"{name} ≤ {limit:g}" for name, limit in settings.budgets.items())
        parts.append(f"{100 * result.inside:.1f} % inside {names}")
        for name in settings.budgets:
            front = ", ".join(f"#{candidate.rank}" for candidate in result.front(name)[:12])
            parts.append(f"Pareto front against {name}: {front}")
    if result.paper_scale is not None:
        parts.append(f"the paper's scale: {result.paper_scale:,.0f}")
    return "\n".join(parts)


def _write_trajectory(path: Path, result: RunResult) -> None:
    import numpy as np

    trajectory = result.trajectory
    assert trajectory is not None
    arrays: dict[str, Any] = {"noise_level": trajectory.level.numpy(), "probability": trajectory.probability.numpy()}
    if trajectory.value is not None:
        arrays["predicted_accuracy_pct"] = trajectory.value.numpy()
    arrays["sample"] = np.array([candidate.sample for candidate in result.candidates])
    arrays["architecture"] = np.array([candidate.architecture for candidate in result.candidates])

    def write(aside: Path) -> None:
        with aside.open("wb") as file:
            np.savez_compressed(file, **arrays)

    write_aside(path, write)


def _predict(arguments: argparse.Namespace) -> None:
    settings = read_settings(arguments)
    if arguments.architectures == "-":
        lines, source = sys.stdin.read().splitlines(), "standard input"
    else:
        lines, source = read_text(Path(arguments.architectures)).splitlines(), arguments.architectures
    archs = read_architectures(spaces[settings.space](), lines, source)
    data = predict(settings, archs, measured_table=arguments.measured)
    rows = data["candidates"]
    if arguments.format == "json":
        text = json.dumps(data, indent=2)
    else:
        text = to_csv(rows) if arguments.format == "csv" else table(narrow(rows, ()))
    emit(text, arguments.out)
