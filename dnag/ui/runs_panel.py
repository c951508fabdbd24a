"""A run on the page: started, followed, cancelled, and shown when it is done."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dnag.metrics import spearman
from dnag.ui import exports_panel, figures, gallery, loaders, state, text
from dnag.ui.forms import label_of
from dnag.ui.jobs import Job, QueueFullError
from dnag.ui.loaders import manager
from dnag.ui.player import player

POLL_S = 0.4
POLL_QUEUED_S = 1.0
TABLE_HEIGHT = 446
COSTS = ("macs_m", "params_m")  # those that every table has
AXIS_TITLE = 24  # px
METRIC_WIDTH, STAGE_WIDTH = 108, 104  # px


def start(settings: Any, work: Callable[..., Any] = loaders.run, *, asked: bool = True) -> None:
    """Begin ``work`` of ``settings``, or join it if somebody began the same; let go of the one looked at so far.

    ``asked``: by a button, not by a link; then the run is this browser's own.
    """
    previous = state.job_id()
    job = _submit(settings, functools.partial(work, settings), gallery.names() if asked else ())
    if job is None:
        return
    if previous and previous != job.id:
        manager().cancel(previous, viewer=state.viewer())
    state.look_at(job.id)


def start_aside(name: str, key: Hashable, work: Callable[..., Any]) -> None:
    """Begin work of a part of the page, beside the run the page looks at; kept in the session under ``name``."""
    if (job := _submit(key, work)) is not None:
        st.session_state[name] = job.id
        st.session_state.pop(state.LEFT, None)


def aside(name: str) -> Job[Any] | None:
    """That work, if it is still known; asking counts as looking."""
    return _seen(st.session_state.get(name))


def finished(job: str) -> Any | None:
    """The result of a run that is done and still known; asking counts as looking."""
    found = _seen(job)
    return found.result if found is not None and found.state == "done" else None


def _submit(key: Hashable, work: Callable[..., Any], makers: Iterable[str] = ()) -> Job[Any] | None:
    try:
        return manager().submit(key, work, viewer=state.viewer(), makers=makers)
    except QueueFullError as error:
        st.session_state[state.NOTICE] = text.said(error)
        return None


def current() -> Job[Any] | None:
    """The run this session looks at, if it is still known; asking counts as looking."""
    return _seen(state.job_id())


def _seen(job: str | None) -> Job[Any] | None:
    if job is None:
        return None
    return manager().get(job) if has_left(job) else manager().touch(job, viewer=state.viewer())


def has_left(job: str) -> bool:
    """Whether this session cancelled the job; it may go on for others who look at the same one."""
    return st.session_state.get(state.LEFT) == job


def attach(link: state.Link, settings: Any | None, work: Callable[..., Any] = loaders.run) -> None:
    """Once per session: take up the run named in the address, or make it again."""
    if state.JOB in st.session_state:
        return
    link.deleted = link.job is not None and gallery.deleted(link.job)
    if link.deleted:
        state.look_at(None)
        return
    known = link.job is not None and (
        gallery.remembered(link.job) if work is loaders.run else manager().get(link.job) is not None
    )
    state.look_at(link.job if known else None)
    if link.job is not None and not known and not link.problems and settings is not None:
        start(settings, work, asked=False)
        st.session_state[state.REMADE] = state.job_id()


def was_remade(job: Job[Any]) -> bool:
    """Whether this run was made because a link named one that is not in memory any more."""
    return st.session_state.get(state.REMADE) == job.id


def shown(job: Job[Any] | None) -> Job[Any] | None:
    """The run whose result the page shows: this one, or while it is under way (or came to nothing) the one before."""
    if job is not None and job.state == "done":
        st.session_state[state.SHOWN] = job.id
        gallery.keep(job)
        return job
    before = st.session_state.get(state.SHOWN)
    return manager().touch(before, viewer=state.viewer()) if before else None


def _cancel(job: str) -> None:
    st.session_state[state.LEFT] = job
    manager().cancel(job, viewer=state.viewer())


def follow(job: Job[Any]) -> None:
    """Progress of a run, polled by this part of the page alone; the page is drawn anew once it ended."""

    @st.fragment(run_every=POLL_S if job.state == "running" else POLL_QUEUED_S)
    def panel() -> None:
        if has_left(job.id):
            st.rerun()
        now = manager().touch(job.id, viewer=state.viewer())
        if now is None or not now.active or now.state != job_state:
            st.rerun()
        share, words = progress(now, manager().ahead(now))
        with st.container(horizontal=True, vertical_alignment="center", key="progress"):
            st.progress(share, text=words)
            st.button(text.CANCEL, key="cancel", on_click=_cancel, args=(job.id,))

    job_state = job.state
    panel()


def progress(job: Job[Any], ahead: int, words: Any = text) -> tuple[float, str]:
    """How far it is, from 0 to 1, and in the ``words`` of a catalogue; ``ahead``: jobs that have to end first."""
    if job.state == "queued" and ahead:
        return 0.0, words.QUEUED.format(ahead=ahead)
    if job.total <= 0:
        return 0.0, words.STARTING
    remaining = job.remaining_s()
    running = words.RUNNING if remaining is None else words.RUNNING_ETA
    filled = running.format(
        step=job.step,
        total=job.total,
        elapsed=text.duration(job.elapsed_s()),
        remaining=text.duration(remaining or 0.0),
    )
    return min(1.0, job.step / job.total), filled


def ended_badly(job: Job[Any], button: str) -> None:
    """Say why there is no result; ``button`` is what starts it again."""
    if job.state == "failed":
        st.error(text.FAILED.format(error=text.said(job.error)))
        if not isinstance(job.error, ValueError):  # those say all there is to say
            with st.expander(text.FAILED_DETAILS):
                st.code(job.trace, language=None, wrap_lines=True)
    elif job.lapsed:
        st.info(text.LAPSED.format(button=button))
    elif job.total:
        st.info(text.CANCELLED.format(step=job.step, total=job.total, button=button))
    else:
        st.info(text.CANCELLED_QUEUED.format(button=button))


def subtitle(result: Any) -> str:
    """What was run, in a sentence: how many, for what, steered by what."""
    settings, costs = result.settings, result.costs
    dataset = result.space.dataset(settings.dataset)
    label = text.SUBTITLE_OWN if settings.features else dataset.label
    words = text.SUBTITLE.format(samples=settings.samples, dataset=label)
    if settings.resolution != dataset.resolution:
        words += text.SUBTITLE_SIZE.format(pixels=settings.resolution)
    if result.width != result.space.widths[0]:
        words += text.SUBTITLE_WIDTH.format(width=result.width)
    steered = []
    if settings.steers_accuracy:
        steered.append(text.SUBTITLE_ACCURACY.format(scale=settings.guidance_scale))
    for name, nats in settings.weights.items():
        template = text.SUBTITLE_MORE if nats > 0 else text.SUBTITLE_LESS
        cost = text.cost_in_words(name, costs[name].label)
        steered.append(template.format(cost=cost, nats=abs(nats), unit=costs[name].unit))
    for name, limit in settings.budgets.items():
        steered.append(text.SUBTITLE_LIMIT.format(limit=text.limit(name, costs[name].label, limit)))
    return ", ".join([words, *(steered or [text.SUBTITLE_UNGUIDED])])


def heading(result: Any, job: Job[Any]) -> None:
    """What was run, and how to take it away."""
    settings = result.settings
    stem = f"dnag-{settings.space}-{settings.dataset}-scale{settings.guidance_scale:g}-seed{settings.seed}"
    with st.container(horizontal=True, vertical_alignment="center", key="take-away"):
        st.markdown(subtitle(result), width="stretch")
        with st.popover(text.COPY_LINK, icon=":material/link:"):
            st.caption(text.COPY_LINK_HELP)
            st.code(state.link_to(settings, job.id), language=None, wrap_lines=True)
        if gallery.may_keep(job):
            icon = ":material/bookmark_add:"
            st.button(text.KEEP, key="keep", help=text.KEEP_HELP, icon=icon, on_click=_keep, args=(job,))
        downloads(stem, result, "download", text)


def _keep(job: Job[Any]) -> None:
    if gallery.keep_asked(job):
        st.toast(text.KEPT, icon=":material/bookmark_added:")
    elif problem := st.session_state.pop(gallery.PROBLEM, None):
        st.toast(text.gallery.NOT_KEPT.format(error=text.plain(text.said(problem))), icon=":material/error:")


def downloads(stem: str, result: Any, key: str, words: Any) -> None:
    """Buttons that save a result as files; what each holds is said in the ``words`` of a catalogue."""
    for name, label, help_, mime, data in (
        ("csv", text.CSV, words.CSV_HELP, "text/csv", result.to_csv),
        ("json", text.JSON, words.JSON_HELP, "application/json", result.to_json),
    ):
        st.download_button(
            label, data, f"{stem}.{name}", mime, key=f"{key}-{name}", help=help_, icon=":material/download:",
            on_click="ignore",
        )  # fmt: skip


def figures_strip(result: Any) -> None:
    """The run in six numbers, or seven where there is a budget."""
    counts = [c.count for c in result.candidates]
    accuracy = [c.predicted_accuracy_pct for c in result.candidates]
    known = bool(accuracy) and None not in accuracy

    def percent(value: Callable[[], float], *, when: bool) -> str:
        return f"{value():.1f} %" if when else text.MISSING

    unguided = result.unguided_pct
    strip = [
        (text.VALID, f"{100 * result.raw_valid / result.requested:.4g} %", text.VALID_HELP),
        (text.DISTINCT, f"{result.unique:,}", text.DISTINCT_HELP),
        (
            text.PREDICTED_MEAN,
            percent(lambda: np.average(accuracy, weights=counts), when=known),
            text.PREDICTED_MEAN_HELP,
        ),
        (
            text.UNGUIDED_MEAN,
            percent(lambda: float(unguided.mean()), when=unguided is not None and len(unguided) > 0),
            text.UNGUIDED_MEAN_HELP,
        ),
        (text.BEST, percent(lambda: accuracy[0], when=known), text.BEST_HELP),
        (text.EFFORT, f"{result.nfe:,} · {text.duration(result.seconds)}", text.EFFORT_HELP),
    ]
    if result.inside is not None:
        strip.insert(2, (text.INSIDE, f"{100 * result.inside:.4g} %", text.INSIDE_HELP))
    with st.container(border=True, key="strip"), st.grid(len(strip), min_column_width=METRIC_WIDTH, gap="small"):
        for label, value, help_ in strip:
            st.metric(label, value, help=help_.format(requested=result.requested, valid=result.raw_valid))


def table_of(result: Any) -> pd.DataFrame:
    """One row per candidate, best first; beside the columns that are always there, one for each other cost limited."""
    found = result.candidates
    short = {"predicted": "predicted_accuracy_pct", "std": "predicted_std_pct", "measured": "measured_accuracy_pct"}
    budgets = [name for name in result.settings.budgets if name not in COSTS]
    return pd.DataFrame(
        {
            "rank": [c.rank for c in found],
            "cell": [_cell(result.space, c.ops) for c in found],
            **{name: pd.array([getattr(c, of) for c in found], dtype="Float64") for name, of in short.items()},
            **{name: [c.value(name) for c in found] for name in (*COSTS, *budgets)},
            "over": [text.OVER if c.inside_budget is False else "" for c in found],
            "count": [c.count for c in found],
            "disconnected": [c.disconnected for c in found],
            "architecture": [c.architecture for c in found],
        }
    )


def _cell(space: Any, ops: tuple[int, ...]) -> list[str]:
    """The operations by their symbols: one by one, or the layers of a stage together."""
    slots = space.drawing.slots
    symbols = [space.op_styles[ops[slot.node]].symbol if ops[slot.node] >= 0 else "" for slot in slots]
    if not space.drawing.columns:
        return symbols
    stages = dict.fromkeys(slot.x for slot in slots)
    return [
        " ".join(symbol for symbol, slot in zip(symbols, slots, strict=True) if symbol and slot.x == x) for x in stages
    ]


def _filtered(result: Any, table: pd.DataFrame) -> pd.DataFrame:
    """The rows that pass the filter above the table."""
    keep = pd.Series(data=True, index=table.index)
    with st.popover(text.FILTER, icon=":material/filter_list:"):
        part = st.text_input(text.FILTER_TEXT, key="filter-text", placeholder=text.FILTER_TEXT_EXAMPLE)
        for name in (column for column in table if column in result.costs):
            low, high = float(table[name].min()), float(table[name].max())
            if low < high:
                step = state.round_step(high - low)
                least, most = (state.on_grid(n, step) for n in (math.floor(low / step), math.ceil(high / step)))
                limit = st.slider(_axis(result, name), least, most, most, step, format="%g", key=f"filter-{name}")
                if limit < most:
                    keep &= table[name] <= limit
        connected = st.toggle(text.FILTER_CONNECTED, key="filter-connected") if table["disconnected"].any() else False
        measured = st.toggle(text.FILTER_MEASURED, key="filter-measured") if table["measured"].notna().any() else False
        inside = st.toggle(text.FILTER_INSIDE, key="filter-inside") if (table["over"] != "").any() else False
    if part:
        keep &= table["architecture"].str.contains(part.strip(), regex=False)
    if connected:
        keep &= ~table["disconnected"]
    if measured:
        keep &= table["measured"].notna()
    if inside:
        keep &= table["over"] == ""
    return table[keep]


def _order(result: Any, table: pd.DataFrame) -> list[str]:
    """Columns from left to right; where operations take much room, figures come first."""
    order = list(table)
    if result.space.drawing.columns:
        order.remove("cell")
        order.insert(-1, "cell")
    return order


def _columns(result: Any, table: pd.DataFrame) -> dict[str, Any]:
    styles = result.space.op_styles
    source = next((c.measured_source for c in result.candidates if c.measured_source), None)
    kinds = st.column_config

    def words(name: str) -> dict[str, Any]:
        given = text.COLUMNS_HELP.get(name)
        return {"label": text.COLUMNS[name], "help": given.format(source=source) if given else None}

    ranked = table["predicted"].notna().any()
    # The bars tell the better three quarters apart; what lies below them shows an empty one.
    low, high = (float(table["predicted"].quantile(q)) if ranked else 100 * q for q in (0.25, 1))
    if result.space.drawing.columns:
        cell = kinds.ListColumn(**words("stages"), width=STAGE_WIDTH * len(table["cell"].iloc[0]))
    else:
        cell = kinds.MultiselectColumn(
            **words("cell"),
            width=29 * len(table["cell"].iloc[0]) + 16,
            options=[style.symbol for style in styles],
            color=[style.color for style in styles],
            disabled=True,
        )
    columns: dict[str, Any] = {
        "rank": kinds.NumberColumn(**words("rank"), width=44),
        "cell": cell,
        "predicted": kinds.ProgressColumn(
            **words("predicted"), format="%.2f", width=122, min_value=low - 0.1, max_value=high
        ),
        "std": kinds.NumberColumn(**words("std"), format="%.2f", width=56),
        "measured": kinds.NumberColumn(**words("measured"), format="%.2f", width=92) if source else None,
        "macs_m": kinds.NumberColumn(**words("macs_m"), format="%.1f", width=72),
        "params_m": kinds.NumberColumn(**words("params_m"), format="%.2f", width=80),
        "over": kinds.TextColumn(**words("over"), width=72) if (table["over"] != "").any() else None,
        "count": kinds.NumberColumn(**words("count"), width=64) if table["count"].max() > 1 else None,
        "disconnected": kinds.CheckboxColumn(**words("disconnected")) if table["disconnected"].any() else None,
        "architecture": kinds.TextColumn(**words("architecture")),
    }
    latencies = [name for name in table if name in result.costs and name not in columns]
    for name in latencies:
        device = result.costs[name].label
        label = text.COLUMN_LATENCY if len(latencies) == 1 else text.COLUMN_DEVICE.format(device=device)
        help_ = text.LATENCY.format(device=device)
        columns[name] = kinds.NumberColumn(label, help=help_, format="%.1f", width=92 if len(latencies) == 1 else 140)
    return columns


def candidates_table(result: Any, job: Job[Any]) -> int:
    """The ranked table; returns the position of the candidate chosen in it (the best, before anybody chose)."""
    table = table_of(result)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"##### {text.TABLE}", width="stretch")
        count = st.container(width="content")
        shown = _filtered(result, table)
    count.caption(text.TABLE_COUNT.format(shown=len(shown), all=len(table)), width="content")
    if shown.empty:
        st.info(text.FILTER_EMPTY)
        return 0
    event: Any = st.dataframe(
        shown,
        key=f"candidates-{job.id}",
        height=TABLE_HEIGHT,
        hide_index=True,
        placeholder=text.MISSING,
        column_config=_columns(result, table),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0]}},
        column_order=_order(result, table),
        alt=text.TABLE_ALT,
    )
    st.caption(text.TABLE_HINT)
    rows = [row for row in event.selection.rows if row < len(shown)]
    return int(shown.index[rows[0] if rows else 0])


def charts(result: Any, job: Job[Any]) -> None:
    """The batch as a whole: its distribution, prediction against truth, accuracy against cost."""
    found = [c for c in result.candidates if c.predicted_accuracy_pct is not None]
    if not found:
        return
    predicted = [c.predicted_accuracy_pct for c in found]
    measured = [c for c in found if c.measured_accuracy_pct is not None]
    places = [place.container(border=True, height="stretch") for place in st.columns(3 if measured else 2)]
    batch, cost = places[0], places[-1]
    with batch:
        st.markdown(f"##### {text.DISTRIBUTION}")
        unguided = np.asarray(result.unguided_pct if result.unguided_pct is not None else [])
        exact = None if result.exact is None else (np.asarray(result.exact[0]), np.asarray(result.exact[1]))
        figure = figures.distribution(
            np.array(predicted),
            np.array([c.count for c in found]),
            unguided if result.settings.guided else np.empty(0),
            exact,
        )
        figures.show(figure, f"distribution-{job.id}", text.DISTRIBUTION_ALT)
    if measured:
        with places[1]:
            _truth(measured, job)
    with cost:
        _cost(result, found, job)
    if not measured:
        words = text.NO_MEASURED_OWN if result.settings.features else text.NO_MEASURED
        st.caption(words.format(dataset=label_of("dataset", result.settings.dataset, result.settings.space)))


def _truth(measured: list[Any], job: Job[Any]) -> None:
    """Prediction against truth, for the candidates that have a measured value."""
    predicted, truth = [c.predicted_accuracy_pct for c in measured], [c.measured_accuracy_pct for c in measured]
    rho = spearman(predicted, truth)
    note = "" if rho is None else text.SPEARMAN.format(rho=rho)
    help_ = text.SPEARMAN_HELP.format(n=len(measured), source=measured[0].measured_source)
    st.markdown(f"##### {text.SCATTER}", help=help_ if note else None)
    figure = figures.predicted_against_measured(predicted, truth, [c.architecture for c in measured], note)
    figures.show(figure, f"scatter-{job.id}", text.SCATTER_ALT)


def _axis(result: Any, name: str) -> str:
    """A cost with its unit, as an axis or a heading."""
    cost = result.costs[name]
    return f"{text.cost(name, cost.label)}, {cost.unit}"


def _cost(result: Any, found: list[Any], job: Job[Any]) -> None:
    """Accuracy against a cost of the viewer's choice: to begin with the one that was limited first."""
    budgets = result.settings.budgets
    if st.session_state.get("cost-axis") not in result.costs:
        st.session_state["cost-axis"] = next(iter(budgets), next(iter(result.costs)))
    st.markdown(f"##### {text.COST}")
    chart = st.container()
    name = st.selectbox(  # stands for the title of the axis
        text.COST_AXIS,
        list(result.costs),
        key="cost-axis",
        format_func=functools.partial(_axis, result),
        label_visibility="collapsed",
    )
    figure = figures.accuracy_against_cost(
        [c.value(name) for c in found],
        [c.predicted_accuracy_pct for c in found],
        [c.architecture for c in found],
        front=[(c.value(name), c.predicted_accuracy_pct) for c in result.front(name)],
        label=_axis(result, name),
        inside=[c.inside_budget is not False for c in found],
        limit=budgets.get(name),
    )
    with chart:
        alt = text.COST_ALT.format(cost=_axis(result, name))
        figures.show(figure, f"cost-{job.id}-{name}", alt, height=figures.HEIGHT - AXIS_TITLE)


