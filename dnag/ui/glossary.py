"""The glossary: what the words and symbols of the app mean, and where they come from.

Any page can show a :func:`popover` of the terms it uses, give :func:`meaning` as the help of a widget, or :func:`link`
to the page of all terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from dnag.ui import text


class Term(NamedTuple):
    """A term, its symbol in LaTeX (or nothing), what it means in a sentence, and the key of its source (or nothing)."""

    term: str
    symbol: str
    meaning: str
    source: str


class Source(NamedTuple):
    """A publication: how it is cited in the text, its full reference, and its address."""

    short: str
    reference: str
    address: str


def terms() -> dict[str, Term]:
    """All terms by key, in the order of the language."""
    return {key: Term(*entry) for key, entry in text.glossary.TERMS.items()}


def sources() -> dict[str, Source]:
    """All publications by key."""
    return {key: Source(*entry) for key, entry in text.glossary.SOURCES.items()}


def meaning(key: str) -> str:
    """What a term means; ``KeyError`` for one that the glossary does not have."""
    return terms()[key].meaning


def link(key: str = "") -> str:
    """Address of the glossary, at a term."""
    return f"glossary#{key}" if key else "glossary"


def cite(key: str) -> str:
    """A publication as a link."""
    source = sources()[key]
    return f"[{source.short}]({source.address})"


def entry(term: Term) -> str:
    """A term as Markdown: symbol, name, meaning, source."""
    name = f"**{term.term}**" + (f" ${term.symbol}$" if term.symbol else "")
    return f"{name}: {term.meaning}" + (f" ({cite(term.source)})" if term.source else "")


def show(key: str) -> None:
    """A term on the page of all terms, with an anchor of its own."""
    term = terms()[key]
    symbol = f" ${term.symbol}$" if term.symbol else ""
    with st.container(gap=None):
        st.subheader(f"{term.term}{symbol}", anchor=key)
        st.markdown(f"{term.meaning[0].upper()}{term.meaning[1:]}" + (f" ({cite(term.source)})" if term.source else ""))


def popover(keys: Sequence[str]) -> None:
    """A button that shows the terms a text uses, and the way to all others."""
    known = terms()
    with st.popover(text.glossary.SYMBOLS, icon=":material/menu_book:", key="symbols"):
        st.markdown("\n".join(f"- {entry(known[key])}" for key in keys))
        st.markdown(f"[{text.glossary.ALL}]({link()})")
