"""The commands that print figures: ``evaluate`` of how good the models are, ``bench`` of how fast."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from dnag import transfer_commands
from dnag.evaluation import PARTS, SCALES, EvaluationSettings, Figure, evaluate, to_markdown
from dnag.files import read_text, write_aside
from dnag.options import add_settings, dataset_names, read_numbers, read_settings
from dnag.spaces.base import spaces
from dnag.terminal import Bar, table


def register(commands: argparse._SubParsersAction[Any]) -> None:
    """Add both commands to the parser."""
    command = commands.add_parser("evaluate", help="figures of merit of the shipped models")
    add_settings(command, ["space", "steps", "sampler", "sde", "device"])
    command.add_argument("--datasets", default="", help="comma-separated; default: all of the space")
    command.add_argument("--scales", default="", help="guidance scales, comma-separated; default: five for the space")
    command.add_argument("--samples", type=int, default=2048, help="samples per guided mean")
    command.add_argument("--seeds", type=int, default=20, help="seeds for the best of the top 5; 0 leaves it out")
    command.add_argument(
        "--retrain", type=int, default=0, metavar="N", help="also train a predictor on N architectures"
    )
    command.add_argument("--measured", type=Path, metavar="FILE", help="CSV of measured accuracies to judge by")
    command.add_argument(
        "--teacher", type=Path, metavar="FILE", help="once-for-all's accuracy predictor (.npz) to compare with"
    )
    command.add_argument(
        "--only", default="", help=f"parts, comma-separated, of: {', '.join((*PARTS, *transfer_commands.PARTS))}"
    )
    transfer_commands.add_meta_arguments(command)
    _add_figures(command, "figures")
    command.set_defaults(run=_evaluate)

    command = commands.add_parser("bench", help="time, memory, evaluations, cold start")
    add_settings(command, ["space", "device"])
    command.add_argument("--app", action="store_true", help="also start the app and time its first page in Chromium")
    text = "also have N browsers generate at once, and time and weigh that"
    command.add_argument("--sessions", type=int, default=0, metavar="N", help=text)
    command.add_argument("--repeats", type=int, default=5)
    _add_figures(command, "bench")
    command.set_defaults(run=_bench)


def _add_figures(command: argparse.ArgumentParser, mark: str) -> None:
    command.add_argument("--format", default="table", choices=("table", "json", "markdown"))
    text = f"put the table into FILE, between its {mark} marks"
    command.add_argument("--update", type=Path, action="append", default=[], metavar="FILE", help=text)


def _evaluate(arguments: argparse.Namespace) -> None:
    given = {
        name: getattr(arguments, name)
        for name in ("space", "steps", "sampler", "sde", "device")
        if getattr(arguments, name) is not None
    }
    space = spaces[given.get("space", "nasbench201")]()
    names = dataset_names(space, arguments.datasets)
    largest = space.guidance_scales[1]
    usual = SCALES if largest < 20 else (1.0, 5.0, 20.0, largest)
    scales = read_numbers(arguments.scales, "scales") or usual
    only = tuple(part.strip() for part in arguments.only.split(",") if part.strip())
    for part in only:
        if part not in (*PARTS, *transfer_commands.PARTS):
            raise ValueError(f"only is {part!r}; allowed: {', '.join((*PARTS, *transfer_commands.PARTS))}")
        if part in transfer_commands.PARTS and len(only) > 1:
            raise ValueError(f"only is {arguments.only!r}; allowed: {part} alone")
    settings = EvaluationSettings(
        **given,
        datasets=names,
        scales=scales,
        samples=arguments.samples,
        seeds=arguments.seeds,
        retrain=arguments.retrain,
        only=only,
    )
    mark = "left-out" if only == ("left-out",) else "figures"  # a table of its own, beside the others
    for path in arguments.update:
        _marked(path, mark)  # said before the work, not after
    with Bar("evaluating") as bar:
        if len(only) == 1 and only[0] in transfer_commands.PARTS:
            figures = transfer_commands.PARTS[only[0]](space, arguments, bar.say)
        else:
            figures = evaluate(settings, measured_table=arguments.measured, teacher=arguments.teacher, progress=bar.say)
    _print_figures(figures, arguments, mark=mark)


def _bench(arguments: argparse.Namespace) -> None:
    from dnag.bench import BenchSettings, bench

    for name, least in (("repeats", 1), ("sessions", 0)):
        if getattr(arguments, name) < least:
            raise ValueError(f"{name} is {getattr(arguments, name)}; allowed: {least} or more")
    settings = read_settings(arguments)
    for path in arguments.update:
        _marked(path, "bench")
    with Bar("measuring") as bar:
        figures = bench(
            BenchSettings(settings.space, settings.device, arguments.repeats, arguments.app, arguments.sessions),
            progress=bar.say,
        )
    _print_figures(figures, arguments, mark="bench")


def _print_figures(figures: list[Figure], arguments: argparse.Namespace, mark: str) -> None:
    for figure in figures:
        if figure.value is None and figure.note:
            print(f"note: {figure.name}: {figure.note}", file=sys.stderr)
    for path in arguments.update:
        _replace_between(path, mark, to_markdown(figures))
    if arguments.format == "json":
        print(json.dumps([dataclasses.asdict(figure) for figure in figures], indent=2))
    elif arguments.format == "markdown":
        print(to_markdown(figures))
    else:
        rows = [
            {
                "figure": figure.name,
                "value": figure.value,
                "exact": figure.exact,
                "unit": figure.unit,
                "aim": figure.target,
            }
            for figure in figures
        ]
        print(table(rows))


def _marked(path: Path, mark: str) -> tuple[str, str, str]:
    """A file's text and its marks ``<!-- mark:begin -->`` and ``<!-- mark:end -->``; ``ValueError`` without them."""
    begin, end = f"<!-- {mark}:begin -->", f"<!-- {mark}:end -->"
    old = read_text(path)
    if begin not in old or end not in old:
        raise ValueError(f"{path} has no {begin} ... {end}")
    return old, begin, end


def _replace_between(path: Path, mark: str, text: str) -> None:
    """Put ``text`` between the marks of a file."""
    old, begin, end = _marked(path, mark)
    head, rest = old.split(begin, 1)
    tail = rest.split(end, 1)[1]
    write_aside(path, lambda aside: aside.write_text(f"{head}{begin}\n{text}\n{end}{tail}", encoding="utf-8"))
