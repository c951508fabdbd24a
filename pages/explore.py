"""Explore: any architecture of a space, its neighbours, and the whole space around it."""

from __future__ import annotations

import streamlit as st

from dnag.ui import text
from dnag.ui.routing import through_router

through_router()
st.title(text.EXPLORE)
waiting = st.empty()
with waiting.container():
    for height in (220, 620):
        st.skeleton(height)

from dnag.atlas import View  # noqa: E402
from dnag.ui import explore_panel, forms, loaders, map_panel, state  # noqa: E402

loaders.warm_up()
state.enter("explore")
link = state.read_link(View, lambda view: None)
with st.sidebar:
    view = View(**forms.settings_form(View, link))

try:
    seen = explore_panel.scene(view)
except (OSError, RuntimeError, ValueError) as error:  # no models, or none that can be read
    waiting.empty()
    st.error(text.explore.NO_MODEL.format(space=forms.label_of("space", view.space), error=text.said(error)))
    st.stop()
result = explore_panel.last_run(view.space)
waiting.empty()

if link.problems:
    st.error("\n".join([text.LINK_BAD, *(f"- {problem}" for problem in link.problems)]))

with st.container(border=True, key="architecture"):
    picture, about = st.columns([1, 1.2], gap="large", vertical_alignment="center")
    with picture:
        explore_panel.drawing(seen)
    with about:
        explore_panel.choose(seen)
        explore_panel.figures_strip(seen)
        explore_panel.walk(seen)

chart, table = st.columns(2)
with chart.container(border=True, key="map"):
    map_panel.show_map(seen, result)
with table.container(border=True, height="stretch", key="neighbours"):
    explore_panel.neighbours(seen)
batch, code = st.columns(2)
with batch.container(border=True, height="stretch", key="batch"):
    map_panel.show_batch(seen, result)
with code.container(border=True, height="stretch", key="code"):
    explore_panel.code(seen)
