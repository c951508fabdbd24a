"""What long work tells of itself, and how it ends early."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Told ``(steps done, steps in all)``."""


class Cancelled(Exception):  # noqa: N818 - an outcome, not a fault
    """Raised inside work that is no longer wanted, so that ``finally`` blocks free what it holds."""
