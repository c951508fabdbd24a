"""Memory that sessions leave behind goes back to the system.

C's allocator keeps what Python has freed for later use, so that a server would stay as large as its busiest moment.
"""

from __future__ import annotations

import ctypes
import gc
import threading

import streamlit as st

AFTER_S = 1.0  # when a session ends, Streamlit tells so first and lets go of it afterwards
_lock = threading.Lock()
_waiting: threading.Timer | None = None


@st.cache_resource(show_spinner=False, scope="session", on_release=lambda _: give_back_soon())
def watch() -> bool:
    """Called by every page: once the session has ended, its memory is given back."""
    return True


def give_back_soon() -> None:
    """Give back what is free in a moment, once for all sessions that end until then."""
    global _waiting
    with _lock:
        if _waiting is None:
            _waiting = threading.Timer(AFTER_S, _give_back)
            _waiting.daemon = True
            _waiting.start()


def _give_back() -> None:
    global _waiting
    with _lock:
        _waiting = None
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it; elsewhere there is nothing to do
    if trim is not None:
        trim(0)
