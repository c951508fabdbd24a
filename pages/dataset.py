"""Your dataset: images in, architectures for them out."""

from __future__ import annotations

import functools

import streamlit as st

from dnag.ui import text
from dnag.ui.routing import through_router

through_router()
title, status = st.columns([1, 2.4], vertical_alignment="center")
title.title(text.DATASET)
status = status.container(key="status")
waiting = st.empty()
with waiting.container():
    for height in (90, 400):
        st.skeleton(height)

from dnag.runs import RunSettings  # noqa: E402
from dnag.transfer import what_is_missing  # noqa: E402
from dnag.ui import budget, dataset_map, dataset_panel, forms, loaders, runs_panel, state, training_panel  # noqa: E402

loaders.warm_up()


def generate() -> None:
    """Button: start the run of the settings as they are when it is pressed."""
    link.problems.clear()
    if (wanted := forms.made(RunSettings, forms.chosen(RunSettings, given))) is not None:
        runs_panel.start(wanted)


state.enter("dataset")
link = state.read_link(RunSettings, budget.problem)
runs_panel.attach(link, None)
job = runs_panel.current()
busy = runs_panel.under_way(job)
waiting.empty()

with st.container(border=True, key="images"):
    st.markdown(f"##### {text.IMAGES}")
    dataset_panel.choose()
    dataset_panel.show()
    if dataset_panel.images().source is not None:
        dataset_panel.encoder(busy)

features = dataset_panel.features()
given = functools.partial(dataset_panel.given, features)

with st.sidebar:
    values = forms.settings_form(RunSettings, link, loaders.paper_scale, given)
    settings = forms.made(RunSettings, {**values, **given(values["space"])})
    st.button(
        text.GENERATE,
        key="generate",
        type="primary",
        width="stretch",
        shortcut="g",
        help=text.SHORTCUT_HELP if features is not None else text.ENCODE_FIRST,
        on_click=generate,
        disabled=features is None or busy or dataset_panel.encoding() or settings is None,
    )

dataset_map.show(features, folded=job is not None)
if features is not None and (missing := what_is_missing(values["space"], loaders.store())):
    st.info(text.said(missing))
if link.problems:
    st.error("\n".join([text.LINK_BAD, *(f"- {problem}" for problem in link.problems)]))
if notice := st.session_state.pop(state.NOTICE, None):
    st.error(notice)
if not runs_panel.stage(job, settings if features is not None else job and job.key, status):
    with st.container(border=True):
        if link.job is not None:
            st.info(text.DATASET_LINK_GONE)
        st.subheader(text.EMPTY_TITLE)
        st.markdown(text.DATASET_EMPTY)
        if features is not None:
            st.button(text.EMPTY_BUTTON, key="generate-first", on_click=generate)
training_panel.panel(runs_panel.shown(job), dataset_panel.to_train_on)
