"""The command that puts runs side by side: one setting varied, or guidance swept."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

from dnag.comparison import TOP, Comparison, run_all, split_values, sweep, sweep_columns, usual_scales, vary
from dnag.options import add_output, add_settings, read_numbers, read_settings
from dnag.runs import RunSettings
from dnag.terminal import Bar, emit, table


def register(commands: argparse._SubParsersAction[Any]) -> None:
    """Add ``compare`` to the parser."""
    command = commands.add_parser("compare", help="two to four settings side by side, or guidance swept")
    command.add_argument("--vary", metavar="NAME", help="the setting that differs, such as guidance_scale or sampler")
    text = "2 to 4 of them, separated by commas; by semicolons for under, maximize and minimize"
    command.add_argument("--values", default="", metavar="A,B", help=text)
    text = f"how many of the candidates ranked first may give the best. Default: {TOP}"
    command.add_argument("--top", type=int, default=TOP, metavar="K", help=text)
    text = "quality against diversity over guidance scales, in both forms and exactly. Default: seven scales"
    command.add_argument("--sweep", nargs="?", const="usual", metavar="SCALES", help=text)
    add_settings(command, [field.name for field in dataclasses.fields(RunSettings)])
    add_output(command)
    command.set_defaults(run=compare)


def compare(arguments: argparse.Namespace) -> None:
    """Run what is asked for, and print one table."""
    settings = read_settings(arguments)
    if (arguments.vary is None) == (arguments.sweep is None):
        raise ValueError("compare needs one of: --vary NAME --values A,B; --sweep [SCALES]")
    text = _sweep(settings, arguments) if arguments.vary is None else _compare(settings, arguments)
    emit(text, arguments.out)


def _compare(settings: RunSettings, arguments: argparse.Namespace) -> str:
    columns = vary(settings, arguments.vary, split_values(arguments.vary, arguments.values))
    if arguments.top < 1:
        raise ValueError(f"top is {arguments.top}; allowed: 1 or more")
    with Bar("sampling") as bar:
        results = run_all(columns, progress=bar.show)
    made = Comparison(tuple(results), (arguments.vary,), arguments.top)
    if arguments.format == "json":
        return made.to_json()
    return (
        made.to_csv()
        if arguments.format == "csv"
        else f"{settings.label}, {arguments.vary} varied\n\n{table(made.rows())}"
    )


def _sweep(settings: RunSettings, arguments: argparse.Namespace) -> str:
    usual = arguments.sweep == "usual"
    scales = usual_scales(settings.space) if usual else read_numbers(arguments.sweep, "sweep")
    sweep_columns(settings, scales)  # what is wrong is said before anything runs
    with Bar("sampling") as bar:
        made = sweep(settings, scales, progress=bar.show)
    if arguments.format == "table":
        rows = [row for row in made.rows() if row["guidance_scale"] in scales]
        return f"{settings.label}, guidance swept\n\n{table(rows)}"
    return made.to_csv() if arguments.format == "csv" else json.dumps(made.rows(), indent=2)
