"""Where the runs of a browser are kept, and how they come back to the pages.

Whose runs they are is told by a random key in a cookie of the browser (``browser_key.js``), which nobody can guess and
no other page is shown; a store knows its digest only. With ``DNAG_RUNS=FILE`` runs outlive the server. Otherwise they
are kept in its memory, and go some minutes after the browser has closed its last page.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import streamlit as st

from dnag.ui import memory, state
from dnag.ui.jobs import Job
from dnag.ui.loaders import manager, store
from dnag.ui.presence import Presence

VARIABLE = "DNAG_RUNS"
COOKIE = "dnag_runs"
GRACE_S = 600.0
MAX_MEMORY_MB = 512
"""Of all runs in memory together; the largest owners' oldest go first."""
KEPT, KEY, PROBLEM = "_kept", "_browser_key", "_not_kept"
_KEY = re.compile(r"[0-9a-f]{32}")

_component = st.components.v2.component(
    "dnag_browser_key",
    html="<span></span>",
    js=(Path(__file__).parent / "browser_key.js").read_text(encoding="utf-8"),
)


def path() -> Path | None:
    """The file that runs are kept in; None for the server's memory."""
    given = os.environ.get(VARIABLE, "").strip()
    return Path(given).expanduser() if given else None


@st.cache_resource(show_spinner=False)
def _store(path: Path | None) -> Any:
    from dnag.run_store import RunStore

    return RunStore(max_mb=MAX_MEMORY_MB) if path is None else RunStore(path)


def _forget(whose: str) -> None:
    _store(None).forget(whose)
    memory.give_back_soon()


_presence = Presence(_forget, GRACE_S)


@st.cache_resource(show_spinner=False, scope="session", on_release=_presence.leave)
def _enter(whose: str) -> str:
    return _presence.enter(whose)


def runs() -> Any:
    """The store of runs (``dnag.run_store.RunStore``). ``RunArchiveError`` if it cannot be used."""
    return _store(path())


def _told() -> str | None:
    """The key that the browser came with, if any."""
    given = str(st.context.cookies.get(COOKIE, ""))
    return given if _KEY.fullmatch(given) else None


def _key() -> str:
    """Of this browser: the one it came with, or one that this session makes and that it is given."""
    return _told() or st.session_state.setdefault(KEY, secrets.token_hex(16))


def owner() -> str:
    """Whose runs are kept: a digest of the browser's key."""
    return hashlib.sha256(_key().encode()).hexdigest()


def know_browser() -> None:
    """Called once by every page: the browser is given its key, where it came without one."""
    if _told() is None:
        # Another tab may have been quicker: then the browser has a key that this session did not make.
        other = _component(key="browser-key", height="content", data=_key(), on_key_change=lambda: None).key
        if other and _KEY.fullmatch(str(other)):
            st.session_state[KEY] = str(other)
    if path() is None:
        _enter(owner())


def names() -> frozenset[str]:
    """What this browser is known by among the makers of runs: its session and its key."""
    return frozenset({state.viewer(), owner()})


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
    if job.id in done or not isinstance(job.result, RunResult):
        return job.id in done
    done.add(job.id)
    try:
        runs().add(owner(), job.id, job.result)
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
    if job.id in done or not isinstance(job.result, RunResult) or made_here(job):
        return False
    try:
        return not runs().holds(owner(), job.id)
    except RunArchiveError:
        return False


def delete(ids: Collection[str]) -> None:
    """Remove runs for good: from the store, and from every page of this session. Whoever else holds a link to one, or
    looks at it, does not lose it.
    """
    runs().delete(owner(), ids)
    st.session_state.setdefault(KEPT, set()).difference_update(ids)
    for run in ids:
        manager().disown(run, names())
    state.let_go(ids)


def deleted(job_id: str) -> bool:
    """Whether this browser deleted the run: its link does not bring it back here."""
    from dnag.run_archive import RunArchiveError

    try:
        return runs().deleted(owner(), job_id)
    except RunArchiveError:
        return False


def recall(ids: Iterable[str]) -> list[str]:
    """Put kept runs back where the pages find them; the ids of their jobs, those that are gone left out."""
    found = []
    done: set[str] = st.session_state.setdefault(KEPT, set())
    whose = owner()
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
