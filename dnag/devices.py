"""Where networks run."""

from __future__ import annotations

import torch


def devices() -> list[str]:
    """Names of the devices a run can ask for; ``auto`` takes the first accelerator, or the CPU."""
    found = ["auto", "cpu"]
    if torch.cuda.is_available():
        found += ["cuda", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        found.append("mps")
    return found


def resolve_device(name: str) -> torch.device:
    """``auto`` -> the best device there is."""
    if name != "auto":
        return torch.device(name)
    return torch.device(next((found for found in ("cuda", "mps") if found in devices()), "cpu"))
