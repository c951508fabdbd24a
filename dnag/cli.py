"""The command line: ``python -m dnag COMMAND``.

Exit codes: 0 done, 1 the work failed, 2 a bad argument (one line that names it and what is allowed), 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import torch

from dnag import (
    __version__,
    compare_commands,
    data_commands,
    export_commands,
    figure_commands,
    info_commands,
    launch,
    official_commands,
    run_commands,
    train_commands,
    transfer_commands,
)
from dnag.parsing import Parser
from dnag.trials import cli as trial_commands

GROUPS = (
    run_commands,
    info_commands,
    figure_commands,
    train_commands,
    official_commands,
    data_commands,
    transfer_commands,
    export_commands,
    compare_commands,
    trial_commands,
)
"""Modules that add commands, in the order of ``--help``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    # One core is left to others: with a thread on every core, small networks spend their time waiting for each other.
    torch.set_num_threads(getattr(arguments, "threads", 0) or max(1, (os.cpu_count() or 2) - 1))
    try:
        return arguments.run(arguments) or 0
    except (ValueError, FileNotFoundError, PermissionError, IsADirectoryError) as error:
        print(f"dnag: {_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dnag: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.strerror}: {error.filename}"
    return " ".join(str(error).split())


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="dnag", description="Neural architectures from a guided diffusion model.")
    parser.add_argument("--version", action="version", version=f"dnag {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    command = commands.add_parser("app", help="open the app in the browser; with --api, answer programs too")
    launch.add_arguments(command)
    command.set_defaults(run=launch.start)
    for group in GROUPS:
        group.register(commands)
    return parser
