"""Rows as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any


def to_csv(rows: Sequence[dict[str, Any]], columns: Sequence[str] = ()) -> str:
    """Rows of equal keys as CSV text; ``columns`` is the header where there are no rows to take it from."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0] if rows else columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
