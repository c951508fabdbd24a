"""The words of the architecture editor."""

from __future__ import annotations

TITLE = "Architecture to change"
#: Words for the script; ``{slot}`` is an edge or a layer.
WORDS = {
    "graph": "Graph of the architecture. Tab goes from operation to operation, the arrow keys change one.",
    "slot": "Operation of {slot}",
}
