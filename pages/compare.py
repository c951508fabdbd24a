"""Compare: two to four settings side by side, from the same noise."""

from __future__ import annotations

import streamlit as st

from dnag.ui import text
from dnag.ui.routing import through_router

through_router()
title, status = st.columns([1, 2.4], vertical_alignment="center")
title.title(text.COMPARE)
status = status.container(key="status")
waiting = st.empty()
with waiting.container():
    for height in (150, 400):
        st.skeleton(height)

from dnag.run_settings import RunSettings  # noqa: E402
from dnag.ui import budget, compare_panel, forms, loaders, runs_panel, state  # noqa: E402

loaders.warm_up()
state.enter("compare")
link = state.read_link(RunSettings, budget.problem)

with st.sidebar:
    values = forms.settings_form(RunSettings, link, loaders.paper_scale)

settings = forms.made(RunSettings, values)
compare_panel.start_sweep(settings)
compare_panel.read_link(link, values, settings)
waiting.empty()
problems = st.empty()

if not compare_panel.chosen_runs():
    with st.container(border=True, key="editor"):
        editing = st.container()
    job = runs_panel.current()
    busy = runs_panel.under_way(job) or compare_panel.sweeping()
    with editing:
        asked = compare_panel.editor(values, settings, busy=busy)
    runs_panel.attach(link, asked, loaders.compare)
    job = runs_panel.current()
    if job is not None and runs_panel.was_remade(job):
        st.info(text.LINK_RERUN)
    if not runs_panel.stage(job, asked, status, compare_panel.results, text.compare.BUTTON):
        with st.container(border=True):
            st.subheader(text.compare.EMPTY_TITLE)
            st.markdown(text.compare.EMPTY)

compare_panel.sweep_card(settings, busy=runs_panel.under_way(runs_panel.current()))
if link.problems:
    problems.error("\n".join([text.LINK_BAD, *(f"- {problem}" for problem in link.problems)]))
if notice := st.session_state.pop(state.NOTICE, None):
    st.error(notice)
