"""The candidate that is looked at, as files to take home."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import streamlit as st

from dnag.ui import text
from dnag.ui.player import spoken

if TYPE_CHECKING:
    from dnag.exports import Subject

BUTTON_WIDTH = 120  # px


def subject_in_words(result: Any, chosen: int) -> Subject:
    """The candidate at this position, in the session's language: files are made on threads that know no session."""
    from dnag.exports import subject_of

    subject = subject_of(result, chosen)
    if subject.trajectory is None:
        return subject
    title = text.PLAYER_TITLE.format(rank=result.candidates[chosen].rank)
    words = spoken(subject.trajectory) | {"title": title, "value_label": text.PREDICTED}
    return dataclasses.replace(subject, language=text.language(), words=words)


def take_home(result: Any, chosen: int) -> None:
    """A button for each format, folded away; a file is made when its button is pressed, on a thread of its own."""
    from dnag.exports import archive, file_name, listed

    subject = subject_in_words(result, chosen)
    download = functools.partial(st.download_button, on_click="ignore", width="stretch")
    with st.popover(text.exports.TAKE_HOME, icon=":material/download:", key="take-home"):
        st.caption(text.exports.TAKE_HOME_HELP.format(rank=result.candidates[chosen].rank))
        with st.grid(2, min_column_width=BUTTON_WIDTH, gap="small"):
            for exporter in listed():
                missing = exporter.missing(subject)
                download(
                    text.said(exporter.label),
                    functools.partial(exporter.export, subject),
                    file_name(subject, exporter),
                    exporter.media_type,
                    key=f"export-{exporter.name}",
                    help=text.said(missing or exporter.about),
                    disabled=missing is not None,
                )
            download(
                text.exports.ALL,
                functools.partial(archive, subject),
                f"{subject.stem}.zip",
                "application/zip",
                key="export-all",
                help=text.exports.ALL_HELP,
                icon=":material/folder_zip:",
            )
