"""Glossary: every term and symbol of the method, with its source."""

from __future__ import annotations

import streamlit as st

from dnag.ui import glossary, text
from dnag.ui.routing import through_router

through_router()
st.title(text.GLOSSARY)
wanted = st.text_input(text.glossary.FILTER, key="term", bind="query-params", persist_state="session") or ""
found = {key: term for key, term in glossary.terms().items() if wanted.strip().lower() in f"{term}".lower()}
if not found:
    st.info(text.glossary.NONE.format(word=wanted))
left, right = st.columns(2, gap="large")
half = -(-len(found) // 2)
for place, keys in ((left, list(found)[:half]), (right, list(found)[half:])):
    with place:
        for key in keys:
            glossary.show(key)
st.subheader(text.glossary.SOURCES_TITLE)
st.markdown("\n".join(f"- [{source.reference}]({source.address})" for source in glossary.sources().values()))
