"""The trajectory player on a page: the script of ``dnag.player`` as a component of Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dnag.player import HOST, SCRIPT, STYLE, player_data
from dnag.ui import text

_component = st.components.v2.component("dnag_player", html=HOST, css=STYLE, js=SCRIPT, isolate_styles=True)


def spoken(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in for entries of a payload of the core in the session's language."""
    named = {
        name: [{**item, "label": text.said(item["label"])} for item in payload[name]] for name in ("ops", "vertices")
    }
    columns = [text.said(column) for column in payload.get("columns") or ()]
    return {**named, "columns": columns, "labels": {**text.PLAYER, **(payload.get("labels") or {})}}


def component_data(
    payload: Mapping[str, Any], *, labels: Mapping[str, str] | None = None, report_step: bool = False
) -> dict[str, Any]:
    """What the script takes, in the words of the session's language."""
    return player_data({**payload, **spoken(payload)}, labels=labels, report_step=report_step)


def player(
    payload: Mapping[str, Any],
    key: str,
    height: int | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    on_step: Callable[[], None] | None = None,
) -> int | None:
    """Show a trajectory; returns the frame at which the viewer last stopped, if ``on_step`` asks for it.

    Without ``on_step`` nothing travels back while somebody plays or scrubs: every report is a rerun of the page.
    """
    data = component_data(payload, labels=labels, report_step=on_step is not None)
    result = _component(
        key=key, data=data, height="content" if height is None else height, on_step_change=on_step or (lambda: None)
    )
    return result.step
