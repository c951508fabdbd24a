"""What all sessions share: the job manager, and the slow imports, done once."""

from __future__ import annotations

import gc
from typing import Any

import streamlit as st

from dnag.ui.jobs import JobManager


@st.cache_resource(show_spinner=False, on_release=JobManager.close)
def manager() -> JobManager[Any]:
    """One worker for the one device; finished runs stay for whoever opens their link."""
    return JobManager(workers=1, keep=24, lapse_s=15.0, max_queued=32)


@st.cache_resource(show_spinner=False)
def warm_up() -> bool:
    """Import what a run needs, then take it out of the garbage collector's sight.

    Whoever opens the app first waits for the import of PyTorch; everybody's clicks are quicker afterwards, because a
    collection no longer visits a quarter of a million objects that will never be garbage.
    """
    import dnag.runs  # noqa: F401 - imported for the sake of importing

    manager()
    gc.collect()
    gc.freeze()
    return True
