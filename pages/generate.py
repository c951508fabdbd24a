"""Generate: settings in, a run, its candidates out."""

from __future__ import annotations

import streamlit as st

from dnag.ui import text
from dnag.ui.routing import through_router

through_router()
title, status = st.columns([1, 2.4], vertical_alignment="center")
title.title(text.GENERATE)
status = status.container(key="status")
waiting = st.empty()
with waiting.container():  # something to see while PyTorch is imported for the first visitor
    for height in (90, 400):
        st.skeleton(height)

from dnag.runs import RunSettings  # noqa: E402
from dnag.ui import budget, forms, loaders, runs_panel, state, training_panel  # noqa: E402

loaders.warm_up()


def generate() -> None:
    """Button: start the run of the settings as they are when it is pressed."""
    link.problems.clear()
    if (wanted := forms.made(RunSettings, forms.chosen(RunSettings))) is not None:
        runs_panel.start(wanted)


state.enter("generate")
link = state.read_link(RunSettings, budget.problem)

with st.sidebar:
    values = forms.settings_form(RunSettings, link, loaders.paper_scale)
    button = st.empty()

settings = forms.made(RunSettings, values)
runs_panel.attach(link, settings)
job = runs_panel.current()

button.button(
    text.GENERATE,
    key="generate",
    type="primary",
    width="stretch",
    shortcut="g",
    help=text.SHORTCUT_HELP,
    on_click=generate,
    disabled=runs_panel.under_way(job) or settings is None,
)
waiting.empty()

if link.problems:
    st.error("\n".join([text.LINK_BAD, *(f"- {problem}" for problem in link.problems)]))
if notice := st.session_state.pop(state.NOTICE, None):
    st.error(notice)
if job is not None and runs_panel.was_remade(job):
    st.info(text.LINK_RERUN)
if job is None and link.deleted:
    st.info(text.LINK_DELETED)

if not runs_panel.stage(job, settings, status):
    with st.container(border=True):
        st.subheader(text.EMPTY_TITLE)
        st.markdown(text.EMPTY)
        # On a phone the form, and its button, is folded away.
        st.button(text.EMPTY_BUTTON, key="generate-first", on_click=generate)
training_panel.panel(runs_panel.shown(job), training_panel.images_there)
