"""Where the files that come with the code lie: the pages, the checkpoints, the pictures."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
INSTALLED = PACKAGE / "_app"
HOME = INSTALLED if INSTALLED.is_dir() else PACKAGE.parent
"""The folder of ``app.py``: inside an installed package (``setup.py`` puts it there), beside it in a checkout."""
