"""A page opened by its own address, before anything else, still runs through the router."""

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from dnag.ui.routing import through_router


def test_a_page_that_streamlit_ran_by_itself_runs_again_through_the_router(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bool] = []
    monkeypatch.setattr(st, "rerun", lambda: calls.append(True))
    monkeypatch.setattr(PagesManager, "uses_pages_directory", True)
    through_router()
    through_router()  # once is enough
    assert calls == [True] and PagesManager.uses_pages_directory is False
