"""A scene as SVG text: no program, no font and no other file is needed; dark where the viewer's system is.

Colours are attributes, which every program reads; a style sheet changes them where a browser prefers dark.
"""

from __future__ import annotations

from html import escape

from dnag.drawing.scene import THEMES, Box, Curve, Label, Scene, Shape

_DASHES = ' stroke-dasharray="4 4"'


def to_svg(scene: Scene) -> str:
    """The scene as a document of its own."""
    light, dark = THEMES["light"], THEMES["dark"]
    rules = "".join(f".f-{tone}{{fill:{color}}}.s-{tone}{{stroke:{color}}}" for tone, color in dark.items())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {scene.width:g} {scene.height:g}" '
        f'width="{scene.width:g}" height="{scene.height:g}" role="img" font-family="system-ui, sans-serif">',
        f"<title>{escape(scene.title)}</title>",
        f"<desc>{escape(scene.description)}</desc>",
        f"<style>@media (prefers-color-scheme: dark) {{{rules}}}</style>",
        f'<defs><marker id="arrow" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="9" markerHeight="9" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path class="f-edge" fill="{light["edge"]}" '
        f'd="M0 .6L9.4 5L0 9.4z"/></marker></defs>',
        f'<rect width="100%" height="100%"{_color("fill", "paper")}/>',
        *map(_shape, scene.shapes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def shapes_to_svg(scene: Scene) -> str:
    """The shapes alone, on nothing, for a small picture in a page; their colours must be ``#rrggbb``."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{scene.width:g}" height="{scene.height:g}">'
    return f"{head}{''.join(map(_shape, scene.shapes))}</svg>"


def _color(attribute: str, color: str) -> str:
    """A colour as an attribute, and for a tone the class that the style sheet changes."""
    tones = THEMES["light"]
    return f' {attribute}="{tones.get(color, color)}"' + (f' class="{attribute[0]}-{color}"' if color in tones else "")


def _shape(shape: Shape) -> str:
    if isinstance(shape, Curve):
        return _curve(shape)
    return _box(shape) if isinstance(shape, Box) else _label(shape)


def _curve(curve: Curve) -> str:
    start, *rest = (f"{x:.1f} {y:.1f}" for x, y in curve.points)
    path = f"M{start}{'LQC'[len(rest) - 1]}{' '.join(rest)}"
    opacity = f' opacity="{curve.opacity:.2f}"' if curve.opacity < 1 else ""
    marks = (_DASHES if curve.dashed else "") + (' marker-end="url(#arrow)"' if curve.arrow else "")
    stroke = f'{_color("stroke", curve.stroke)} stroke-width="{curve.width:.2g}"{opacity}'
    return f'<path d="{path}" fill="none"{stroke}{marks}/>'


def _box(box: Box) -> str:
    tones = THEMES["light"]
    names = [f"{attribute}-{color}" for attribute, color in (("f", box.fill), ("s", box.stroke)) if color in tones]
    place = f'x="{box.x - box.width / 2:.1f}" y="{box.y - box.height / 2:.1f}"'
    size = f'width="{box.width:.1f}" height="{box.height:.1f}" rx="{box.radius:g}"'
    colors = f'fill="{tones.get(box.fill, box.fill)}" stroke="{tones.get(box.stroke, box.stroke)}"'
    border = f'stroke-width="{box.stroke_width:g}" stroke-opacity="{box.opacity:g}"'
    themed = f'class="{" ".join(names)}" ' if names else ""
    return f"<rect {themed}{place} {size} {colors} {border}{_DASHES if box.dashed else ''}/>"


def _label(label: Label) -> str:
    weight = 600 if label.bold else 400
    place = f'x="{label.x:.1f}" y="{label.y:.1f}" dy=".35em" text-anchor="{label.anchor}"'
    look = f'font-size="{label.size:g}" font-weight="{weight}"'
    return f"<text {place} {look}{_color('fill', label.color)}>{escape(label.text)}</text>"
