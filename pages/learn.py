"""Learn: the method in short chapters, each with a control on the real models."""

from __future__ import annotations

import streamlit as st

from dnag.ui import text
from dnag.ui.routing import through_router

through_router()
title, buttons = st.columns([1, 6], vertical_alignment="center")
title.title(text.LEARN)
waiting = st.empty()
with waiting.container():
    for height in (420, 160):
        st.skeleton(height)

from dnag.checkpoint import CheckpointError  # noqa: E402
from dnag.ui import chapters, lesson, loaders  # noqa: E402

loaders.warm_up()
lesson.styles()
with buttons:
    chapter = chapters.choose()
waiting.empty()
try:
    chapter.show()
except (CheckpointError, OSError) as error:
    st.error(text.FAILED.format(error=text.said(error)))
