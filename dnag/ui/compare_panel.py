"""Comparisons on the page: what is varied, the runs side by side, and quality against diversity."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dnag.comparison import (
    FORMS,
    LETTERS,
    MOST,
    TOP,
    Comparison,
    Sweep,
    TradeOff,
    Variation,
    differing,
    examples,
    join_values,
    split_values,
    sweep_columns,
    usual_scales,
)
from dnag.knobs import Knob, knobs
from dnag.run_result import RunResult
from dnag.run_settings import RunSettings
from dnag.ui import figures, forms, loaders, runs_panel, state, text
from dnag.ui.offers import Offer, offer
from dnag.ui.player import player

if TYPE_CHECKING:
    from collections.abc import Mapping

VARY, VALUES, READ = "vary", "values", "_vary-link"
CHOSEN = "compare_runs"
"""Ids of finished runs that another page chose to be compared."""
SWEEP = "_sweep"
NOISE, BEST = "noise", "best"
PLAYER_WIDTH = 232  # px: what the graph of a cell needs
CHART_HEIGHT = 300


# --- what is varied -----------------------------------------------------------------------------------------------


def _key(name: str) -> str:
    """The key of the input for a setting's values: each setting remembers its own."""
    return f"{VALUES}-{name}"


def offers(values: Mapping[str, Any]) -> dict[str, Offer]:
    """The settings that can be varied, given the ``values`` of the form."""
    defaults = {field.name: field.default for field in dataclasses.fields(RunSettings)}
    found = {name: offer(name, knob, defaults[name], values) for name, knob in knobs(RunSettings).items()}
    return {name: there for name, there in found.items() if not there.hidden and len(there.options) != 1}


def read_link(link: state.Link, values: Mapping[str, Any], settings: RunSettings | None) -> None:
    """Take up what the address says, once per session; what cannot be compared is among the problems of the link."""
    if READ in st.session_state:
        return
    st.session_state[READ] = True
    name, given = st.query_params.get(VARY), st.query_params.get(VALUES)
    if name is not None and settings is not None:
        try:
            asked = Variation(settings, name, split_values(name, given or ""))
            offered = offers(values)
            if name not in offered:
                raise ValueError(f"{name} has one value only here; allowed: {', '.join(offered)}")
            if (options := offered[name].options) and not set(asked.values) <= set(options):
                raise ValueError(f"values of {name} are {given}; allowed: {', '.join(filter(None, map(str, options)))}")
        except ValueError as error:
            link.problems.append(text.compare.LINK_BAD.format(error=text.said(error)))
        else:
            _put(name, asked.values)
    if VARY not in st.session_state:
        _put(*examples(values["space"])["guidance"])


def _put(name: str, values: Sequence[Any]) -> None:
    """Let the inputs show these values of this setting."""
    known = knobs(RunSettings)[name]
    st.session_state[VARY] = name
    listed = known.choices is not None or name in ("resolution", "width")
    st.session_state[_key(name)] = list(values) if listed else join_values(name, values).replace(",", ", ")


def _given() -> tuple[str, tuple[Any, ...]]:
    """The setting and its values as the inputs stand."""
    name = st.session_state[VARY]
    given = st.session_state.get(_key(name), ())
    return name, split_values(name, given) if isinstance(given, str) else tuple(given)


def _suggest(there: Offer, value: Any) -> Any:
    """What an input begins with, before anybody gave values: those offered, or the one the form has."""
    if there.options:
        return [value, *(option for option in there.options if option != value)][:MOST]
    return value if isinstance(value, str) else f"{value:g}, "


def editor(values: Mapping[str, Any], settings: RunSettings | None, *, busy: bool) -> Variation | None:
    """Examples, the setting that differs, its values, and the button; returns what would be compared now."""
    offered = offers(values)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="examples"):
        st.caption(text.compare.EXAMPLE, width="content")
        for example, (name, given) in examples(values["space"]).items():
            label = text.compare.EXAMPLES[example]
            st.button(label, key=f"example-{example}", on_click=_put, args=(name, given))
    known = knobs(RunSettings)
    if st.session_state[VARY] not in offered:
        _put(*examples(values["space"])["guidance"])
    left, middle, right = st.columns([1, 2, 0.7], vertical_alignment="bottom")
    name = left.selectbox(
        text.compare.VARY,
        list(offered),
        key=VARY,
        format_func=lambda name: text.said(known[name].label),
        persist_state="session",
    )
    with middle:
        _values(name, known[name], offered[name], values)
    asked, problem = None, ""
    if settings is not None:
        try:
            asked = Variation(settings, *_given())
        except ValueError as error:
            problem = text.compare.BAD.format(error=text.said(error))
    if state.asked("compare") and asked is not None:
        runs_panel.start(asked, loaders.compare)
        busy = runs_panel.under_way(runs_panel.current())
    right.button(
        text.compare.BUTTON,
        key="compare",
        type="primary",
        width="stretch",
        shortcut="g",
        help=text.compare.WAITING if busy else text.SHORTCUT_HELP,
        on_click=state.ask,
        args=("compare",),
        disabled=busy or asked is None,
    )
    if problem:
        st.error(problem)
    else:
        st.caption(text.compare.REST)
    if asked is not None:
        state.mirror(VARY, asked.name, None)
        state.mirror(VALUES, join_values(asked.name, asked.values), None)
    return asked