def under_way(job: Job[Any] | None) -> bool:
    """Whether this session waits for the job."""
    return job is not None and job.active and not has_left(job.id)


def stage(
    job: Job[Any] | None,
    settings: Any | None,
    status: Any,
    show: Callable[[str], None] | None = None,
    button: str | None = None,
) -> bool:
    """The run as it stands: progress or a word in ``status``, what went wrong, and the result, or its shape while the
    first is awaited. Returns whether there is anything.

    ``show`` takes the id of a finished job (default: :func:`results`); ``button`` is what starts a run.
    """
    active, button = under_way(job), button or text.GENERATE
    with status:
        if job is not None and active:
            follow(job)
        elif job is not None and job.state == "done" and settings not in (job.key, _settings_of(job)):
            st.caption(text.CHANGED.format(button=button))
    if job is not None and not active and job.state != "done":
        ended_badly(job, button)
    found = shown(job)
    if found:
        (show or results)(found.id)
    elif active:
        preview()
    if not found:
        figures.preload()
    return active or found is not None


def _settings_of(job: Job[Any]) -> Any:
    """The settings a result came from, whatever its job is known by."""
    return getattr(job.result, "settings", None)


def preview() -> None:
    """The shape of a result, while there is none yet: nothing jumps when it arrives."""
    for height in (40, 90, 400):
        st.skeleton(height)


def trajectory_of(result: Any, chosen: int) -> dict[str, Any]:
    """The player's data for one candidate: what the core knows, and how it is shown."""
    title = text.PLAYER_TITLE.format(rank=result.candidates[chosen].rank)
    return as_played(result.player_payload(chosen)) | {"title": title, "autoplay": chosen == 0}


def as_played(payload: dict[str, Any]) -> dict[str, Any]:
    """A payload of the core with the page's word for its curve."""
    return payload | {"value_label": text.PREDICTED}


@st.fragment
def results(job_id: str) -> None:
    """Everything about a finished run. A fragment of its own: choosing a row draws nothing else again."""
    job = manager().get(job_id)
    if job is None or job.result is None:
        st.rerun()
    result = job.result
    heading(result, job)
    figures_strip(result)
    if not result.candidates:
        st.info(text.NONE_VALID)
        return
    stage = st.container(border=True, key="stage")
    with st.container(border=True, key="table"):
        chosen = candidates_table(result, job)
    charts(result, job)
    with stage:
        if result.trajectory is not None:
            player(trajectory_of(result, chosen), key="player")
        exports_panel.take_home(result, chosen)
