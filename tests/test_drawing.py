"""Pictures without a browser: geometry, colours, and that pixels and SVG show one scene."""

from __future__ import annotations

import base64
import math
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import ImageFont

from dnag.drawing import raster
from dnag.drawing.graph import CHIP_HEIGHT, GAP, edge_curve, link_curve, probability_scene
from dnag.drawing.raster import dashes, flattened, outline, to_image
from dnag.drawing.scene import THEMES, Box, Curve, Label, Scene, ink_on, mixed
from dnag.drawing.svg import to_svg
from dnag.drawing.thumbnail import RIM, thumbnail, thumbnail_scene
from dnag.player import STYLE
from dnag.spaces.base import spaces


def test_an_edge_passes_its_chip_and_leaves_room_for_the_arrow():
    start, via, end = (0.0, 0.0), (100.0, 80.0), (200.0, 0.0)
    curve = edge_curve(start, via, end)
    assert math.dist(curve[0], start) == pytest.approx(GAP, abs=0.01)
    assert math.dist(curve[-1], end) == pytest.approx(GAP, abs=0.01)
    assert min(math.dist(point, via) for point in flattened(curve)) < 2


def test_a_link_leaves_a_chip_at_its_edge():
    assert link_curve((50, 10), (50, 60), 40, CHIP_HEIGHT) == ((50, 10 + CHIP_HEIGHT / 2), (50, 60 - CHIP_HEIGHT / 2))
    start, *_, end = link_curve((50, 60), (150, 10), 40, CHIP_HEIGHT)
    assert [start, end] == [(70, 60), (130, 10)]


def test_dashes_cover_half_of_a_line_round_corners_too():
    pieces = dashes([(0, 0), (30, 0), (30, 34)], length=4)
    length = sum(math.dist(a, b) for piece in pieces for a, b in pairwise(piece))
    assert length == pytest.approx(32) and len(pieces) == 8
    assert pieces[0] == [(0, 0), (4, 0)]


def test_the_outline_of_a_disc_is_a_circle():
    points = outline(Box(5, 7, 20, 20, 10, "paper"))
    assert points[0] == points[-1]
    assert {round(math.dist(point, (5, 7)), 6) for point in points} == {10.0}


def test_colours_mix_and_ink_is_readable():
    assert mixed("#ff0000", "#ffffff", 0.5) in ("#ff8080", "#ff7f7f")
    assert (ink_on("#f0e442"), ink_on("#0e60a4")) == ("#0b0f14", "#ffffff")


@pytest.mark.parametrize("theme", list(THEMES))
def test_themes_are_those_of_the_player(theme):
    for tone in ("ink", "paper", "accent"):
        assert THEMES[theme][tone] in STYLE


def test_a_scene_has_one_colour_where_svg_and_pixels_say_so():
    scene = Scene(40, 30, (Box(20, 15, 20, 10, 2, "#336699", opacity=0), Curve(((0, 2), (40, 2)), "#ff0000", 4)))
    pixels = np.asarray(to_image(scene))
    assert pixels.shape == (30, 40, 3)
    assert tuple(pixels[15, 20]) == (0x33, 0x66, 0x99) and tuple(pixels[2, 20]) == (255, 0, 0)
    assert tuple(pixels[25, 2]) == (255, 255, 255)
    text = to_svg(scene)
    assert 'fill="#336699"' in text and 'stroke="#ff0000"' in text and "M0.0 2.0L40.0 2.0" in text
    dark = np.asarray(to_image(scene, scale=2, theme="dark"))
    assert dark.shape == (60, 80, 3) and tuple(dark[50, 4]) == (0x0F, 0x12, 0x18)


def test_without_any_font_of_the_machine_the_one_inside_pillow_is_used(monkeypatch):
    real = ImageFont.truetype

    def none(font, *arguments, **options):
        if isinstance(font, str):
            raise OSError("no such font")
        return real(font, *arguments, **options)  # the one inside Pillow comes this way

    monkeypatch.setattr(raster.ImageFont, "truetype", none)
    raster._font.cache_clear()
    try:
        pixels = np.asarray(to_image(Scene(80, 20, (Label(40, 10, "3×3 → é"),)), scale=2))
    finally:
        raster._font.cache_clear()
    assert pixels.min() < 100


@pytest.mark.parametrize("name", list(spaces))
def test_certainty_is_colour_and_absence_is_said(name):
    space = spaces[name]()
    words = {
        level: [
            shape.text
            for shape in probability_scene(space, torch.full((space.num_nodes, space.num_ops), level)).shapes
            if isinstance(shape, Label)
        ]
        for level in (0.0, 1 / space.num_ops)
    }
    assert words[0.0].count("absent") == len(space.drawing.slots)
    assert "absent" not in words[1 / space.num_ops]
    arch = space.sample(1, torch.Generator().manual_seed(0))[0]
    sure = probability_scene(space, space.encode([arch])[0])
    colors = {shape.fill for shape in sure.shapes if isinstance(shape, Box)}
    assert {space.op_styles[arch.ops[slot.node]].color for slot in space.drawing.slots if arch.ops[slot.node] >= 0} <= (
        colors
    )


def test_a_thumbnail_tells_architectures_apart_without_words():
    space = spaces["nasbench201"]()
    cell = space.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|")
    colours = [shape.stroke for shape in thumbnail_scene(space, cell.ops).shapes if isinstance(shape, Curve)]
    assert [colour for colour in colours if colour != RIM] == ["#e69f00", "#56b4e9", "#009e73", "#f0e442"]
    assert sum(shape.dashed for shape in thumbnail_scene(space, cell.ops).shapes if isinstance(shape, Curve)) == 2

    wide = spaces["mobilenetv3"]()
    ops = wide.sample_ops(1, torch.Generator().manual_seed(0))[0].tolist()
    blocks = thumbnail_scene(wide, ops).shapes
    assert len(blocks) == sum(op >= 0 for op in ops)
    assert [box.fill for box in blocks if isinstance(box, Box)] == [wide.op_styles[op].color for op in ops if op >= 0]

    address = thumbnail("mobilenetv3", tuple(ops))
    svg = base64.b64decode(address.removeprefix("data:image/svg+xml;base64,")).decode()
    assert ElementTree.fromstring(svg).tag.endswith("svg") and svg.count("<rect") == len(blocks)
    assert "class=" not in svg and len(address) < 4000
