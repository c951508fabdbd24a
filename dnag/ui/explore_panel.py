"""One architecture on the page, and the way on from it: its figures, its neighbours, its place in the space.

The text of the architecture is the state: it stands in the text field, in the address, and in the walk that led to it.
Whatever goes to another architecture (a row, a point, a button, a drawing) sets the text and draws the page again.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st
import torch

from dnag.atlas import PREDICTED, Atlas, View, top_share
from dnag.benchmarks import Benchmark, measured
from dnag.bundle import ModelBundle
from dnag.run_result import Candidate, RunResult, describe
from dnag.snippets import python_snippet, shell_snippet
from dnag.spaces.base import ABSENT, Architecture, ArchitectureError, Change, SearchSpace
from dnag.ui import loaders, state, text
from dnag.ui.cell_editor import cell_editor

ARCH = "arch"
_SPACE, _WALKS, _DRAWN = "_explored_space", "_walks", "_drawn"
STEPS, CRUMBS = 50, 6  # of a walk: remembered, and shown
LONGEST = 2000  # characters of a text that is read
TABLE_HEIGHT = 656
METRIC_WIDTH = 88  # px
ROUNDING = 1e-3  # points: what is shown of an accuracy, against what is known


@dataclasses.dataclass(frozen=True)
class Scene:
    """What all parts of the page show: a view of a space, and the architecture looked at with its neighbours."""

    view: View
    bundle: ModelBundle
    benchmark: Benchmark | None
    atlas: Atlas
    arch: Architecture
    changes: tuple[Change, ...]
    described: dict[tuple[int, ...], Candidate]

    @property
    def space(self) -> SearchSpace:
        return self.bundle.space

    @property
    def candidate(self) -> Candidate:
        """What is known of the architecture looked at."""
        return self.described[self.arch.ops]

    @property
    def of_all(self) -> str:
        """What the architectures of the atlas are, in words."""
        words = text.explore.OF_ALL if self.space.enumerable else text.explore.OF_SAMPLE
        return words.format(count=len(self.atlas.ops))


@st.cache_resource(show_spinner=False, max_entries=12)
def atlas_of(view: View) -> tuple[ModelBundle, Benchmark | None, Atlas]:
    """The atlas of a view with what it was made of, made once for all sessions."""
    bundle = loaders.models(view.space)
    own = bundle.space.dataset(view.dataset).resolution
    benchmark = measured(view.space, view.dataset) if view.resolution in (0, own) else None
    return bundle, benchmark, Atlas.of(bundle, view.dataset, view.resolution, benchmark)


def scene(view: View) -> Scene:
    """The scene of this session. ``OSError``, ``RuntimeError`` or ``ValueError`` where models are missing."""
    bundle, benchmark, atlas = atlas_of(view)
    arch = _looked_at(atlas)
    changes = tuple(bundle.space.changes(arch))
    archs = [arch, *(change.arch for change in changes)]
    found = describe(bundle, view.dataset, archs, benchmark, resolution=view.resolution)
    return Scene(view, bundle, benchmark, atlas, arch, changes, {each.ops: each for each in found})


# --- which architecture -----------------------------------------------------------------------------------------------


def _looked_at(atlas: Atlas) -> Architecture:
    """The architecture that the text names; the one before where it names none. Writes the walk and the address."""
    space = atlas.space
    walk = walk_of(space.name)
    if st.session_state.get(_SPACE) != space.name:
        first = None if _SPACE in st.session_state else _linked()
        st.session_state[ARCH] = first or (walk[-1] if walk else space.format(atlas.best))
        st.session_state[_SPACE] = space.name
    try:
        arch = space.parse(st.session_state.get(ARCH) or "")
    except ArchitectureError:
        arch = space.parse(walk[-1]) if walk else atlas.best
    words = space.format(arch)
    if not walk or walk[-1] != words:
        walk.append(words)
        del walk[:-STEPS]
    state.mirror(ARCH, words, "")
    return arch


def _linked() -> str | None:
    """The architecture that the address asks for. Of a link written by hand, browsers read every + as a blank."""
    words = st.query_params.get(ARCH)
    return words if words is None or words.startswith("{") else words.replace(" ", "+")


def walk_of(space: str) -> list[str]:
    """The architectures of a space that this session went through, as texts, the present one last."""
    return st.session_state.setdefault(_WALKS, {}).setdefault(space, [])


def go(words: str) -> None:
    """Callback: look at another architecture."""
    st.session_state[ARCH] = words


def back(space: str, steps: int = 1) -> None:
    """Callback: look at an architecture of the walk again, and forget what came after it."""
    walk = walk_of(space)
    del walk[-steps:]
    go(walk[-1])


def _random(space: SearchSpace) -> None:
    drawn = st.session_state[_DRAWN] = st.session_state.get(_DRAWN, -1) + 1
    go(space.format(space.sample(1, torch.Generator().manual_seed(drawn))[0]))


def choose(seen: Scene) -> None:
    """The text field and the buttons that go somewhere else."""
    space = seen.space
    help_ = text.explore.ARCHITECTURE_HELP_JSON if space.reads_json else text.explore.ARCHITECTURE_HELP
    typed = st.text_input(
        text.explore.ARCHITECTURE, key=ARCH, max_chars=LONGEST, help=help_, persist_state="session", autocomplete="off"
    )
    try:
        space.parse(typed or "")
    except ArchitectureError as error:
        st.error(text.explore.UNREADABLE.format(error=text.plain(text.said(error))))
    with st.container(horizontal=True):
        st.button(
            text.explore.RANDOM, key="random", icon=":material/casino:", help=text.explore.RANDOM_HELP,
            on_click=_random, args=(space,),
        )  # fmt: skip
        st.button(
            text.explore.BEST, key="best", icon=":material/trophy:",
            help=text.explore.BEST_HELP.format(count=len(seen.atlas.ops)), on_click=go,
            args=(space.format(seen.atlas.best),),
        )  # fmt: skip


def walk(seen: Scene) -> None:
    """The way here, if there is one: the predictions of the last architectures, each a button that goes back there."""
    space, steps = seen.space, walk_of(seen.space.name)
    archs = [space.parse(words) for words in steps[-CRUMBS:]]
    values = seen.bundle.predict(archs, seen.view.dataset, seen.view.resolution)[0].tolist()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="walk"):
        st.button(
            text.explore.BACK, key="back", icon=":material/undo:", help=text.explore.BACK_HELP,
            disabled=len(steps) < 2, on_click=back, args=(space.name,),
        )  # fmt: skip
        if len(steps) < 2:
            return
        for index, (words, value) in enumerate(zip(steps[-CRUMBS:], values, strict=True)):
            before = len(archs) - 1 - index
            label = text.explore.WALK_STEP.format(predicted=value)
            if before:
                st.button(
                    label, key=f"crumb-{before}", type="tertiary", help=words, on_click=back, args=(space.name, before)
                )
            else:
                st.markdown(f"**{label}**", width="content")


# --- its figures and its drawing --------------------------------------------------------------------------------------


def figures_strip(seen: Scene) -> None:
    """The architecture in five numbers."""
    found, words = seen.candidate, text.explore
    predicted, truth = found.predicted_accuracy_pct, found.measured_accuracy_pct
    assert predicted is not None
    unmeasured = words.UNMEASURED_HELP.format(dataset=seen.space.dataset(seen.view.dataset).label)
    share = standing(seen, predicted)
    strip = [
        (words.PREDICTED, f"{predicted:.2f} %", words.PREDICTED_HELP.format(spread=found.predicted_std_pct)),
        (
            words.STANDING,
            share_words(share) if share else words.ABOVE,
            words.STANDING_HELP.format(of=seen.of_all),
        ),
        (
            words.MEASURED,
            text.MISSING if truth is None else f"{truth:.2f} %",
            unmeasured if truth is None else words.MEASURED_HELP.format(source=found.measured_source),
        ),
        (words.MACS, f"{found.macs_m:.1f} M", words.MACS_HELP),
        (words.PARAMS, f"{found.params_m:.3f} M", None),
    ]
    with st.container(key="strip"), st.grid(len(strip), min_column_width=METRIC_WIDTH, gap="small"):
        for label, value, help_ in strip:
            st.metric(label, value, help=help_)
    if found.disconnected:
        st.info(words.DISCONNECTED)


def share_words(share: float) -> str:
    """A share in percent, with digits that tell the best few apart."""
    percent = max(100 * share, 0.01)
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def standing(seen: Scene, value: float) -> float:
    """Share of the space (or of a sample of it) that is no worse."""
    return top_share(seen.atlas.values(PREDICTED), value - ROUNDING)


def drawing(seen: Scene) -> None:
    """The graph, whose operations can be changed by clicking them."""
    space = seen.space
    cell_editor(space, seen.arch.ops, "drawing", lambda ops: go(space.format(Architecture(space.name, ops))))


def op_name(space: SearchSpace, op: int) -> str:
    """An operation as people write it."""
    return text.explore.ABSENT if op == ABSENT else text.said(space.op_styles[op].label)


def place_name(space: SearchSpace, node: int) -> str:
    """What a node is called: an edge of the cell, or a layer."""
    slot = next(slot for slot in space.drawing.slots if slot.node == node)
    return (text.explore.LAYER if slot.source is None else text.explore.EDGE).format(slot=slot.label)


# --- its neighbours ---------------------------------------------------------------------------------------------------


def change_words(space: SearchSpace, change: Change) -> str:
    """A change in words: ``edge 0→1: skip → 3×3 conv``."""
    before, after = (op_name(space, op) for op in (change.before, change.after))
    return text.explore.CHANGE.format(place=place_name(space, change.node), before=before, after=after)


def neighbours_of(seen: Scene) -> pd.DataFrame:
    """One row per architecture one change away, the best first."""
    rows = sorted(((seen.described[change.arch.ops], change) for change in seen.changes), key=lambda row: row[0].rank)
    own = seen.candidate.predicted_accuracy_pct or 0.0
    return pd.DataFrame(
        {
            "change": [change_words(seen.space, change) for _, change in rows],
            "predicted": [found.predicted_accuracy_pct for found, _ in rows],
            "difference": [(found.predicted_accuracy_pct or 0.0) - own for found, _ in rows],
            "measured": pd.array([found.measured_accuracy_pct for found, _ in rows], dtype="Float64"),
            "macs_m": [found.macs_m for found, _ in rows],
            "params_m": [found.params_m for found, _ in rows],
            "architecture": [found.architecture for found, _ in rows],
        }
    )


def neighbours(seen: Scene) -> None:
    """The table of neighbours; a row that is selected becomes the architecture looked at."""
    table = neighbours_of(seen)
    better = int((table["difference"] > 0).sum())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"##### {text.explore.NEIGHBOURS}", width="stretch")
        st.caption(text.explore.NEIGHBOURS_COUNT.format(count=len(table), better=better), width="content")
    key = f"neighbours-{seen.candidate.architecture}"  # another table for every architecture: nothing is selected yet
    st.dataframe(
        table,
        key=key,
        height=TABLE_HEIGHT,
        hide_index=True,
        placeholder=text.MISSING,
        column_config=_columns(seen, table),
        on_select=functools.partial(_follow_row, key, table["architecture"].tolist()),
        selection_mode="single-row",
        alt=text.explore.NEIGHBOURS_ALT,
    )
    st.caption(text.explore.NEIGHBOURS_HINT)


def _follow_row(key: str, texts: Sequence[str]) -> None:
    for row in st.session_state[key].selection.rows:
        go(texts[row])


def _columns(seen: Scene, table: pd.DataFrame) -> dict[str, Any]:
    kinds, source = st.column_config, seen.benchmark.label if seen.benchmark is not None else ""

    def number(name: str, format_: str, width: int) -> Any:
        help_ = text.explore.COLUMNS_HELP.get(name, "").format(source=source) or None
        return kinds.NumberColumn(text.explore.COLUMNS[name], help=help_, format=format_, width=width)

    return {
        "change": kinds.TextColumn(
            text.explore.COLUMNS["change"], width=270 if seen.space.drawing.columns else text.explore.CHANGE_WIDTH
        ),
        "predicted": number("predicted", "%.2f", 74),
        "difference": number("difference", "%+.2f", 58),
        "measured": number("measured", "%.2f", 76) if table["measured"].notna().any() else None,
        "macs_m": number("macs_m", "%.1f", 68),
        "params_m": number("params_m", "%.3f", 76),
        "architecture": None,
    }


# --- code, and the batch of the last run ------------------------------------------------------------------------------


def code(seen: Scene) -> None:
    """The architecture for Python and for a terminal."""
    st.markdown(f"##### {text.explore.CODE}")
    python, shell = st.tabs([text.explore.CODE_PYTHON, text.explore.CODE_SHELL])
    python.code(python_snippet(seen.arch, seen.view.dataset), language="python", wrap_lines=True)
    shell.code(shell_snippet(seen.arch, seen.view.dataset, seen.view.resolution), language="bash", wrap_lines=True)


def last_run(space: str) -> RunResult | None:
    """The session's last finished run of a space, on whatever page it was started, if it gave anything."""
    jobs = [job for name in state.jobs_seen() if (job := loaders.manager().get(name)) is not None]
    found = [(job.ended_at or 0.0, job.result) for job in jobs if isinstance(job.result, RunResult)]
    fitting = [pair for pair in found if pair[1].settings.space == space and pair[1].candidates]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None
