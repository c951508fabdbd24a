"""Overview: what the app does, in one picture that moves, and what is installed."""

from __future__ import annotations

import streamlit as st

from dnag.ui import text
from dnag.ui.overview import RUN_BEGUN, cards, first_run, first_trajectory, missing
from dnag.ui.player import player
from dnag.ui.routing import through_router

through_router()
if set(st.query_params) - {text.KEY}:  # a link to a run, from when that was the first page
    st.switch_page("pages/generate.py", query_params=dict(st.query_params))
if st.session_state.pop(RUN_BEGUN, False):
    st.switch_page("pages/generate.py", query_params={"job": st.query_params.get("job", "")})
words, picture = st.columns([1, 1.7], gap="large", vertical_alignment="center")
with words:
    st.title(text.overview.HEADLINE)
    st.markdown(text.overview.WORDS)
    st.button(
        text.overview.RUN,
        key="run-now",
        type="primary",
        help=text.overview.RUN_HELP,
        on_click=first_run,
        width="stretch",
    )
    st.page_link("pages/learn.py", label=text.overview.LEARN, icon=":material/school:")
    st.page_link("pages/dataset.py", label=text.overview.DATASET, icon=":material/photo_library:")
    st.markdown(text.overview.SOURCE)
with picture.container(border=True, key="stage"):
    player(first_trajectory(), key="overview-player")
models, rest = st.container(), st.container()

from dnag.ui import loaders  # noqa: E402 - everything above is there before PyTorch is imported

with models:
    st.markdown(f"### {text.overview.CARDS}")
    cards()
with rest:
    st.markdown(f"### {text.overview.MISSING}")
    st.markdown("\n".join(f"- {item}" for item in missing()) or text.overview.MISSING_NONE)
loaders.warm_up()
