"""The candidate that is looked at, as files to take home."""

from __future__ import annotations

import functools
from typing import Any

import streamlit as st

from dnag.ui import text

COLUMNS = 2


def take_home(result: Any, chosen: int) -> None:
    """A button for each format, folded away; a file is made when its button is pressed, on a thread of its own."""
    from dnag.exports import archive, exporters, file_name, subject_of

    subject = subject_of(result, chosen)
    found = [exporters[name]() for name in exporters]
    with st.popover(text.exports.TAKE_HOME, icon=":material/download:", key="take-home"):
        st.caption(text.exports.TAKE_HOME_HELP.format(rank=result.candidates[chosen].rank))
        columns = st.columns(COLUMNS, gap="small")
        for index, exporter in enumerate(found):
            missing = exporter.missing(subject)
            columns[index % COLUMNS].download_button(
                text.said(exporter.label),
                functools.partial(exporter.export, subject),
                file_name(subject, exporter),
                exporter.media_type,
                key=f"export-{exporter.name}",
                help=missing or text.said(exporter.about),
                disabled=missing is not None,
                on_click="ignore",
                width="stretch",
            )
        columns[len(found) % COLUMNS].download_button(
            text.exports.ALL,
            functools.partial(archive, subject),
            f"{subject.stem}.zip",
            "application/zip",
            key="export-all",
            help=text.exports.ALL_HELP,
            icon=":material/folder_zip:",
            on_click="ignore",
            width="stretch",
        )
