"""The theme that the viewer sees, light or dark, and what Python draws by it.

Streamlit's own parts follow a change at once. Its scripts are not told of one: a small element of the page notices, so
that the logo, the charts and a few colours follow too (``theme.js``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import streamlit as st

CODE_INK = {
    "keyword": "#0b5cad", "builtin": "#0b5cad", "string": "#0a6f46", "number": "#0f6b64", "variable": "#0b6480",
    "operator": "#a3450a", "comment": "#59636e", "punctuation": "#59636e",
}  # fmt: skip
LIGHT = "".join(f".stCode .token.{name} {{ color: {ink}; }}" for name, ink in CODE_INK.items())
"""Streamlit colours code in tones that are too faint on light ground."""
DARK = "[data-testid='stBaseButton-primary']:enabled, [data-tag], [data-tag] * { color: #0f1218; }"
"""Streamlit writes white on the primary colour, too faint where that is light."""

_component = st.components.v2.component(
    "dnag_theme",
    html="<span></span>",
    css="span { color: var(--st-text-color); transition: color 1ms; }",
    js=(Path(__file__).parent / "theme.js").read_text(encoding="utf-8"),
)


def scheme() -> Literal["light", "dark"]:
    """What the viewer sees; light until the browser has told."""
    return "dark" if st.context.theme.type == "dark" else "light"


def follow() -> None:
    """Called once by every page: mend the colours of this theme, and draw the page again when it changes."""
    st.html(f"<style>{LIGHT if scheme() == 'light' else DARK}</style>")
    _component(key="theme", height="content", data=scheme(), on_changed_change=lambda: None)
