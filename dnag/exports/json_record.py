"""JSON: the architecture and all that is known about it, for other programs."""

from __future__ import annotations

import json

from dnag import __version__
from dnag.exports.base import Exporter, Subject, exporters


@exporters.register("json")
class JsonRecord(Exporter):
    """``architecture`` is read back by ``space.parse``; ``operations`` are its nodes, null where one is absent."""

    label = "JSON record"
    about = "The architecture and its figures, for other programs."
    suffix = ".json"
    media_type = "application/json"
    group = "data"

    def content(self, subject: Subject) -> bytes:
        space = subject.space
        cost = space.cost(subject.arch, subject.dataset, resolution=subject.resolution, width=subject.width)
        record = {
            "dnag": __version__,
            "space": space.name,
            "architecture": subject.text,
            "operations": [space.op_names[op] if op >= 0 else None for op in subject.arch.ops],
            "dataset": subject.dataset,
            "num_classes": subject.num_classes,
            "resolution": subject.resolution,
            "width": subject.width,
            "params_m": round(cost.params_m, 6),
            "macs_m": round(cost.macs_m, 6),
        }
        more = {name: value for name, value in subject.facts.items() if name not in record}
        return (json.dumps({**record, **more}, indent=2, ensure_ascii=False) + "\n").encode()
