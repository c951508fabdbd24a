"""Every page runs through the router, ``app.py``, which gives it its width, styles and navigation."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def through_router() -> None:
    """Called first by every page. Run again through the router if Streamlit ran the page by itself.

    That happens to whoever opens a page's own address before anybody opened the app: until ``st.navigation`` was called
    once, Streamlit takes the files of a folder ``pages`` for the navigation. There is no public switch for it.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