def _values(name: str, knob: Knob, there: Offer, values: Mapping[str, Any]) -> None:
    key, standing = _key(name), st.session_state.get(_key(name))
    if standing is None or (there.options and not set(standing) <= set(there.options)):
        st.session_state[key] = _suggest(there, values[name])
    if there.options:
        st.multiselect(
            text.compare.VALUES,
            there.options,
            key=key,
            format_func=lambda value: forms.label_of(name, value, values["space"]),
            max_selections=MOST,
            select_all=False,
            persist_state="session",
        )
        return
    words = text.compare
    st.text_input(
        words.VALUES if not knob.unit else f"{words.VALUES} ({text.said(knob.unit)})",
        key=key,
        placeholder=words.TEXTS_EXAMPLE if knob.text else words.NUMBERS_EXAMPLE,
        help=words.VALUES_TEXT_HELP if knob.text else words.VALUES_HELP,
        persist_state="session",
    )


# --- the runs side by side ----------------------------------------------------------------------------------------


def _value(name: str, settings: RunSettings) -> str:
    """The value of a setting, in words."""
    knob, value = knobs(RunSettings)[name], getattr(settings, name)
    if knob.choices is not None:
        return forms.label_of(name, value, settings.space)
    return (value or text.MISSING) if knob.text else f"{value:g}"


def _about(comparison: Comparison, index: int) -> str:
    """What sets a column apart, in words; numbers and texts with the name of the setting."""
    settings, known = comparison.results[index].settings, knobs(RunSettings)
    return ", ".join(
        _value(name, settings) if known[name].choices else f"{text.said(known[name].label)} {_value(name, settings)}"
        for name in comparison.names
    )


def chosen_runs() -> bool:
    """The runs that the gallery chose, side by side; False where none are chosen."""
    ids = st.session_state.get(CHOSEN)
    if not ids:
        return False
    found = [runs_panel.finished(job) for job in ids]
    results = tuple(result for result in found if isinstance(result, RunResult))[:MOST]
    with st.container(horizontal=True, vertical_alignment="center", key="chosen"):
        st.markdown(text.compare.CHOSEN if len(results) > 1 else text.compare.CHOSEN_GONE, width="stretch")
        st.button(text.compare.CHOSEN_LEAVE, key="leave", on_click=lambda: st.session_state.pop(CHOSEN, None))
    if len(results) > 1:
        _side_by_side(Comparison(results, differing([result.settings for result in results])), "chosen", None)
    return True


def results(job_id: str) -> None:
    """A finished comparison."""
    job = loaders.manager().get(job_id)
    if job is None or job.result is None:
        st.rerun()
    asked: Any = job.key
    link = state.link_to(asked.settings, job.id, more={VARY: asked.name, VALUES: join_values(asked.name, asked.values)})
    _side_by_side(Comparison(tuple(job.result), (asked.name,)), job.id, link)


@st.fragment
def _side_by_side(comparison: Comparison, key: str, link: str | None) -> None:
    """Players, table and distributions. A fragment of its own: choosing what is played draws nothing else again."""
    comparison = dataclasses.replace(comparison, top=int(st.session_state.get("top", TOP)))
    _heading(comparison, link)
    _players(comparison)
    _table(comparison, key)
    _distributions(comparison, key)


def _heading(comparison: Comparison, link: str | None) -> None:
    """What was compared, and how to take it away."""
    words, all_settings = text.compare, [result.settings for result in comparison.results]
    least, most = min(s.samples for s in all_settings), max(s.samples for s in all_settings)
    samples = f"{most:,}" if least == most else words.COUNT_RANGE.format(least=least, most=most)
    seeds = ", ".join(str(seed) for seed in dict.fromkeys(s.seed for s in all_settings))
    with st.container(horizontal=True, vertical_alignment="center", key="take-away"):
        st.markdown(words.SUBTITLE.format(runs=len(all_settings), samples=samples, seed=seeds), width="stretch")
        if link is not None:
            with st.popover(text.COPY_LINK, icon=":material/link:"):
                st.caption(text.COPY_LINK_HELP)
                st.code(link, language=None, wrap_lines=True)
        for name, label, help_, data in (
            ("table.csv", words.TABLE_CSV, words.TABLE_CSV_HELP, comparison.to_csv),
            ("candidates.csv", words.CANDIDATES_CSV, words.CANDIDATES_CSV_HELP, comparison.candidates_csv),
            ("runs.json", text.JSON, words.JSON_HELP, comparison.to_json),
        ):
            _download(f"dnag-compare-{'-'.join(comparison.names)}-{name}", label, help_, data)


