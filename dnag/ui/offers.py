"""What the form offers for a setting: the core's own range, narrowed to the space, the dataset and installed models."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from dnag.knobs import Knob


@dataclasses.dataclass(frozen=True)
class Offer:
    """The value to begin with, and what else there is: ``options``, or numbers from ``low`` to ``high``.

    ``hidden``: there is nothing to choose, so the form leaves it out.
    """

    start: Any
    options: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    hidden: bool = False


def offer(name: str, knob: Knob, default: Any, values: Mapping[str, Any]) -> Offer:
    """What there is to choose, given the ``values`` of the settings before (space and dataset among them)."""
    from dnag.spaces.base import spaces

    if name == "space":
        return _listed(default, tuple(sorted(ready_spaces(knob), key=lambda space: space != default)))
    space = spaces[values["space"]]
    if name == "dataset":
        return _listed(default, tuple(space.datasets))
    if name == "resolution":
        dataset = space().dataset(values["dataset"])
        return Offer(dataset.resolution, dataset.resolutions, hidden=len(dataset.resolutions) == 1)
    if name == "width":
        return Offer(default, (default, *space.widths), hidden=len(space.widths) == 1)
    if name == "guidance_scale":
        start, high = space.guidance_scales
        return Offer(start, high=high)
    if name == "checkpoint":
        others = other_networks(values["space"])
        return Offer(default, (default, *others), hidden=not others)
    if knob.choices is not None:
        exact = space().enumerable
        options = tuple(option for option in knob.choices() if exact or option != "exact")
        return dataclasses.replace(_listed(default, options), hidden=name == "exact_values" and not exact)
    return Offer(default, low=knob.low or 0.0, high=knob.high or 0.0)


def _listed(default: Any, options: tuple[Any, ...]) -> Offer:
    return Offer(default if default in options else options[0], options)


def ready_spaces(knob: Knob) -> tuple[str, ...]:
    """The spaces that models are installed for; all, where there are none: then a run says what is missing."""
    from dnag.bundle import checkpoint_path

    assert knob.choices is not None
    options = tuple(knob.choices())
    kinds = ("score", "predictor")
    ready = tuple(space for space in options if all(checkpoint_path(f"{space}-{kind}").exists() for kind in kinds))
    return ready or options


def other_networks(space: str) -> tuple[str, ...]:
    """Installed score networks of a space, by name, besides the one that runs use unless they are told."""
    from dnag.checkpoint import installed_names

    return tuple(name for name in installed_names("score", space) if name != f"{space}-score")
