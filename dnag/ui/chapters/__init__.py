"""The chapters of the Learn page. A chapter is one file ``ch<number>_<name>.py`` of this folder, found by itself.

It has two functions: ``title()``, its name among the buttons, and ``show()``, which draws all of it. Only the chapter
that is looked at is drawn, so only it computes.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from types import ModuleType

import streamlit as st

from dnag.ui import state, text

KEY = "chapter"
"""Of the row of buttons, and of the parameter in a link."""
_FILE = re.compile(r"ch(\d+)_\w+")


def chapters() -> dict[int, ModuleType]:
    """Number -> chapter, in order."""
    files = (match for info in pkgutil.iter_modules(__path__) if (match := _FILE.fullmatch(info.name)))
    return {
        int(match[1]): importlib.import_module(f"{__name__}.{match[0]}")
        for match in sorted(files, key=lambda match: int(match[1]))
    }


def _go(number: int) -> None:
    st.session_state[KEY] = number


def choose() -> ModuleType:
    """Buttons for every chapter, the one before and the one after; returns the chapter chosen. The link names it."""
    known = chapters()
    first = next(iter(known))
    if KEY not in st.session_state:
        asked = st.query_params.get(KEY, str(first))
        st.session_state[KEY] = int(asked) if asked in map(str, known) else first
        if asked not in map(str, known):
            allowed = text.learn.CHAPTERS.format(first=first, last=max(known))
            st.info(text.LINK_BAD_ITEM.format(name=KEY, value=repr(asked), allowed=allowed))
    standing = st.session_state[KEY] or first
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="chapters"):
        chosen = st.segmented_control(
            text.learn.CHAPTER,
            list(known),
            key=KEY,
            required=True,
            format_func=lambda number: f"{number} {known[number].title()}",
            label_visibility="collapsed",
            persist_state="session",
        )
        _step("back", text.learn.BACK, standing - 1, known)
        _step("forward", text.learn.NEXT, standing + 1, known)
    number = standing if chosen is None else chosen
    state.mirror(KEY, number, first)
    return known[number]


def _step(way: str, words: str, number: int, known: dict[int, ModuleType]) -> None:
    """The button to the chapter before or after."""
    icon = f":material/arrow_{way}:"
    st.button(words, key=f"chapter-{way}", icon=icon, on_click=_go, args=(number,), disabled=number not in known)
