"""SVG: the picture of the architecture, sharp at any size."""

from __future__ import annotations

from dnag.drawing.graph import architecture_scene
from dnag.drawing.svg import to_svg
from dnag.exports.base import Exporter, Subject, exporters


@exporters.register("svg")
class Svg(Exporter):
    """Drawn by the project itself: no program is needed."""

    label = "SVG picture"
    about = "Sharp at any size, for papers and pages; dark where the reader's system is."
    suffix = ".svg"
    media_type = "image/svg+xml"
    group = "picture"

    def content(self, subject: Subject) -> bytes:
        return to_svg(architecture_scene(subject.space, subject.arch)).encode()
