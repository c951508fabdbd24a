"""A picture as a list of shapes, in pixels from the top left; SVG and raster images are made of the same one.

A colour is ``#rrggbb``, or the name of a *tone* that every theme has a colour of its own for (:data:`THEMES`): so one
scene is fit for light and dark paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Point = tuple[float, float]
RGB = tuple[int, int, int]

FONT_SIZE = 12.0
_LETTER = 0.62
"""Mean width of a letter of a bold sans-serif, in parts of its size."""


@dataclass(frozen=True)
class Curve:
    """A straight line (2 points), or a quadratic or cubic Bézier curve (3 or 4)."""

    points: tuple[Point, ...]
    stroke: str = "edge"
    width: float = 1.5
    opacity: float = 1.0
    dashed: bool = False
    arrow: bool = False


@dataclass(frozen=True)
class Box:
    """A rectangle with round corners around its middle; with ``radius`` half of both sides it is a disc."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    fill: str
    stroke: str = "ink"
    stroke_width: float = 1.0
    opacity: float = 1.0
    """Of the border."""
    dashed: bool = False


@dataclass(frozen=True)
class Label:
    """Words around a point."""

    x: float
    y: float
    text: str
    color: str = "ink"
    size: float = FONT_SIZE
    bold: bool = True
    anchor: str = "middle"
    """``start``, ``middle`` or ``end``: which part of the words is at ``x``."""


Shape = Curve | Box | Label


@dataclass(frozen=True)
class Scene:
    """Shapes from back to front, and what they show in words, for those who do not see it."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    title: str = ""
    description: str = ""


def rgb(color: str) -> RGB:
    """``#rrggbb`` as three numbers from 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def mixed(over: str, under: str, weight: float) -> str:
    """``weight`` parts of one colour and the rest of the other, ``#rrggbb``."""
    pairs = zip(rgb(over), rgb(under), strict=True)
    return "#" + "".join(f"{round(weight * a + (1 - weight) * b):02x}" for a, b in pairs)


def _theme(ink: str, paper: str, accent: str) -> dict[str, str]:
    shades = {"mute": 0.72, "edge": 0.48, "line": 0.14}
    return {"ink": ink, "paper": paper, "accent": accent} | {n: mixed(ink, paper, w) for n, w in shades.items()}


THEMES: Mapping[str, Mapping[str, str]] = {
    "light": _theme("#0f1419", "#ffffff", "#4338ca"),
    "dark": _theme("#eef1f5", "#0f1218", "#a5b4fc"),
}
"""The colours of the player (``player.css``)."""


def ink_on(color: str) -> str:
    """Black or white, whichever reads better on ``#rrggbb`` (WCAG luminance)."""
    channels = [c / 255 for c in rgb(color)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#0b0f14" if luminance > 0.179 else "#ffffff"  # 0.179: where both have equal contrast


def text_width(text: str, size: float = FONT_SIZE) -> float:
    """About how wide bold words are; an estimate, so that a layout does not depend on the fonts of a machine."""
    return _LETTER * size * len(text)
