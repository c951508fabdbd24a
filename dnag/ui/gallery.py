"""Where the runs of a browser are kept, and how they come back to the pages.

With ``DNAG_RUNS=FILE`` runs outlive the session: whose they are is told by a random key in a cookie of the browser
(``browser_key.js``), which nobody can guess and no other page is shown; the file knows its digest only. Otherwise the
session has a store of its own, in memory, which goes with it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import streamlit as st

from dnag.ui import state
from dnag.ui.jobs import Job
from dnag.ui.loaders import manager, store

VARIABLE = "DNAG_RUNS"
COOKIE = "dnag_runs"
KEPT, KEY, PROBLEM = "_kept", "_browser_key", "_not_kept"
_KEY = re.compile(r"[0-9a-f]{32}")

_component = st.components.v2.component(
    "dnag_browser_key",
    html="<span></span>",
    js=(Path(__file__).parent / "browser_key.js").read_text(encoding="utf-8"),
)


def path() -> Path | None:
    """The file that runs are kept in; None for the session's memory."""
    given = os.environ.get(VARIABLE, "").strip()
    return Path(given).expanduser() if given else None


@st.cache_resource(show_spinner=False)
def _shared(path: Path) -> Any:
    from dnag.run_store import RunStore

    return RunStore(path)


@st.cache_resource(show_spinner=False, scope="session", on_release=lambda kept: kept.close())
def _own() -> Any:
    from dnag.run_store import RunStore

    return RunStore()


def runs() -> Any:
    """The store of this session's runs (``dnag.run_store.RunStore``). ``RunArchiveError`` if it cannot be used."""
    return _own() if (file := path()) is None else _shared(file)


def owner() -> str | None:
    """Whose runs are kept, a digest of the browser's key; None while the browser has not told it."""
    if path() is None:
        return "session"
    found = st.context.cookies.get(COOKIE) or st.session_state.get(KEY) or ""
    return hashlib.sha256(found.encode()).hexdigest() if _KEY.fullmatch(found) else None


def ask_browser() -> None:
    """Called once by every page: have the browser tell its key, or make one, where runs are kept by it."""
    if path() is not None and owner() is None:
        key = _component(key="browser-key", height="content", on_key_change=lambda: None).key
        if key and _KEY.fullmatch(str(key)):
            st.session_state[KEY] = str(key)


def names() -> frozenset[str]:
    """What this browser is known by among the makers of runs: its session, and its key where that outlives it."""
    whose = owner() if path() is not None else None
    return frozenset({state.viewer()} if whose is None else {state.viewer(), whose})


def made_here(job: Job[Any]) -> bool:
    """Whether a button of this browser asked for the run; one that only a link led to is somebody else's."""
    return not names().isdisjoint(job.makers)


def keep(job: Job[Any]) -> None:
    """Keep a finished run that was made here, once."""
    if made_here(job):
        keep_asked(job)


def keep_asked(job: Job[Any]) -> bool:
    """Keep a finished run, once, whoever made it; what hinders that is said by the gallery. Returns whether it is."""
    from dnag.run_archive import RunArchiveError
    from dnag.run_result import RunResult

    done: set[str] = st.session_state.setdefault(KEPT, set())
    whose = owner()
    if job.id in done or whose is None or not isinstance(job.result, RunResult):
        return job.id in done
    done.add(job.id)
    try:
        runs().add(whose, job.id, job.result)
    except RunArchiveError as error:
        st.session_state[PROBLEM] = str(error)
        if not made_here(job):  # a run of one's own is tried once; another, whenever its button is pressed
            done.remove(job.id)
        return False
    return True


def may_keep(job: Job[Any]) -> bool:
    """Whether this is a finished run of somebody else, which is kept only if the viewer asks for it."""
    from dnag.run_archive import RunArchiveError
    from dnag.run_result import RunResult

    done: set[str] = st.session_state.setdefault(KEPT, set())
    whose = owner()
    if job.id in done or whose is None or not isinstance(job.result, RunResult) or made_here(job):
        return False
    try:
        return not runs().holds(whose, job.id)
    except RunArchiveError:
        return False


def delete(ids: Collection[str]) -> None:
    """Remove runs for good: from the store, and from every page of this session. Whoever else holds a link to one, or
    looks at it, does not lose it.
    """
    runs().delete(owner() or "", ids)
    st.session_state.setdefault(KEPT, set()).difference_update(ids)
    for run in ids:
        manager().disown(run, names())
    state.let_go(ids)


def deleted(job_id: str) -> bool:
    """Whether this browser deleted the run: its link does not bring it back here."""
    from dnag.run_archive import RunArchiveError

    try:
        return runs().deleted(owner() or "", job_id)
    except RunArchiveError:
        return False


def recall(ids: Iterable[str]) -> list[str]:
    """Put kept runs back where the pages find them; the ids of their jobs, those that are gone left out."""
    found = []
    done: set[str] = st.session_state.setdefault(KEPT, set())
    whose = owner() or ""
    for run in ids:
        job = manager().touch(run, viewer=state.viewer())
        if job is None or job.result is None:
            result = runs().get(whose, run, store())
            if result is None:
                continue
            # Not under its settings: what came from a file is nobody else's result for them.
            job = manager().adopt((whose, run), result, run)
        done.add(job.id)
        found.append(job.id)
    return found


def remembered(job_id: str) -> bool:
    """Whether a run is in memory, or was kept for this browser, and so is in memory now."""
    from dnag.run_archive import RunArchiveError

    if manager().get(job_id) is not None:
        return True
    try:
        return bool(recall([job_id]))
    except RunArchiveError:  # the gallery says what is wrong with its store
        return False


def open_run(job_id: str) -> str:
    """Look at a run that is in memory, with its settings in the form; returns the page that shows it."""
    from dnag.knobs import knobs
    from dnag.ui import budget

    job = manager().get(job_id)
    assert job is not None and job.result is not None
    settings = job.result.settings
    page = "dataset" if settings.features else "generate"
    state.enter(page)
    for name in knobs(settings):
        if not (settings.features and name == "dataset"):
            st.session_state[name] = getattr(settings, name)
    st.session_state[budget.CHOSEN] = list(settings.budgets)
    st.session_state.update({budget.slider_key(name): limit for name, limit in settings.budgets.items()})
    state.look_at(job_id)
    return f"pages/{page}.py"
