"""Inputs built from knobs: whatever setting the core declares appears here, with its range, unit and help.

Every one is in the address: numbers by Streamlit's own binding, choices by :func:`dnag.ui.state.mirror`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import streamlit as st

from dnag.knobs import Knob, knobs
from dnag.ui import loaders, state, text

BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}
FEW = 2  # choices up to this many are laid out side by side


def label_of(name: str, value: str, space: Any = None) -> str:
    """How a choice is called: spaces and datasets know their own label."""
    from dnag.spaces.base import spaces

    if name == "space" and value in spaces:
        return spaces[value].label
    if name == "dataset":
        known = [space] if space else spaces.values()
        for each in known:
            if value in each.datasets:
                return each.datasets[value].label
    return text.name(value)


def _options(name: str, knob: Knob, space: Any) -> list[str]:
    options = loaders.offered(name, knob)
    return [option for option in options if option in space.datasets] if name == "dataset" and space else options


def _label(knob: Knob) -> str:
    return f"{knob.label} ({knob.unit})" if knob.unit else knob.label


def _choice(name: str, knob: Knob, default: str, space: Any) -> str:
    options = _options(name, knob, space)
    start = default if default in options else options[0]
    if st.session_state.get(name) not in options:
        st.session_state[name] = start
    shown = {option: label_of(name, option, space) for option in options}
    shared: dict[str, Any] = {
        "key": name,
        "help": knob.help or None,
        "format_func": shown.__getitem__,
        "persist_state": "session",
    }
    if name == "space" and len(options) <= FEW:
        value = st.segmented_control(knob.label, options, required=True, width="stretch", wrap=False, **shared)
    else:
        value = st.selectbox(knob.label, options, **shared)
    state.mirror(name, value, start)
    return value


def _number(name: str, knob: Knob, default: float) -> float:
    shared: dict[str, Any] = {"key": name, "help": knob.help or None, **BOUND}
    if isinstance(default, int):
        assert knob.low is not None
        assert knob.high is not None
        return st.number_input(knob.label, int(knob.low), int(knob.high), default, step=1, **shared)
    assert knob.low is not None
    assert knob.high is not None
    step = 10.0 ** math.floor(math.log10((knob.high - knob.low) / 50))
    decimals = max(0, -math.floor(math.log10(step) + 0.5))
    return st.slider(
        knob.label, float(knob.low), float(knob.high), float(default), step=step, format=f"%.{decimals}f", **shared
    )


def _widget(name: str, knob: Knob, default: Any, space: Any) -> Any:
    if knob.choices is not None:
        return _choice(name, knob, default, space)
    if isinstance(default, bool):
        return st.toggle(knob.label, default, key=name, help=knob.help or None, **BOUND)
    return _number(name, knob, default)


def _rows(items: Sequence[tuple[str, Knob]], defaults: dict[str, Any]) -> Iterator[list[tuple[str, Knob]]]:
    """Narrow inputs in pairs, wide ones (space, dataset, sliders) on their own."""

    def wide(item: tuple[str, Knob]) -> bool:
        name, _ = item
        return name in ("space", "dataset") or isinstance(defaults[name], float)

    for alone, group in groupby(items, wide):
        members = list(group)
        size = 1 if alone else 2
        yield from (members[i : i + size] for i in range(0, len(members), size))


def scale_words(gamma: float, paper_scale: float | None) -> str:
    """What a guidance scale means, in words that follow the slider."""
    if gamma == 0:
        return text.SCALE_OFF
    factor = math.exp(gamma)
    shown = f"{factor:,.0f}" if factor >= 100 else f"{factor:.3g}"
    words = text.SCALE_WORDS.format(factor=shown)
    return words if paper_scale is None else f"{words} {text.SCALE_PAPER.format(paper=f'{paper_scale:,.0f}')}"


def settings_form(owner: type, link: state.Link, paper_scale: Any = None) -> dict[str, Any]:
    """Widgets for every knob of ``owner``, bound to the address; returns field name -> value.

    ``paper_scale`` takes the values so far and gives the number the official code would call the same scale.
    """
    from dnag.spaces.base import spaces

    defaults = {f.name: f.default for f in dataclasses.fields(owner)}
    known = knobs(owner)
    for name, value in link.values.items():
        if known[name].choices is not None and name not in st.session_state:
            st.session_state[name] = value
    values: dict[str, Any] = {}

    def draw(items: Sequence[tuple[str, Knob]]) -> None:
        for row in _rows(items, defaults):
            places = st.columns(len(row)) if len(row) > 1 else [st.container()]
            for (name, knob), place in zip(row, places, strict=True):
                with place:
                    values[name] = _widget(
                        name, knob, defaults[name], spaces[values["space"]] if "space" in values else None
                    )
                    if name == "guidance_scale":
                        paper = paper_scale(values) if paper_scale else None
                        st.caption(scale_words(values[name], paper))

    draw([(name, knob) for name, knob in known.items() if not knob.advanced])
    advanced = [(name, knob) for name, knob in known.items() if knob.advanced]
    if advanced:
        with st.expander(text.MORE_SETTINGS):
            draw(advanced)
    return {name: values[name] for name in known}
