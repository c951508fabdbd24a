"""What the core says, in Korean: phrase -> translation."""

from __future__ import annotations

PHRASES: dict[str, str] = {}
