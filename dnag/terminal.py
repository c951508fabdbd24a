"""What commands show: progress on the error stream, tables on the other."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dnag.costs import LATENCY
from dnag.files import write_aside
from dnag.training import TrainProgress


class Bar:
    """A progress line on the error stream: a bar on a terminal, now and then a line elsewhere."""

    def __init__(self, what: str):
        self.what = what
        self.live = sys.stderr.isatty()
        self.began = self.shown = time.monotonic()
        self.loss: float | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def show(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.shown < (0.1 if self.live else 30) and done < total:
            return
        self.shown = now
        elapsed = now - self.began
        left = f", {elapsed / done * (total - done):.0f} s left" if done else ""
        loss = f", loss {self.loss:.4g}" if self.loss is not None else ""
        if self.live:
            filled = round(24 * done / max(1, total))
            line = f"\r\033[K{self.what} [{'█' * filled}{'·' * (24 - filled)}] {done}/{total}{loss}{left}"
            print(line, end="", file=sys.stderr, flush=True)
        elif elapsed > 30:
            print(f"{self.what}: {done}/{total}{loss}{left}", file=sys.stderr, flush=True)

    def train(self, progress: TrainProgress) -> None:
        self.loss = progress.loss if self.loss is None else 0.98 * self.loss + 0.02 * progress.loss
        self.show(progress.step, progress.total)

    def say(self, message: str) -> None:
        if self.live:
            print(f"\r\033[K{self.what}: {message}", end="", file=sys.stderr, flush=True)
        else:
            print(f"{self.what}: {message}", file=sys.stderr, flush=True)


def emit(text: str, out: Path | None) -> None:
    """Print the text, or write it to a file."""
    if out is None:
        print(text)
    else:
        write_aside(out, lambda aside: aside.write_text(text + "\n", encoding="utf-8"))
        print(f"written to {out}", file=sys.stderr)


def narrow(rows: list[dict[str, Any]], wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Rows without the latencies of devices that nobody asked for, which the CSV and JSON forms have."""
    return [
        {name: value for name, value in row.items() if not name.startswith(LATENCY) or name in wanted} for row in rows
    ]


_HEADINGS = {
    "rank": "#",
    "predicted_accuracy_pct": "predicted %",
    "predicted_std_pct": "± points",
    "measured_accuracy_pct": "measured %",
    "measured_source": "source",
    "params_m": "params M",
    "macs_m": "MACs M",
    "inside_budget": "inside",
    "mean_pct": "mean %",
    "predicted_mean_pct": "predicted mean %",
    "predicted_best_pct": "best predicted %",
    "measured_best_pct": "best measured %",
}


def table(rows: list[dict[str, Any]]) -> str:
    """Aligned columns; numbers to the right, missing values as a dash, columns without any value left out."""
    if not rows:
        return "nothing to show"
    names = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    cells = [[_cell(row[name]) for name in names] for row in rows]
    heads = [_HEADINGS.get(name, name.replace("_", " ")) for name in names]
    widths = [max(len(head), *(len(line[i]) for line in cells)) for i, head in enumerate(heads)]
    right = [all(isinstance(row[name], int | float | None) for row in rows) for name in names]
    lines = []
    for line in [heads, *cells]:
        padded = (
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        )
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        f"{value:.4g}"
        if isinstance(value, float) and abs(value) < 1
        else f"{value:.2f}"
        if isinstance(value, float)
        else str(value)
    )
