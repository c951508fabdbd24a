"""DiffusionNAG Studio: the router. ``streamlit run app.py`` or ``make app``."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dnag import ui
from dnag.ui import memory, text
from dnag.ui.gallery import know_browser

ASSETS = Path(__file__).parent / "assets"
CODE_INK = {
    "keyword": "#0b5cad", "builtin": "#0b5cad", "string": "#0a6f46", "number": "#0f6b64", "variable": "#0b6480",
    "operator": "#a3450a", "comment": "#59636e", "punctuation": "#59636e",
}  # fmt: skip

st.set_page_config(page_title=text.APP, page_icon=ASSETS / "icon.svg", layout="wide", initial_sidebar_state="auto")
st.logo(ASSETS / f"logo-{st.context.theme.type or 'light'}.svg", size="large", icon_image=ASSETS / "icon.svg")
st.html(Path(ui.__file__).with_name("page.css"))
if st.context.theme.type == "dark":  # Streamlit writes white on primary colour, too faint where that is light
    st.html("<style>[data-testid='stBaseButton-primary']:enabled, [data-tag], [data-tag] * { color: #0f1218; }</style>")
else:  # and colours code in tones that are too faint on light ground
    st.html(f"<style>{''.join(f'.stCode .token.{name} {{ color: {ink}; }}' for name, ink in CODE_INK.items())}</style>")
page = st.navigation(
    [
        st.Page("pages/overview.py", title=text.OVERVIEW, icon=":material/home:", default=True),
        st.Page("pages/generate.py", title=text.GENERATE, icon=":material/auto_awesome:"),
        st.Page("pages/compare.py", title=text.COMPARE, icon=":material/compare_arrows:"),
        st.Page("pages/dataset.py", title=text.DATASET, icon=":material/photo_library:"),
        st.Page("pages/gallery.py", title=text.GALLERY, icon=":material/collections_bookmark:"),
        st.Page("pages/explore.py", title=text.EXPLORE, icon=":material/explore:"),
        st.Page("pages/learn.py", title=text.LEARN, icon=":material/school:"),
        st.Page("pages/glossary.py", title=text.GLOSSARY, icon=":material/menu_book:"),
    ]
)
know_browser()
memory.watch()
page.run()
with st.sidebar:
    st.selectbox(
        text.LANGUAGE,
        list(text.LANGUAGES),
        index=list(text.LANGUAGES).index(text.language()),
        format_func=text.LANGUAGES.__getitem__,
        key=text.KEY,
        persist_state="session",
        on_change=lambda: st.query_params.update({text.KEY: st.session_state[text.KEY]}),
    )
