"""Candidates trained for real, on the page: chosen, followed, and compared with what was predicted of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from dnag.datasets import BUILTIN, image_dataset, installed_images
from dnag.datasets.builtin import FOLDERS
from dnag.devices import devices
from dnag.trials.recipe import changed, preset, presets_of, seeds
from dnag.ui import figures, loaders, runs_panel, state, text
from dnag.ui.jobs import Job, QueueFullError
from dnag.ui.training import Chosen, Desk, Images, Training

POLL_S = 2.0  # a chart that changed is put into the page anew, which shows
TOP, MOST = 3, 12
NOTICE = "_training-notice"
BACKGROUND = True

ImagesOf = Callable[[Any], Images | str]
"""The images of a run's result, or why there are none."""


@st.cache_resource(show_spinner=False, scope="session", on_release=Desk.close)
def desk() -> Desk:
    """This session's trainings."""
    return Desk(loaders.trainings(), state.viewer(), background=BACKGROUND)


def images_there(result: Any) -> Images | str:
    """The images of a dataset that the search space names, if they are installed; what to do if not."""
    dataset = result.settings.dataset
    label = result.space.dataset(dataset).label
    place = installed_images(dataset)
    if place is None:
        command = BUILTIN[dataset].command if dataset in BUILTIN else None
        words = text.training.MISSING if command is None else text.training.MISSING_FETCH
        return words.format(dataset=label, name=dataset, command=command, folders=FOLDERS)
    return Images(label, lambda size: image_dataset(place, size=size))


@st.fragment
def panel(run: Job[Any] | None, images_of: ImagesOf) -> None:
    """Choices for the candidates of a run, and the training that was started last, whichever run it was for."""
    job = _current()
    found = run is not None and run.result is not None and bool(run.result.candidates)
    notice = st.session_state.pop(NOTICE, None)
    if not found and job is None and notice is None:
        return
    with st.container(border=True, key="training"):
        st.markdown(f"##### {text.training.TITLE}")
        if run is not None and found:
            _choices(run, images_of, busy=job is not None and job.active)
        if notice is not None:
            st.error(notice)
        if job is not None:
            _standing(job)


def _current() -> Job[None] | None:
    """The training that this page of the session looks at; at first the one that the address names."""
    if state.TRAINING not in st.session_state:
        st.session_state[state.TRAINING] = st.query_params.get(state.TRAINING_PARAMETER)
    number = st.session_state[state.TRAINING]
    job = desk().watch(number) if number else None
    if number and job is None:
        st.session_state[NOTICE] = text.training.GONE
        number = st.session_state[state.TRAINING] = None
    state.mirror(state.TRAINING_PARAMETER, number or "", "")
    return job


# ---------------------------------------------------------------------- choices


def _key(name: str, of: str) -> str:
    """A widget whose start depends on another choice is another widget for each."""
    return f"train-{name}-{of}"


def _choices(run: Job[Any], images_of: ImagesOf, *, busy: bool) -> None:
    result: Any = run.result
    images = images_of(result)
    if isinstance(images, str):
        st.markdown(images)
        return
    words, space = text.training, result.settings.space
    st.caption(words.INTRO.format(dataset=images.name))
    shared: dict[str, Any] = {"persist_state": "session"}
    chosen = st.multiselect(
        words.CANDIDATES,
        range(len(result.candidates)),
        default=range(min(TOP, len(result.candidates))),
        key=_key("candidates", run.id),
        format_func=lambda index: _option(result.candidates[index]),
        help=words.CANDIDATES_HELP.format(most=MOST),
        max_selections=MOST,
        placeholder=words.CANDIDATES_NONE,
        **shared,
    )
    presets = presets_of(space)
    with st.grid(4, min_column_width=150):
        name = st.selectbox(
            words.RECIPE,
            list(presets),
            key=_key("recipe", space),
            format_func=lambda name: text.said(presets[name].label),
            **shared,
        )
        about = presets[name]
        epochs = st.number_input(words.EPOCHS, 1, 2000, about.recipe.epochs, key=_key("epochs", name), **shared)
        count = st.number_input(
            words.SEEDS, 1, 20, about.seeds, key=_key("seeds", name), help=words.SEEDS_HELP, **shared
        )
        st.selectbox(words.DEVICE, devices(), key=_key("device", ""), format_func=text.name, **shared)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            words.START,
            key="train",
            type="primary",
            icon=":material/model_training:",
            help=None if chosen else words.START_NONE,
            on_click=_begin,
            args=(run, images_of),
            disabled=busy or not chosen,
        )
        plan = words.PLAN.format(trainings=len(chosen) * count, epochs=epochs, about=text.said(about.help))
        st.caption(plan if chosen else words.CANDIDATES_NONE)


def _option(candidate: Any) -> str:
    name, predicted = f"#{candidate.rank}", candidate.predicted_accuracy_pct
    return name if predicted is None else text.training.OPTION.format(name=name, predicted=predicted)


def _begin(run: Job[Any], images_of: ImagesOf) -> None:
    """Button: train what is chosen as the inputs stand when it is pressed."""
    result: Any = run.result
    images, space = images_of(result), result.settings.space
    name = st.session_state[_key("recipe", space)]
    picked = [result.candidates[index] for index in sorted(st.session_state[_key("candidates", run.id)])]
    if isinstance(images, str) or not picked:
        st.session_state[NOTICE] = images if isinstance(images, str) else text.training.START_NONE
        return
    training = Training(
        space=space,
        candidates=tuple(Chosen(c.architecture, f"#{c.rank}", c.predicted_accuracy_pct) for c in picked),
        recipe_name=name,
        recipe=changed(preset(name).recipe, epochs=st.session_state[_key("epochs", name)]),
        seeds=seeds(st.session_state[_key("seeds", name)]),
        device=st.session_state[_key("device", "")],
        images=images,
        folder=desk().folder,
    )
    _start(training)


