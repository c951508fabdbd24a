"""Gallery: the runs of this browser, to open, compare, name, export and bring back."""

from __future__ import annotations

import streamlit as st

from dnag.ui import text
from dnag.ui.routing import through_router

through_router()
st.title(text.GALLERY)
waiting = st.empty()
with waiting.container():
    st.skeleton(300)

from dnag.run_archive import MAX_RUNS, RunArchiveError  # noqa: E402
from dnag.run_store import MAX_OWNER_MB  # noqa: E402
from dnag.ui import gallery, gallery_panel, loaders, state  # noqa: E402

loaders.warm_up()
state.enter("gallery")
try:
    runs = gallery_panel.kept()
except RunArchiveError as error:
    st.error(text.gallery.UNUSABLE.format(error=text.said(error)))
    st.stop()
waiting.empty()
with st.container():  # what comes below keeps its place, and the import stays open
    gallery_panel.notices()
where = text.gallery.KEPT_MEMORY if gallery.path() is None else text.gallery.KEPT_FILE
st.caption(where.format(runs=MAX_RUNS, size=MAX_OWNER_MB, minutes=gallery.GRACE_S / 60))

if runs:
    with st.container(border=True, key="table"):
        chosen = gallery_panel.table(runs)
        gallery_panel.actions(chosen)
else:
    with st.container(border=True):
        st.subheader(text.gallery.EMPTY_TITLE)
        st.markdown(text.gallery.EMPTY)
with st.expander(text.gallery.IMPORT, expanded=not runs):
    gallery_panel.importer()
