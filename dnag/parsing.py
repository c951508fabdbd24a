"""How commands read their arguments. Knows no PyTorch, so that what does not need it starts at once."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from dnag.files import check_output


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        print(f"dnag: {message}", file=sys.stderr)
        sys.exit(2)


def out_file(text: str) -> Path:
    """The file that an option names for what a command makes; refused at once where it cannot be written."""
    return _out(text, folder=False)


def out_folder(text: str) -> Path:
    """The same for a folder."""
    return _out(text, folder=True)


def _out(text: str, *, folder: bool) -> Path:
    try:
        return check_output(Path(text), folder=folder)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except OSError as error:  # such as a name that is too long
        raise argparse.ArgumentTypeError(f"cannot write {text[:80]}: {error.strerror}") from None
