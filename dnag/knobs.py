"""Settings that describe themselves.

A dataclass field made by :func:`knob` or :func:`choice` carries its label, range, unit and help. The command line
builds its options from them, the app its widgets, and :func:`validate` refuses what is out of range, so the three never
disagree.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any


@dataclasses.dataclass(frozen=True)
class Knob:
    """What an input needs to know about one setting: a number with a range, or a name out of ``choices()``."""

    label: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    help: str = ""
    choices: Callable[[], Sequence[str]] | None = None
    advanced: bool = False
    whole: bool = False
    text: bool = False
    admits: Callable[[str], bool] | None = None


def knob(
    default: Any, label: str, low: float, high: float, *, unit: str = "", help: str = "", advanced: bool = False
) -> Any:
    """A dataclass field holding a number in ``[low, high]``; ``low`` and ``high`` are in ``unit``.

    A default of None stands for a number that the owner decides on, from its other settings.
    """
    whole = isinstance(default, int) and not isinstance(default, bool)
    meta = Knob(label, low=low, high=high, unit=unit, help=help, advanced=advanced, whole=whole)
    return dataclasses.field(default=default, metadata={"knob": meta})


def choice(
    default: str,
    label: str,
    choices: Callable[[], Sequence[str]],
    *,
    help: str = "",
    advanced: bool = False,
    admits: Callable[[str], bool] | None = None,
) -> Any:
    """A dataclass field holding one of ``choices()``, which is asked late so that new files are seen; or what
    ``admits`` says yes to.
    """
    meta = Knob(label, help=help, choices=choices, advanced=advanced, admits=admits)
    return dataclasses.field(default=default, metadata={"knob": meta})


def text(default: str, label: str, *, help: str = "", advanced: bool = False) -> Any:
    """A dataclass field holding a text that its owner reads."""
    meta = Knob(label, help=help, text=True, advanced=advanced)
    return dataclasses.field(default=default, metadata={"knob": meta})


def like(owner: type, name: str) -> Any:
    """A dataclass field for the same setting as ``name`` of another dataclass."""
    same = next(f for f in dataclasses.fields(owner) if f.name == name)
    return dataclasses.field(default=same.default, metadata=same.metadata)


def knobs(owner: Any) -> dict[str, Knob]:
    """Field name -> :class:`Knob` of a dataclass (or an instance), in order of declaration."""
    return {f.name: f.metadata["knob"] for f in dataclasses.fields(owner) if "knob" in f.metadata}


def validate(instance: Any) -> None:
    """Check every knob of a dataclass instance; ``ValueError`` names the setting, what came and what is allowed."""
    for name, meta in knobs(instance).items():
        check(name, meta, getattr(instance, name))


def check(name: str, meta: Knob, value: Any) -> None:
    """Check one value of the setting called ``name``; ``ValueError`` as from :func:`validate`."""
    label = name.replace("_", " ")
    if meta.choices is not None:
        if meta.admits is not None and isinstance(value, str) and meta.admits(value):
            return
        allowed = list(meta.choices())
        if value not in allowed:
            raise ValueError(f"unknown {label} {value!r}; allowed: {', '.join(allowed)}")
        return
    if meta.text:
        if not isinstance(value, str):
            raise ValueError(f"{label} is {value!r}; allowed: a text")
        return
    low, high, whole = meta.low, meta.high, meta.whole
    assert low is not None and high is not None
    span = f"{low:,.0f} to {high:,.0f}" if whole else f"{low:g} to {high:g}"
    kind = "a whole number" if whole else "a finite number"
    good_type = isinstance(value, int | float) and not isinstance(value, bool)
    if not good_type or not low <= value <= high or (whole and value != int(value)):
        raise ValueError(f"{label} is {value!r}; allowed: {kind} from {span}")
