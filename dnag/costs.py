r"""What an architecture costs, by name: ``macs_m``, ``params_m`` and ``latency_ms@DEVICE``.

Costs are columns of every result, and guidance may steer by them. MACs and parameters are exact; latencies come from
the shipped predictors of measured devices. All of them add up over nodes (``dnag.additive``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from dnag.additive import Additive
from dnag.checkpoint import Checkpoint
from dnag.spaces.base import SearchSpace, spaces

LATENCY = "latency_ms@"
EXACT = {"macs_m": ("MACs", "M"), "params_m": ("Parameters", "M")}


@dataclass(frozen=True)
class CostModel:
    """A cost for one dataset, image size and width: its name, label, unit, and what every operation adds to it.

    Attributes:
        error_pct: mean absolute error on measured architectures left out of training, in percent; None if exact.
    """

    name: str
    label: str
    unit: str
    additive: Additive
    error_pct: float | None = None


def setting_name(width: float, resolution: int) -> str:
    """How a latency table calls a width multiplier and an image size."""
    return f"{width:g}@{resolution}"


@cache
def exact_cost(space: str, name: str, dataset: str, resolution: int, width: float) -> Additive:
    """MACs or parameters in millions, as a sum over nodes; ``resolution`` 0 is the dataset's own."""
    owner = spaces[space]()
    return Additive.of(owner, lambda arch: getattr(owner.cost(arch, dataset, resolution=resolution, width=width), name))


def cost_models(
    space: SearchSpace, latency: Checkpoint | None, dataset: str, resolution: int, width: float
) -> dict[str, CostModel]:
    """Every cost that is known there, by name."""
    found = {
        name: CostModel(name, label, unit, exact_cost(space.name, name, dataset, resolution, width))
        for name, (label, unit) in EXACT.items()
    }
    for device, about in measured_devices(latency).items():
        assert latency is not None
        predictor: Any = latency.modules[device]
        table = predictor.table(setting_name(width, resolution))
        if table is not None:
            name = f"{LATENCY}{device}"
            found[name] = CostModel(name, about["label"], "ms", table, about["error_pct"])
    return found


def measured_devices(latency: Checkpoint | None) -> Mapping[str, dict[str, Any]]:
    """Device -> what is known of its latency predictor."""
    return {} if latency is None else latency.extra["devices"]


def widths_of(space: SearchSpace, latency: Checkpoint | None, names: Iterable[str]) -> tuple[float, ...]:
    """Widths that every device among the cost ``names`` has a table for, in the order of the space."""
    allowed = list(space.widths)
    for name in names:
        about = measured_devices(latency).get(name.removeprefix(LATENCY)) if name.startswith(LATENCY) else None
        if about is not None:
            allowed = [width for width in allowed if width in about["widths"]]
    return tuple(allowed)


def check_cost(name: str, models: Mapping[str, CostModel], latency: Checkpoint | None, where: str) -> CostModel:
    """The cost called ``name``; ``ValueError`` says which there are, or for what settings a device has a table."""
    if name in models:
        return models[name]
    about = measured_devices(latency).get(name.removeprefix(LATENCY)) if name.startswith(LATENCY) else None
    if about is not None:
        widths = " and ".join(f"{width:g}" for width in about["widths"])
        pixels = ", ".join(str(resolution) for resolution in about["resolutions"])
        raise ValueError(f"{name} has no table for {where}; it has: width {widths}, resolution {pixels}")
    raise ValueError(f"unknown cost {name!r} for {where}; allowed: {', '.join(models)}")


def check_limits(limits: Mapping[str, float], models: Mapping[str, CostModel], space: SearchSpace) -> None:
    """``ValueError`` for a budget that no architecture of the space keeps; it says what the smallest is."""
    for name, limit in limits.items():
        smallest, _ = models[name].additive.range(space)
        if limit < smallest:
            raise ValueError(
                f"no architecture of {space.name} has {name} of {limit:g} or less; the smallest has {smallest:.4g}"
            )


def parse_numbers(text: str, what: str) -> dict[str, float]:
    """``"macs_m=300,latency_ms@note10=30"`` -> name and number; ``ValueError`` says what came and what is allowed."""
    found: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not equals or not name or not 0 < value < math.inf:
            raise ValueError(f"{what} is {part!r}; allowed: NAME=NUMBER with a number above 0, such as macs_m=300")
        if name in found:
            raise ValueError(f"{what} names {name} twice; allowed: once")
        found[name] = value
    return found


def format_numbers(numbers: Mapping[str, float]) -> str:
    """The text that :func:`parse_numbers` reads."""
    return ",".join(f"{name}={value:g}" for name, value in numbers.items())
