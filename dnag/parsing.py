"""How commands read their arguments. Knows no PyTorch, so that what does not need it starts at once."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        print(f"dnag: {message}", file=sys.stderr)
        sys.exit(2)
