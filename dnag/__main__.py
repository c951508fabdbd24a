"""``python -m dnag``."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["app"]:  # without PyTorch: the first page imports it, when there is something to see
        from dnag.launch import main as start

        return start(arguments[1:])
    try:
        from dnag.cli import main as command
    except KeyboardInterrupt:  # PyTorch takes a moment to import
        sys.stderr.write("dnag: interrupted\n")
        return 130
    return command(arguments)


if __name__ == "__main__":
    sys.exit(main())
