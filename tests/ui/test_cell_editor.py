"""The architecture editor: what it sends to the browser, and what it makes of what comes back."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

import dnag.ui.cell_editor as module
from dnag.player import validate_payload
from dnag.spaces.base import ABSENT, ArchitectureError, spaces
from dnag.ui import text
from dnag.ui.cell_editor import changed, editor_data

CELL = (0, 5, 5, 5, 3, 5, 5, 1)


@pytest.mark.parametrize("name", list(spaces))
def test_every_space_that_is_drawn_can_be_edited(name: str) -> None:
    space = spaces[name]()
    arch = space.sample(1, torch.Generator().manual_seed(1))[0]
    data = editor_data(space, arch.ops)
    validate_payload({key: value for key, value in data.items() if key not in ("labels", "report_step")})
    json.dumps(data)
    shown = base64.b64decode(data["probs"])
    width = len(data["ops"])
    for slot, (current, choices) in enumerate(zip(data["current"], data["choices"], strict=True)):
        row = list(shown[slot * width : (slot + 1) * width])
        assert row == [255 * (op == current) for op in range(width)]
        assert current in choices
        for op in choices:
            after = changed(space, arch.ops, {"slot": slot, "op": op})
            assert space.check(after) is None
            assert editor_data(space, after)["current"][slot] == op


def test_only_slots_that_may_be_empty_offer_it() -> None:
    assert all(ABSENT not in choices for choices in editor_data(spaces["nasbench201"](), CELL)["choices"])
    mobile = spaces["mobilenetv3"]()
    ops = mobile.sample(1, torch.Generator().manual_seed(1))[0].ops
    offered = [ABSENT in choices for choices in editor_data(mobile, ops)["choices"]]
    assert offered == [False, False, True, True] * 5


@pytest.mark.parametrize(
    "change",
    [
        None,
        3,
        {},
        {"slot": 0},
        {"slot": 6, "op": 0},
        {"slot": [], "op": 0},
        {"slot": 0, "op": 5},
        {"slot": 0, "op": -1},
    ],
)
def test_nonsense_from_the_browser_changes_nothing(change: Any) -> None:
    assert changed(spaces["nasbench201"](), CELL, change) == CELL


def test_what_is_no_architecture_is_refused() -> None:
    with pytest.raises(ArchitectureError, match="not an architecture of nasbench201"):
        editor_data(spaces["nasbench201"](), CELL[:-1])


def test_changes_stand_until_other_operations_are_given() -> None:
    def script() -> None:
        import streamlit as st

        from dnag.spaces.base import spaces
        from dnag.ui.cell_editor import cell_editor

        given = (0, 5, 5, 5, 3, 5, st.session_state.get("last", 5), 1)
        st.session_state["shown"] = cell_editor(spaces["nasbench201"](), given, key="editor")

    at = AppTest.from_function(script).run()
    assert at.session_state["shown"] == CELL
    edited = (0, 2, *CELL[2:])
    at.session_state["_editor"] = ("nasbench201", CELL, edited)
    assert at.run().session_state["shown"] == edited
    at.session_state["last"] = 6
    assert at.run().session_state["shown"] == (*CELL[:6], 6, 1)
    assert not at.exception


def test_the_script_builds_no_markup_from_data_and_asks_for_known_words_only() -> None:
    script = Path(module.__file__).with_name("cell_editor.js").read_text(encoding="utf-8")
    assert "innerHTML" not in script
    assert set(re.findall(r"words\.(\w+)", script)) == set(text.cell_editor.WORDS)
    assert module._script().count("export default") == 1
