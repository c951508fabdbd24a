"""An architecture as the player draws it: operations on the edges of a cell, or layers stage by stage.

The same geometry as ``dnag/player/player.js``, at a width of its own, so that every operation is written out.
``S`` slots of the space's drawing, ``F`` operations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from dnag.drawing.scene import Box, Curve, Label, Point, Scene, Shape, ink_on, mixed, text_width
from dnag.spaces.base import Architecture, SearchSpace, Slot

ABSENT = 0.1
"""A slot whose probabilities leave more than this over may be absent."""
CELL_WIDTH, CELL_HEIGHT = 600.0, 300.0
MARGIN = 14.0
CHIP_HEIGHT, HEADING, ROW = 28.0, 26.0, 46.0
DISC = 17.0  # radius of a vertex
GAP = DISC + 2  # where an edge begins and ends, from the middle of a vertex
ABSENT_WORD = "absent"


def architecture_scene(space: SearchSpace, arch: Architecture) -> Scene:
    """The picture of a finished architecture."""
    return probability_scene(space, space.encode([arch])[0], title=space.label, description=space.format(arch))


def probability_scene(
    space: SearchSpace, probability: Tensor, *, paper: str = "#ffffff", title: str = "", description: str = ""
) -> Scene:
    """The picture of what is believed of an architecture: each operation has colour as far as it is certain.

    Args:
        probability: of every operation of every node, (N, F), from 0 to 1.
        paper: the colour that uncertain operations fade into.
    """
    beliefs = [_belief(probability[slot.node]) for slot in space.drawing.slots]
    return _Graph(space).scene(beliefs, paper, title, description)


Belief = tuple[int | None, float]
"""The likeliest operation of a slot (None: that there is none) and its probability."""


def _belief(probability: Tensor) -> Belief:
    best, op = torch.max(probability, 0)
    left = 1 - float(probability.sum())
    return (None, left) if left > max(ABSENT, float(best)) else (int(op), float(best))


class _Graph:
    """Where everything is, for one space; what is believed of it comes last."""

    def __init__(self, space: SearchSpace):
        self.space = space
        drawing = space.drawing
        widest = max(text_width(style.label) for style in space.op_styles)
        self.chip = widest + 20
        if drawing.vertices:
            self.width, self.height = CELL_WIDTH, CELL_HEIGHT
            self.places = [self._inside(slot.x, slot.y) for slot in drawing.slots]
        else:
            self._columns(drawing.slots)

    def _columns(self, slots: Sequence[Slot]) -> None:
        """Slots of one x stand below each other, evenly spaced."""
        xs = sorted({round(slot.x, 3) for slot in slots})
        self.columns = [[i for i, slot in enumerate(slots) if round(slot.x, 3) == x] for x in xs]
        column, head = self.chip + 20, HEADING if self.space.drawing.columns else 0
        self.width = 2 * MARGIN + column * len(xs)
        self.height = 2 * MARGIN + head + ROW * max(map(len, self.columns))
        place = {
            slot: (MARGIN + (c + 0.5) * column, MARGIN + head + (r + 0.5) * ROW)
            for c, members in enumerate(self.columns)
            for r, slot in enumerate(members)
        }
        self.places = [place[index] for index in range(len(slots))]

    def _inside(self, x: float, y: float) -> Point:
        return (
            MARGIN + x * (self.width - 2 * MARGIN),
            MARGIN + min(max(y * (self.height - 2 * MARGIN), DISC), self.height - 2 * MARGIN - DISC),
        )

    def scene(self, beliefs: Sequence[Belief], paper: str, title: str, description: str) -> Scene:
        shapes: list[Shape] = []
        for curve in (*self._edges(beliefs), *self._links(beliefs)):
            shapes.append(curve)
        for c, heading in enumerate(self.space.drawing.columns):
            x = self.places[self.columns[c][0]][0]
            shapes.append(Label(x, MARGIN + HEADING / 2 - 4, heading, "mute", bold=False))
        for vertex in self.space.drawing.vertices:
            shapes += _vertex(vertex.label, vertex.kind, self._inside(vertex.x, vertex.y))
        for place, belief in zip(self.places, beliefs, strict=True):
            shapes += self._chip(place, belief, paper)
        return Scene(self.width, self.height, tuple(shapes), title, description)

    def _edges(self, beliefs: Sequence[Belief]) -> list[Curve]:
        vertices = [self._inside(vertex.x, vertex.y) for vertex in self.space.drawing.vertices]
        return [
            Curve(
                edge_curve(vertices[slot.source], place, vertices[slot.target]),
                width=1 + 1.8 * p,
                opacity=0.35 + 0.6 * p,
                dashed=op in self.space.zero_ops,
                arrow=True,
            )
            for slot, place, (op, p) in zip(self.space.drawing.slots, self.places, beliefs, strict=True)
            if slot.source is not None and slot.target is not None
        ]

    def _links(self, beliefs: Sequence[Belief]) -> list[Curve]:
        presence = [1 - p if op is None else 1.0 for op, p in beliefs]
        return [
            Curve(
                link_curve(self.places[i], self.places[j], self.chip, CHIP_HEIGHT),
                opacity=0.3 + 0.65 * min(presence[i], presence[j]),
            )
            for i, j in self.space.drawing.links
        ]

    def _chip(self, place: Point, belief: Belief, paper: str) -> tuple[Box, Label]:
        op, p = belief
        x, y = place
        if op is None:
            box = Box(x, y, self.chip, CHIP_HEIGHT, CHIP_HEIGHT / 2, "paper", opacity=0.5, dashed=True)
            return box, Label(x, y, ABSENT_WORD, "mute", bold=False)
        style, zero = self.space.op_styles[op], op in self.space.zero_ops
        color = mixed(style.color, paper, 0.22 + 0.78 * p)
        opacity = 0.6 if zero else 0.38
        box = Box(x, y, self.chip, CHIP_HEIGHT, CHIP_HEIGHT / 2, color, opacity=opacity, dashed=zero)
        return box, Label(x, y, style.label, ink_on(color))


def _vertex(label: str, kind: str, place: Point) -> tuple[Box, Label]:
    fill = {"input": "ink", "output": "accent"}.get(kind, "paper")
    stroke = "accent" if kind == "output" else "ink"
    disc = Box(*place, 2 * DISC, 2 * DISC, DISC, fill, stroke, stroke_width=1.6)
    return disc, Label(*place, label, "ink" if fill == "paper" else "paper", size=13)


def edge_curve(start: Point, via: Point, end: Point, gap: float = GAP) -> tuple[Point, Point, Point]:
    """A quadratic curve from a vertex through a chip to a vertex, cut ``gap`` from their middles."""
    control = _map(lambda a, v, b: 2 * v - (a + b) / 2, start, via, end)

    def point(t: float) -> Point:
        return _map(lambda a, c, b: (1 - t) ** 2 * a + 2 * t * (1 - t) * c + t * t * b, start, control, end)

    def cut(centre: Point, inside: float, outside: float) -> float:
        for _ in range(24):
            middle = (inside + outside) / 2
            if math.dist(point(middle), centre) < gap:
                inside = middle
            else:
                outside = middle
        return outside

    s, t = cut(start, 0, 0.5), cut(end, 1, 0.5)
    # The control point of the piece between s and t: the blossom of the quadratic.
    inner = _map(
        lambda a, c, b: (1 - s) * (1 - t) * a + ((1 - s) * t + s * (1 - t)) * c + s * t * b, start, control, end
    )
    return point(s), inner, point(t)


def link_curve(one: Point, other: Point, width: float, height: float) -> tuple[Point, ...]:
    """Between two layers: straight down inside a stage, an S from the side of one to the side of the next."""
    (x1, y1), (x2, y2) = one, other
    if x1 == x2:
        return (x1, y1 + height / 2), (x2, y2 - height / 2)
    a, b = x1 + width / 2, x2 - width / 2
    middle = (a + b) / 2
    return (a, y1), (middle + 6, y1), (middle - 6, y2), (b, y2)


def _map(of, *points: Point) -> Point:  # type: ignore[no-untyped-def]
    x, y = (of(*values) for values in zip(*points, strict=True))
    return x, y
