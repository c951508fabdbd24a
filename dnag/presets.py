"""Named settings: the paper's own, and points on the way from fast to thorough."""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "fast": {"sampler": "dpm_solver", "steps": 10},
    "paper": {"sampler": "predictor_corrector", "steps": 1000, "sde": "ve", "guidance": "first_order"},
    "exact": {"guidance": "exact"},
}
"""``paper``: 1000 steps of Langevin corrector and Euler-Maruyama under first-order guidance (An et al., 2024)."""


def preset(name: str) -> dict[str, Any]:
    """The settings of a preset; ``ValueError`` lists those that exist."""
    if name not in PRESETS:
        raise ValueError(f"unknown preset {name!r}; allowed: {', '.join(PRESETS)}")
    return dict(PRESETS[name])