def _download(file: str, label: str, help_: str, data: Any) -> None:
    mime = "application/json" if file.endswith("json") else "text/csv"
    icon = ":material/download:"
    st.download_button(label, data, file, mime, key=f"download-{file}", help=help_, icon=icon, on_click="ignore")


def _players(comparison: Comparison) -> None:
    """A player for each column, all of one group."""
    found = comparison.results
    last = min(result.requested for result in found) - 1
    with st.container(border=True, key="players"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.markdown(f"##### {text.compare.PLAYERS}", width="stretch")
            mode = st.segmented_control(
                text.compare.SHOW,
                [NOISE, BEST],
                default=NOISE,
                required=True,
                key="play",
                format_func={NOISE: text.compare.NOISE, BEST: text.compare.BEST}.__getitem__,
                label_visibility="collapsed",
            )
            sample = 0
            if mode != BEST and last > 0:
                sample = _sample(last)
        places = st.grid(len(found), min_column_width=PLAYER_WIDTH)
        for index, result in enumerate(found):
            with places, st.container(border=True, height="stretch", key=f"column-{LETTERS[index]}"):
                _player(comparison, index, result, None if mode == BEST else sample)
        st.caption(text.compare.FOLLOW)


def _sample(last: int) -> int:
    if int(st.session_state.get("sample", 0)) > last:
        st.session_state["sample"] = 0
    help_ = text.compare.SAMPLE_HELP.format(first=0, last=last)
    return int(st.number_input(text.compare.SAMPLE, 0, last, step=1, key="sample", help=help_, width=130))


def _player(comparison: Comparison, index: int, result: RunResult, sample: int | None) -> None:
    title = " · ".join(filter(None, (LETTERS[index], _about(comparison, index))))
    if result.trajectory is None or (sample is None and not result.candidates):
        st.markdown(f"##### {title}")
        st.info(text.compare.NO_SAMPLE)
        return
    payload = result.sample_payload(result.candidates[0].sample if sample is None else sample, title)
    more = {"title": title, "group": "compare", "autoplay": index == 0}
    player(runs_panel.as_played(payload) | more, key=f"player-{LETTERS[index]}")


def _table(comparison: Comparison, key: str) -> None:
    """The columns in figures, one row each."""
    words, kinds = text.compare, st.column_config
    with st.container(border=True, key="figures"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"##### {words.TABLE}", width="stretch")
            st.markdown(words.TOP, width="content")
            st.number_input(words.TOP, 1, 1000, TOP, step=1, key="top", label_visibility="collapsed", width=120)
        table = pd.DataFrame([dataclasses.asdict(column) for column in comparison.columns])
        shares = ["validity", "uniqueness", "novelty", "outside_training"]
        table[shares] = 100 * table[shares].astype("Float64")
        differs = [[_value(name, result.settings) for name in comparison.names] for result in comparison.results]
        table.insert(1, "about", [", ".join(words) for words in differs])
        table = table.dropna(axis=1, how="all")
        source = {c.measured_source for result in comparison.results for c in result.candidates if c.measured_source}
        formats = {**dict.fromkeys(shares, "%.1f"), "nfe": "%d"}
        config: dict[str, Any] = {"about": kinds.TextColumn(_varied(comparison), width=180)}
        for name in (name for name in table if name != "about"):
            help_ = words.COLUMNS_HELP.get(name, "").format(top=comparison.top, source=", ".join(sorted(source)))
            label = words.COLUMNS[name]
            if name == "column":
                config[name] = kinds.TextColumn(label, width=36)
            else:
                config[name] = kinds.NumberColumn(label, help=help_ or None, format=formats.get(name, "%.2f"))
        st.dataframe(
            table,
            key=f"figures-{key}",
            hide_index=True,
            placeholder=text.MISSING,
            column_config=config,
            alt=words.TABLE_ALT,
        )


def _varied(comparison: Comparison) -> str:
    return ", ".join(text.said(knobs(RunSettings)[name].label) for name in comparison.names)


def _distributions(comparison: Comparison, key: str) -> None:
    """Predicted accuracy of all columns in one chart."""
    batches, said = [], []
    for index, result in enumerate(comparison.results):
        known = [c for c in result.candidates if c.predicted_accuracy_pct is not None]
        mean = result.expected_pct()
        if mean is None:
            continue
        about = _about(comparison, index)
        values, counts = [c.predicted_accuracy_pct or 0.0 for c in known], [c.count for c in known]
        batches.append((LETTERS[index], about, values, counts))
        said.append(text.compare.DISTRIBUTION_MEAN.format(column=LETTERS[index], about=about, mean=mean))
    if not batches:
        return
    with st.container(border=True, key="landed"):
        st.markdown(f"##### {text.compare.DISTRIBUTION}", help=text.compare.DISTRIBUTION_HELP)
        alt = text.compare.DISTRIBUTION_ALT.format(means=" ".join(said))
        figures.show(figures.distributions(batches, height=CHART_HEIGHT), f"landed-{key}", alt, CHART_HEIGHT)


# --- quality against diversity ------------------------------------------------------------------------------------


def sweeping() -> bool:
    """Whether this session waits for a sweep."""
    return runs_panel.under_way(runs_panel.aside(SWEEP))


def start_sweep(settings: RunSettings | None) -> None:
    """Sweep guidance for these settings, if its button was pressed."""
    if state.asked(SWEEP) and settings is not None:
        runs_panel.start_aside(SWEEP, (SWEEP, settings), functools.partial(loaders.sweep, settings))


def sweep_card(settings: RunSettings | None, *, busy: bool) -> None:
    """Quality against diversity: what it is, the button, its progress, its outcome. ``busy``: a run is under way."""
    words, job = text.compare, runs_panel.aside(SWEEP)
    active = runs_panel.under_way(job)
    with st.container(border=True, key="sweep"):
        st.markdown(f"##### {words.SWEEP}")
        chart, side = st.container(), st.container()
        if active or (job is not None and job.result is not None):
            chart, side = st.columns([2.1, 1])
        with side:
            problem = _sweep_words(settings)
            if problem:
                st.info(problem)
            st.button(
                words.SWEEP_BUTTON,
                key="start-sweep",
                on_click=state.ask,
                args=(SWEEP,),
                disabled=busy or active or settings is None or bool(problem),
            )
            if job is not None and active:
                runs_panel.follow(job)
            elif job is not None and job.state != "done":
                runs_panel.ended_badly(job, words.SWEEP_BUTTON)
            elif job is not None and job.result is not None:
                _sweep_outcome(job.result, changed=job.key != (SWEEP, settings))
        with chart:
            if job is not None and job.result is not None:
                _sweep_chart(job.result, job.id)
            elif active:
                st.skeleton(CHART_HEIGHT)


def _sweep_words(settings: RunSettings | None) -> str:
    """Say what a sweep of these settings is; returns why there can be none, or nothing."""
    if settings is None:
        return ""
    scales = usual_scales(settings.space)
    try:
        runs = len(sweep_columns(settings, scales))
    except ValueError as error:
        return text.SETTINGS_BAD.format(error=text.said(error))
    given = {"scales": len(scales), "largest": scales[-1], "runs": runs, "samples": settings.samples}
    st.caption(text.compare.SWEEP_WORDS.format(**given))
    return ""


def _sweep_outcome(made: Sweep, *, changed: bool) -> None:
    st.caption(text.compare.SWEEP_EXACT if made.exact else text.compare.SWEEP_NO_EXACT)
    if changed:
        st.caption(text.compare.SWEEP_CHANGED)
    _download(
        f"dnag-sweep-{made.settings.space}-{made.settings.dataset}.csv",
        text.CSV,
        text.compare.SWEEP_CSV_HELP,
        made.to_csv,
    )


def _sweep_chart(made: Sweep, key: str) -> None:
    curves = [(text.name(form), _line(made.points, form)) for form in FORMS]
    exact = (text.EXACT, _line(made.exact, "exact"))
    ends = [
        text.compare.SWEEP_END.format(
            name=name, first=line[0][1], wide=line[0][0], last=line[-1][1], narrow=line[-1][0]
        )
        for name, line in [*curves, exact]
        if line
    ]
    alt = text.compare.SWEEP_ALT.format(ends=" ".join(ends))
    figures.show(figures.tradeoff(curves, exact, height=CHART_HEIGHT), f"sweep-{key}", alt, CHART_HEIGHT)


def _line(points: Sequence[TradeOff], form: str) -> list[tuple[float, float, float]]:
    """A form's points as the chart takes them: diversity, mean, scale."""
    return [
        (p.diversity, p.mean_pct, p.guidance_scale) for p in points if p.guidance == form and p.mean_pct is not None
    ]