def _resume(training: Training) -> None:
    """Button: train what is still missing."""
    _start(dataclasses.replace(training, experiment=None))


def _start(training: Training) -> None:
    try:
        st.session_state[state.TRAINING] = desk().start(training).id
    except (QueueFullError, ValueError) as error:
        st.session_state[NOTICE] = text.said(error)


# ---------------------------------------------------------------------- progress and results


def _standing(job: Job[None]) -> None:
    """A training as it stands; while it is under way, this part alone is drawn again and again."""

    @st.fragment(run_every={"queued": runs_panel.POLL_QUEUED_S, "running": POLL_S}.get(job.state))
    def standing() -> None:
        now = desk().watch(job.id)
        if now is None or now.state != before:
            st.rerun()
        training: Any = now.key
        st.markdown(_subtitle(training))
        if now.active:
            _progress(now)
        else:
            _ended(now, training)
        _results(training, now)

    before = job.state
    standing()


def _subtitle(training: Training) -> str:
    return text.training.SUBTITLE.format(
        candidates=", ".join(chosen.name for chosen in training.candidates),
        dataset=text.plain(training.images.name),
        recipe=text.said(preset(training.recipe_name).label),
        epochs=training.recipe.epochs,
        seeds=len(training.seeds),
    )


def _progress(job: Job[None]) -> None:
    jobs, stopping = loaders.trainings(), job.stop.is_set()
    share, words = runs_panel.progress(job, jobs.ahead(job), text.training)
    with st.container(horizontal=True, vertical_alignment="center", key="training-progress"):
        st.progress(share, text=text.training.STOPPING if stopping else words)
        st.button(text.training.CANCEL, key="cancel-training", on_click=jobs.stop, args=(job.id,), disabled=stopping)


def _ended(job: Job[None], training: Training) -> None:
    if job.state == "failed":
        st.error(text.training.FAILED.format(error=text.said(job.error)))
    elif job.state == "cancelled":
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(text.training.CANCELLED.format(step=job.step, total=job.total), width="stretch")
            if training.images.there:
                st.button(text.training.RESUME, key="resume-training", on_click=_resume, args=(training,))


def _results(training: Training, job: Job[None]) -> None:
    """Curves and table, as far as there are any."""
    summary = training.summary()
    if summary is None:
        return
    curves = training.curves()
    for place, (values, unit, label, alt) in zip(
        st.columns(2),
        (
            ("test_accuracy_pct", "%", text.training.ACCURACY, text.training.ACCURACY_ALT),
            ("train_loss", "", text.training.LOSS, text.training.LOSS_ALT),
        ),
        strict=True,
    ):
        lines = [(c.name, c.seed, [(point.epoch, getattr(point, values)) for point in c.points]) for c in curves]
        figure = figures.curves(lines, training.recipe.epochs, label, unit)
        with place.container(height=figures.HEIGHT + 16, border=False):
            figures.show(figure, f"{values}-{job.id}", alt)
    _table(training, summary, job)
    for row in summary.rows:
        for error in row.errors:
            st.error(text.training.FAILED_TRIAL.format(name=training.names[row.architecture], error=text.said(error)))


def _table(training: Training, summary: Any, job: Job[None]) -> None:
    words, kinds = text.training, st.column_config
    rows = summary.rows
    figures_of = {
        "predicted": [row.predicted_pct for row in rows],
        "trained": [row.trained and row.trained.mean for row in rows],
        "interval": [row.trained and row.trained.half_width for row in rows],
    }
    words_of = {
        "candidate": [training.names[row.architecture] for row in rows],
        "seeds": [" · ".join(f"{value:.2f}" for value in row.accuracies_pct.values()) for row in rows],
        "done": [words.DONE.format(done=row.statuses.get("done", 0), all=sum(row.statuses.values())) for row in rows],
        "architecture": [row.architecture for row in rows],
    }
    order = [name for name in words.COLUMNS if len(training.seeds) > 1 or name not in ("interval", "seeds")]
    table = pd.DataFrame(words_of | {name: pd.array(given, dtype="Float64") for name, given in figures_of.items()})
    columns: dict[str, Any] = {}
    for name in order:
        shared: dict[str, Any] = {"label": words.COLUMNS[name], "help": words.COLUMNS_HELP.get(name)}
        number = name in figures_of
        columns[name] = kinds.NumberColumn(**shared, format="%.2f") if number else kinds.TextColumn(**shared)
    st.dataframe(
        table,
        key=f"trained-{job.id}",
        hide_index=True,
        placeholder=text.MISSING,
        column_order=order,
        column_config=columns,
        alt=words.TABLE_ALT,
    )
    known = sum(row.trained is not None and row.predicted_pct is not None for row in rows)
    rho = summary.rank_correlation
    with st.container(horizontal=True, vertical_alignment="center", key="take-training-away"):
        st.markdown(words.SPEARMAN_FEW if rho is None else words.SPEARMAN.format(rho=rho, n=known), width="stretch")
        if not known:
            return
        stem = f"dnag-trained-{training.space}-{training.recipe_name}"
        runs_panel.downloads(stem, training, "training", words)
