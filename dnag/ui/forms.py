"""Inputs built from knobs: whatever setting the core declares appears here, with its range, unit and help.

Every one is in the address. Streamlit binds plain numbers; what is offered for the others depends on the space and the
dataset, and :func:`dnag.ui.state.mirror` writes them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Generator, Mapping
from typing import Any

import streamlit as st

from dnag.knobs import Knob, knobs
from dnag.ui import budget, state, text
from dnag.ui.offers import Offer, offer

FEW = 2  # choices up to this many are laid out side by side
NARROW = ("samples", "steps", "sampler", "seed", "maximize", "minimize")  # two of them stand side by side


def label_of(name: str, value: Any, space: str = "") -> str:
    """How a choice is called: spaces and datasets know their own label."""
    from dnag.spaces.base import spaces

    if name == "space":
        return text.said(spaces[value].label)
    if name == "dataset":
        return text.said(spaces[space]().dataset(value).label)
    if name == "checkpoint":
        return value or text.name("shipped")
    if isinstance(value, str):
        return text.name(value)
    return f"{value:g}" if value else text.name("auto")


def _standing(name: str, there: Offer, link: state.Link) -> Any:
    """The value of a setting before its widget is drawn: the session's or the link's, if it is still offered."""
    value = st.session_state.get(name, link.values.get(name, there.start))
    return there.start if there.options and value not in there.options else value


def _choice(name: str, knob: Knob, there: Offer, space: str, shared: dict[str, Any]) -> Any:
    shown = {option: label_of(name, option, space) for option in there.options}
    shared = shared | {"format_func": shown.__getitem__}
    if name == "resolution":
        return st.select_slider(f"{text.said(knob.label)} ({text.said(knob.unit)})", there.options, **shared)
    if name == "width" or (name == "space" and len(there.options) <= FEW):
        return st.segmented_control(
            text.said(knob.label), there.options, required=True, width="stretch", wrap=False, **shared
        )
    return st.selectbox(text.said(knob.label), there.options, **shared)


def _widget(name: str, knob: Knob, there: Offer, values: dict[str, Any], link: state.Link) -> Any:
    shared: dict[str, Any] = {"key": name, "help": text.said(knob.help) or None, "persist_state": "session"}
    if name == "under":
        value: Any = budget.control(text.said(knob.label), values, link.values.get(name, ""))
        st.session_state[name] = value
    elif knob.whole and not there.options:
        low, high = int(there.low), int(there.high)
        return st.number_input(text.said(knob.label), low, high, there.start, step=1, bind="query-params", **shared)
    else:
        standing = _standing(name, there, link)
        if st.session_state.get(name) != standing:
            st.session_state[name] = standing
        if there.options:
            value = _choice(name, knob, there, values.get("space", ""), shared)
            value = standing if value is None else value  # as buttons in a row say when the page has just changed
        elif knob.text:
            value = st.text_input(text.said(knob.label), **shared)
        else:
            step = state.round_step(there.high - there.low)
            value = state.slider(
                text.said(knob.label), name, (there.low, there.high, step), there.start, text.said(knob.help)
            )
    state.mirror(name, value, there.start)
    return value


def _places() -> Generator[Any, bool, None]:
    """Where the next input goes, told by ``send(wide)``: wide ones on their own, narrow ones in pairs."""
    wide = yield None
    while True:
        if wide:
            wide = yield st.container()
            continue
        left, right = st.columns(2)
        wide = yield left
        if not wide:
            wide = yield right


def scale_words(gamma: float, paper_scale: float | None) -> str:
    """What a guidance scale means, in words that follow the slider."""
    if gamma == 0:
        return text.SCALE_OFF
    # Where architectures differ by tenths of a point, a whole one would be made likely beyond all imagination.
    template, factor = (text.SCALE_WORDS, math.exp(gamma)) if gamma <= 12 else (text.SCALE_TENTH, math.exp(gamma / 10))
    shown = f"{factor:,.0f}" if factor >= 100 else f"{factor:.3g}"
    words = template.format(factor=shown)
    return words if paper_scale is None else f"{words} {text.SCALE_PAPER.format(paper=f'{paper_scale:,.0f}')}"


def settings_form(
    owner: type, link: state.Link, paper_scale: Any = None, given: Callable[[str], Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """Widgets for every knob of ``owner``, bound to the address; returns field name -> value.

    ``paper_scale`` takes the values and gives the number the official code would call the same guidance scale;
    ``given`` takes the space and gives settings that the page decides, for which there is no widget.
    """
    defaults = {f.name: f.default for f in dataclasses.fields(owner)}
    known = knobs(owner)
    values: dict[str, Any] = {}
    scale_caption: Any = None

    def draw(*, advanced: bool) -> None:
        nonlocal scale_caption
        places = _places()
        next(places)
        for name, knob in known.items():
            if knob.advanced != advanced:
                continue
            decided = given(values["space"]) if given is not None and "space" in values else {}
            if name in decided and name != "space":
                values[name] = decided[name]
                continue
            there = offer(name, knob, defaults[name], values)
            if there.hidden:
                values[name] = st.session_state[name] = there.start
                state.mirror(name, there.start, there.start)
                continue
            with places.send(name not in NARROW):
                if name == "under":  # the width is folded away further down
                    values["width"] = _standing("width", offer("width", known["width"], 0.0, values), link)
                values[name] = _widget(name, knob, there, values, link)
                if name == "guidance_scale":
                    scale_caption = st.empty()

    draw(advanced=False)
    if scale_caption is not None:
        scale_caption.caption(scale_words(values["guidance_scale"], paper_scale(values) if paper_scale else None))
    if any(knob.advanced for knob in known.values()):
        with st.expander(text.MORE_SETTINGS):
            draw(advanced=True)
    return {name: values[name] for name in known}


def made(owner: type, values: Mapping[str, Any]) -> Any | None:
    """The settings of these values, or None (and a word about it) where they do not go together."""
    try:
        return owner(**values)
    except ValueError as error:
        st.session_state[state.NOTICE] = text.SETTINGS_BAD.format(error=text.said(error))
        return None
