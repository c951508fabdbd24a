"""An architecture small enough for a row of a table: colours and shape, no words.

Edges of a cell in the colours of their operations, or one block for each layer. The colours are those of the player;
a grey rim lets them stand out on light and on dark.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Sequence

from dnag.drawing.graph import edge_curve
from dnag.drawing.scene import Box, Curve, Scene, Shape
from dnag.drawing.svg import shapes_to_svg
from dnag.spaces.base import SearchSpace, spaces

WIDTH, HEIGHT, MARGIN = 104.0, 52.0, 6.0
RIM, VERTEX = "#7a828c", 4.0
LINE = 3.4
GAP = 2.0  # between blocks


def thumbnail_scene(space: SearchSpace, ops: Sequence[int]) -> Scene:
    """The small picture of the architecture with operations ``ops`` (N,)."""
    return Scene(WIDTH, HEIGHT, tuple(_cell(space, ops) if space.drawing.vertices else _blocks(space, ops)))


@functools.lru_cache(maxsize=512)
def thumbnail(space: str, ops: tuple[int, ...]) -> str:
    """The same of a space by its name, as a ``data:`` address of an image."""
    scene = thumbnail_scene(spaces[space](), ops)
    return f"data:image/svg+xml;base64,{base64.b64encode(shapes_to_svg(scene).encode()).decode()}"


def _inside(x: float, y: float) -> tuple[float, float]:
    return MARGIN + x * (WIDTH - 2 * MARGIN), MARGIN + y * (HEIGHT - 2 * MARGIN)


def _cell(space: SearchSpace, ops: Sequence[int]) -> list[Shape]:
    """Edges from back to front, then the vertices; an edge that carries nothing is a dashed hair."""
    vertices = [_inside(vertex.x, vertex.y) for vertex in space.drawing.vertices]
    empty: list[Shape] = []
    edges: list[Shape] = []
    for slot in space.drawing.slots:
        if slot.source is None or slot.target is None:
            continue
        curve = edge_curve(vertices[slot.source], _inside(slot.x, slot.y), vertices[slot.target], VERTEX)
        op = ops[slot.node]
        if op in space.zero_ops:
            empty.append(Curve(curve, RIM, 1.0, 0.6, dashed=True))
        else:
            edges += [Curve(curve, RIM, LINE + 1.4), Curve(curve, space.op_styles[op].color, LINE)]
    dots = [Box(*place, 2 * VERTEX, 2 * VERTEX, VERTEX, RIM, RIM) for place in vertices]
    return [*empty, *edges, *dots]


def _blocks(space: SearchSpace, ops: Sequence[int]) -> list[Shape]:
    """A block for each layer that is there, on the grid of the drawing."""
    slots = space.drawing.slots
    columns, rows = (
        len({round(place, 3) for place in places}) for places in ([s.x for s in slots], [s.y for s in slots])
    )
    width, height = (WIDTH - 2 * MARGIN) / columns - GAP, (HEIGHT - 2 * MARGIN) / rows - GAP
    return [
        Box(*_inside(slot.x, slot.y), width, height, 2, space.op_styles[ops[slot.node]].color, RIM, opacity=0.7)
        for slot in slots
        if ops[slot.node] >= 0
    ]
