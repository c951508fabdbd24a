"""``python -m dnag``."""

import sys

from dnag.cli import main

if __name__ == "__main__":
    sys.exit(main())
