"""PNG: the picture of the architecture, for slides."""

from __future__ import annotations

import io

from dnag.drawing.graph import architecture_scene
from dnag.drawing.raster import to_image
from dnag.exports.base import Exporter, Subject, exporters

SCALE = 2.0


@exporters.register("png")
class Png(Exporter):
    """The same picture as the SVG, on white paper."""

    label = "PNG picture"
    about = "The picture in pixels, for slides."
    suffix = ".png"
    media_type = "image/png"
    group = "picture"

    def content(self, subject: Subject) -> bytes:
        file = io.BytesIO()
        to_image(architecture_scene(subject.space, subject.arch), SCALE).save(file, "PNG", optimize=True)
        return file.getvalue()
