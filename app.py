"""DiffusionNAG Studio: the router. ``streamlit run app.py`` or ``make app``."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dnag import ui
from dnag.ui import memory, text, theme
from dnag.ui.gallery import know_browser

ASSETS = Path(__file__).parent / "assets"

st.set_page_config(page_title=text.APP, page_icon=ASSETS / "icon.svg", layout="wide", initial_sidebar_state="auto")
st.logo(ASSETS / f"logo-{theme.scheme()}.svg", size="large", icon_image=ASSETS / "icon.svg")
st.html(Path(ui.__file__).with_name("page.css"))
theme.follow()
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
