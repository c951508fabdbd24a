"""The command line: ``python -m dnag COMMAND``.

Exit codes: 0 done, 1 the work failed, 2 a bad argument (one line that names it and what is allowed), 130 interrupted.
"""

from __future__ import annotations

import argparse
import errno
import io
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
MAX_THREADS = 1024
NO_FAULT = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""Errors of the system that are no fault of the arguments: a full disk, a broken one."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows another
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        torch.set_num_threads(_threads(getattr(arguments, "threads", 0)))
        code = arguments.run(arguments) or 0
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _hush()
        return 0
    except (ValueError, OSError) as error:
        print(f"dnag: {_one_line(error)}", file=sys.stderr)
        if not isinstance(error, OSError) or error.errno not in NO_FAULT:
            return 2
        _hush()
        return 1
    except KeyboardInterrupt:
        print("dnag: interrupted", file=sys.stderr)
        return 130


def _hush() -> None:
    """Nobody reads on: what is left to print goes nowhere, so that the end of the process does not trip over it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _threads(given: int) -> int:
    if not 0 <= given <= MAX_THREADS:
        raise ValueError(f"threads is {given}; allowed: 1 to {MAX_THREADS}, or 0 for all cores but one")
    # One core is left to others: with a thread on every core, small networks spend their time waiting for each other.
    return given or max(1, (os.cpu_count() or 2) - 1)


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror is not None:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename}"
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
