"""Generate: settings in, a run, its candidates out."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dnag.ui import text

title, status = st.columns([1, 2.4], vertical_alignment="center")
title.title(text.GENERATE)
status = status.container(key="status")
waiting = st.empty()
with waiting.container():  # something to see while PyTorch is imported for the first visitor
    for height in (90, 400):
        st.skeleton(height)

from dnag.runs import RunSettings  # noqa: E402
from dnag.ui import budget, forms, loaders, runs_panel, state  # noqa: E402

loaders.warm_up()


def settings_from(chosen: dict[str, Any]) -> RunSettings | None:
    """The settings chosen, or None (and a word about it) where they do not go together."""
    try:
        return RunSettings(**chosen)
    except ValueError as error:
        st.session_state[state.NOTICE] = text.SETTINGS_BAD.format(error=error)
        return None


def generate() -> None:
    """Button: start the run of the settings as they are when it is pressed."""
    link.problems.clear()
    if (wanted := settings_from(forms.chosen(RunSettings))) is not None:
        runs_panel.start(wanted)


def paper_scale(values: dict[str, Any]) -> float | None:
    """The number the official code would call the guidance scale chosen."""
    spread = loaders.accuracy_spread(values["space"], values["dataset"], values["resolution"], RunSettings.device)
    return None if spread is None else 100 * spread * values["guidance_scale"]


link = state.read_link(RunSettings, budget.problem)

with st.sidebar:
    values = forms.settings_form(RunSettings, link, paper_scale)
    button = st.empty()

settings = settings_from(values)
runs_panel.attach(link, settings)
job = runs_panel.current()
active = job is not None and job.active and not runs_panel.has_left(job.id)

button.button(
    text.GENERATE,
    key="generate",
    type="primary",
    width="stretch",
    shortcut="g",
    help=text.SHORTCUT_HELP,
    on_click=generate,
    disabled=active or settings is None,
)
waiting.empty()

if link.problems:
    st.error("\n".join([text.LINK_BAD, *(f"- {problem}" for problem in link.problems)]))
if notice := st.session_state.pop(state.NOTICE, None):
    st.error(notice)
if job is not None and runs_panel.was_remade(job):
    st.info(text.LINK_RERUN)

with status:
    if job is not None and active:
        runs_panel.follow(job)
    elif job is not None and job.state == "done" and job.key != settings:
        st.caption(text.CHANGED)
if job is not None and not active and job.state != "done":
    runs_panel.ended_badly(job)
if shown := runs_panel.shown(job):
    runs_panel.results(shown.id)
elif active:
    runs_panel.preview()
else:
    with st.container(border=True):
        st.subheader(text.EMPTY_TITLE)
        st.markdown(text.EMPTY)
        # On a phone the form, and its button, is folded away.
        st.button(text.EMPTY_BUTTON, key="generate-first", on_click=generate)
