"""A scene as pixels, with Pillow alone: drawn several times as large and averaged down, so that edges are smooth."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from dnag.drawing.scene import THEMES, Box, Curve, Label, Point, Scene, mixed

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

FINER = 3
"""Pixels drawn for one of the result, a side."""
DASH = 4.0
_FONTS = {
    True: ("LiberationSans-Bold.ttf", "Arial Bold.ttf", "arialbd.ttf", "DejaVuSans-Bold.ttf"),
    False: ("LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf", "DejaVuSans.ttf"),
}
_PLAIN = str.maketrans({"×": "x", "–": "-", "→": ">", "·": "."})
"""For the font inside Pillow, which knows few signs."""


def to_image(scene: Scene, scale: float = 1.0, theme: str = "light") -> Image.Image:
    """The scene as an opaque RGB image, ``scale`` times as large."""
    tones = THEMES[theme]
    size = (math.ceil(scene.width * scale), math.ceil(scene.height * scale))
    image = Image.new("RGB", (size[0] * FINER, size[1] * FINER), tones["paper"])
    pen = _Pen(image, scale * FINER, tones)
    for shape in scene.shapes:
        if isinstance(shape, Curve):
            pen.curve(shape)
        elif isinstance(shape, Box):
            pen.box(shape)
        else:
            pen.label(shape)
    return image.reduce(FINER)


class _Pen:
    """Draws shapes on an image that is ``unit`` times as large as the scene."""

    def __init__(self, image: Image.Image, unit: float, tones: Mapping[str, str]):
        self.draw = ImageDraw.Draw(image)
        self.unit = unit
        self.tones = tones

    def color(self, color: str, opacity: float = 1.0) -> str:
        """As it looks on the paper."""
        return mixed(self.tones.get(color, color), self.tones["paper"], opacity)

    def line(self, points: Sequence[Point], color: str, width: float, *, dashed: bool = False) -> None:
        """A line through points of the scene."""
        for piece in dashes(points) if dashed else [points]:
            scaled = [(x * self.unit, y * self.unit) for x, y in piece]
            self.draw.line(scaled, color, max(1, round(width * self.unit)), joint="curve")

    def curve(self, curve: Curve) -> None:
        color = self.color(curve.stroke, curve.opacity)
        points = flattened(curve.points)
        self.line(points, color, curve.width, dashed=curve.dashed)
        if curve.arrow:
            (x0, y0), (x, y) = points[-2:]
            turn = math.atan2(y - y0, x - x0)
            corners = [(1.3, 0), (-7.2, -4), (-7.2, 4)]  # the marker of the SVG
            self.draw.polygon(
                [
                    (
                        (x + a * math.cos(turn) - b * math.sin(turn)) * self.unit,
                        (y + a * math.sin(turn) + b * math.cos(turn)) * self.unit,
                    )
                    for a, b in corners
                ],
                color,
            )

    def box(self, box: Box) -> None:
        left, top = (box.x - box.width / 2) * self.unit, (box.y - box.height / 2) * self.unit
        corners = (left, top, left + box.width * self.unit, top + box.height * self.unit)
        fill, stroke = self.color(box.fill), mixed(self.color(box.stroke), self.color(box.fill), box.opacity)
        width = max(1, round(box.stroke_width * self.unit))
        self.draw.rounded_rectangle(
            corners, box.radius * self.unit, fill, None if box.dashed else stroke, 0 if box.dashed else width
        )
        if box.dashed:
            self.line(outline(box), stroke, box.stroke_width, dashed=True)

    def label(self, label: Label) -> None:
        font, exact = _font(round(label.size * self.unit), label.bold)
        anchor = {"start": "l", "middle": "m", "end": "r"}[label.anchor] + "m"
        place = (label.x * self.unit, label.y * self.unit)
        text = label.text if exact else label.text.translate(_PLAIN).encode("ascii", "replace").decode()
        self.draw.text(place, text, self.color(label.color), font, anchor=anchor)


@functools.lru_cache(maxsize=32)
def _font(size: int, bold: bool) -> tuple[Font, bool]:
    """A sans-serif of the machine, or the one inside Pillow; and whether it knows more than ASCII."""
    for name in _FONTS[bold]:
        try:
            return ImageFont.truetype(name, size), True
        except OSError:
            continue
    return ImageFont.load_default(size), False


def flattened(points: Sequence[Point], pieces: int = 48) -> list[Point]:
    """Points along a Bézier curve of any order (de Casteljau)."""
    if len(points) == 2:
        return list(points)
    found = []
    for index in range(pieces + 1):
        t, row = index / pieces, list(points)
        while len(row) > 1:
            row = [((1 - t) * x0 + t * x1, (1 - t) * y0 + t * y1) for (x0, y0), (x1, y1) in pairwise(row)]
        found.append(row[0])
    return found


def dashes(points: Sequence[Point], length: float = DASH) -> list[list[Point]]:
    """The pieces of a line that are drawn, with gaps of the same length between them."""
    pieces: list[list[Point]] = [[points[0]]]
    drawn, left = True, length
    for (x0, y0), (x1, y1) in pairwise(points):
        whole, done = math.dist((x0, y0), (x1, y1)), 0.0
        while whole - done > left:
            done += left
            place = (x0 + (x1 - x0) * done / whole, y0 + (y1 - y0) * done / whole)
            if drawn:
                pieces[-1].append(place)
            else:
                pieces.append([place])
            drawn, left = not drawn, length
        left -= whole - done
        if drawn:
            pieces[-1].append((x1, y1))
    return [piece for piece in pieces if len(piece) > 1]


def outline(box: Box) -> list[Point]:
    """Points around a box, from the middle of its right side and back."""
    r, found = box.radius, []
    for quarter, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        centre = (box.x + sx * (box.width / 2 - r), box.y + sy * (box.height / 2 - r))
        for step in range(9):
            turn = (quarter + step / 8) * math.pi / 2
            found.append((centre[0] + r * math.cos(turn), centre[1] + r * math.sin(turn)))
    return [*found, found[0]]
