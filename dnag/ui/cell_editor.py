"""The architecture editor: the graph of any space with a drawing, whose operations can be changed in place.

It is the player's picture with one frame (its script and style are those of the player, with a little on top). A slot
is chosen by click or Tab; the arrow keys, or the buttons below the graph, change its operation. The server makes a
valid architecture of every change, so that the graph always shows one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
import torch

from dnag.playback import player_payload, slot_ops
from dnag.player import HOST, SCRIPT, STYLE
from dnag.spaces.base import ABSENT, Architecture, ArchitectureError, SearchSpace
from dnag.ui import text
from dnag.ui.player import component_data

_HERE = Path(__file__).parent


def _script() -> str:
    """The player's classes without its adapter to Streamlit, and the editor's."""
    player, _, _ = SCRIPT.partition("export default")
    return player + (_HERE / "cell_editor.js").read_text(encoding="utf-8")


_component = st.components.v2.component(
    "dnag_cell_editor",
    html=HOST,
    css=STYLE + (_HERE / "cell_editor.css").read_text(encoding="utf-8"),
    js=_script(),
    isolate_styles=True,
)


def editor_data(space: SearchSpace, ops: tuple[int, ...]) -> dict[str, Any]:
    """What the script takes: one frame of the player, what every slot may become, and what it is (-1: absent).

    ``ArchitectureError`` where ``ops`` are no architecture of the space.
    """
    arch = space.architecture(ops)
    onehot = (space.encode([arch]) * 255).to(torch.uint8)
    payload = player_payload(space, torch.zeros(1), onehot, None, title=text.cell_editor.TITLE, final="")
    shown = {op: index for index, op in enumerate(slot_ops(space))} | {ABSENT: ABSENT}
    nodes = [slot.node for slot in space.drawing.slots]
    return component_data(payload) | {
        "choices": [[shown[op] for op in space.choices_of(node)] for node in nodes],
        "current": [shown[ops[node]] for node in nodes],
        "words": text.cell_editor.WORDS,
    }


def changed(space: SearchSpace, ops: tuple[int, ...], change: Any) -> tuple[int, ...]:
    """``ops`` after what the browser reports, ``{"slot", "op"}``; unchanged where that makes no sense."""
    nodes = dict(enumerate(slot.node for slot in space.drawing.slots))
    found = dict(enumerate(slot_ops(space))) | {ABSENT: ABSENT}
    try:
        return space.with_op(Architecture(space.name, ops), nodes[change["slot"]], found[change["op"]]).ops
    except (TypeError, KeyError, ArchitectureError):
        return ops


def cell_editor(
    space: SearchSpace,
    ops: tuple[int, ...],
    key: str,
    on_change: Callable[[tuple[int, ...]], None] | None = None,
) -> tuple[int, ...]:
    """Show an architecture that can be changed; returns it as it stands.

    Args:
        ops: operations to show. As long as they stay the same from run to run, the viewer's changes stand; others take
            their place.
        on_change: told the new operations as soon as the viewer changed one, before the page is drawn again.
    """
    memory = f"_{key}"  # (the space, what was given, what it has become)
    if st.session_state.get(memory, (None, None))[:2] != (space.name, ops):
        st.session_state[memory] = (space.name, ops, ops)

    def report() -> None:
        name, given, now = st.session_state[memory]
        now = changed(space, now, st.session_state[key].get("change"))
        st.session_state[memory] = (name, given, now)
        if on_change is not None:
            on_change(now)

    shown: tuple[int, ...] = st.session_state[memory][2]
    _component(key=key, data=editor_data(space, shown), height="content", on_change_change=report)
    return shown
