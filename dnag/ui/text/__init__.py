"""Every word of the app, in the language of whoever looks.

``text.GENERATE`` is the word in the language of the session, ``text.learn.TITLE`` one of the page with a catalogue of
its own. A language is a package beside this file with the files and names of ``english``; texts with ``{fields}`` go
through :meth:`str.format`. Words are looked up when they are used, so a module must not keep one in a constant.

What the core says itself is English there, and translated by :func:`said`: labels and help of knobs, labels of spaces
and datasets (phrases, in the language's ``core.py``), messages of errors with values in them (templates, in its
``messages.py``), and what model cards say (``cards.py``). Commands, the API and logs stay English.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dnag.ui.text.phrasebook import Phrasebook

LANGUAGES = {"en": "English", "ko": "한국어"}
PACKAGES = {"en": "english", "ko": "korean"}
KEY = "lang"
"""Of the widget that chooses the language, and of the parameter in a link."""


def language() -> str:
    """The language of the session: what was chosen, else what the link says, else what the browser prefers."""
    if get_script_run_ctx(suppress_warning=True) is None:  # nobody looks: a test, or a worker
        return "en"
    wanted = st.session_state.get(KEY) or st.query_params.get(KEY) or (st.context.locale or "")[:2]
    return wanted if wanted in LANGUAGES else "en"


def __getattr__(name: str) -> Any:
    """A word of the session's language, or the catalogue of a page (in lower case)."""
    if name.startswith("_"):
        raise AttributeError(name)
    if name.islower():
        return Catalogue(f".{name}")
    return getattr(Catalogue(""), name)


class Catalogue:
    """The words of one file of a language; those it lacks are taken from the English one."""

    def __init__(self, file: str) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        for package in dict.fromkeys((PACKAGES[language()], PACKAGES["en"])):
            try:
                return getattr(importlib.import_module(f"{__name__}.{package}{self._file}"), name)
            except (ModuleNotFoundError, AttributeError):
                continue
        raise AttributeError(f"no text {name} in {PACKAGES['en']}{self._file}")


def said(what: object) -> str:
    """What the core says, a label or an error, in the session's language; what has no translation as it is."""
    chosen = language()
    return str(what) if chosen == "en" else _phrasebook(chosen).translate(str(what))


@functools.cache
def _phrasebook(language: str) -> Phrasebook:
    """What the core says, in a language other than English."""
    files = {"core": "PHRASES", "messages": "MESSAGES", "cards": "CARDS"}
    package = f"{__name__}.{PACKAGES[language]}"
    known = [getattr(importlib.import_module(f"{package}.{file}"), name) for file, name in files.items()]
    return Phrasebook({phrase: translation for part in known for phrase, translation in part.items()})


def plain(words: str) -> str:
    """Words that others chose, without a meaning in Markdown."""
    return "".join(f"\\{char}" if char in r"\`*_{}[]()<>#+-.!|~$:" else char for char in words)


def _word(name: str) -> Any:
    return __getattr__(name)


def name(identifier: str) -> str:
    """An identifier of the core as people write it."""
    return _word("NAMES").get(identifier, identifier.replace("_", " ").capitalize())


def cost(name: str, label: str) -> str:
    """How a cost of the core is called."""
    return label if name in _word("LIMITS") else _word("LATENCY").format(device=label)


def cost_in_words(name: str, label: str) -> str:
    """The same inside a sentence."""
    return _word("COSTS").get(name, _word("COST_LATENCY")).format(device=label)


def limit(name: str, label: str, value: float) -> str:
    """A limit to a cost, with its unit."""
    return _word("LIMITS").get(name, _word("LIMIT_LATENCY")).format(limit=value, device=label)


def duration(seconds: float) -> str:
    """Seconds in words short enough for a progress bar: ``0.9 s``, ``12 s``, ``3 min 05 s``."""
    if seconds < 59.5:
        return _word("SECONDS").format(seconds=f"{seconds:.1f}" if seconds < 9.95 else f"{seconds:.0f}")
    minutes, rest = divmod(round(seconds), 60)
    return _word("MINUTES").format(minutes=minutes, seconds=f"{rest:02d}")
