"""The gallery's table of runs, and what can be done with those selected."""

from __future__ import annotations

import functools
import tempfile
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from dnag.drawing.thumbnail import thumbnail
from dnag.run_archive import NAME_LENGTH
from dnag.ui import compare_panel, gallery, state, text
from dnag.ui.forms import label_of
from dnag.ui.loaders import manager, store

SELECTION, UPLOAD, NOTICE = "gallery-table", "gallery-upload", "_gallery_notice"
COMPARED = (2, 4)
ROW_HEIGHT, PICTURE_WIDTH, NAME_WIDTH, FIELD_WIDTH = 48, 112, 150, 240  # px


def kept() -> list[Any]:
    """The runs of whoever looks, the newest first (``dnag.run_store.StoredRun``); those that ended while another page
    was open are among them.
    """
    for job in map(manager().get, state.jobs_seen()):
        if job is not None and job.state == "done":
            gallery.keep(job)
    return gallery.runs().runs(gallery.owner())


def _row(run: Any) -> dict[str, Any]:
    settings, told = run.settings, run.summary
    return {
        "picture": told["ops"] and thumbnail(settings["space"], tuple(told["ops"])),
        "name": run.name or text.gallery.UNNAMED.format(number=run.number),
        "when": datetime.fromtimestamp(run.created, UTC),
        "space": label_of("space", settings["space"]),
        "dataset": label_of("dataset", settings["dataset"], settings["space"]),
        "scale": settings["guidance_scale"],
        "solver": f"{text.name(settings['sampler'])} × {settings['steps']}",
        "samples": settings["samples"],
        "valid": 100 * told["valid"],
        "mean": told["mean_pct"],
        "best": told["best_pct"],
        "architecture": told["best"],
        "size": run.size / 2**20,
    }


def _columns() -> dict[str, Any]:
    formats = {"scale": "%g", "valid": "%.1f", "mean": "%.2f", "best": "%.2f", "size": "%.1f"}
    found = {}
    for name, label in text.gallery.COLUMNS.items():
        help_ = text.gallery.COLUMNS_HELP.get(name)
        if name == "picture":
            found[name] = st.column_config.ImageColumn(label, help=help_, width=PICTURE_WIDTH)
        elif name == "when":
            found[name] = st.column_config.DatetimeColumn(label, format=text.gallery.WHEN, timezone=st.context.timezone)
        elif name in formats or name == "samples":
            found[name] = st.column_config.NumberColumn(label, format=formats.get(name), help=help_)
        else:
            found[name] = st.column_config.TextColumn(label, help=help_, width=NAME_WIDTH if name == "name" else None)
    return found


def table(runs: list[Any]) -> list[Any]:
    """The runs; returns those selected."""
    # Rows are selected by position: where others stand in them, they must not be taken for those selected before.
    stand = zlib.crc32(" ".join(run.id for run in runs).encode())
    event = st.dataframe(
        [_row(run) for run in runs],
        key=f"{SELECTION}-{stand}",
        hide_index=True,
        placeholder=text.MISSING,
        width="stretch",
        row_height=ROW_HEIGHT,
        column_config=_columns(),
        on_select="rerun",
        selection_mode="multi-row",
        alt=text.gallery.TABLE_ALT,
    )
    st.caption(text.gallery.TABLE_HINT)
    return [runs[row] for row in event.selection.rows if row < len(runs)]


def actions(chosen: list[Any]) -> None:
    """What can be done with the runs selected."""
    words, ids = text.gallery, [run.id for run in chosen]
    with st.container(horizontal=True, vertical_alignment="bottom", key="gallery-actions"):
        if st.button(words.OPEN, key="open", help=words.OPEN_HELP, disabled=len(ids) != 1, type="primary"):
            _open(ids[0])
        few = COMPARED[0] <= len(ids) <= COMPARED[1]
        if st.button(words.COMPARE, key="compare", help=words.COMPARE_HELP, disabled=not few):
            st.session_state[compare_panel.CHOSEN] = gallery.recall(ids)
            st.switch_page("pages/compare.py")
        st.download_button(
            words.EXPORT,
            # Made in a thread of its own, which knows no session: all it needs goes with it.
            data=functools.partial(_export, gallery.runs(), gallery.owner(), store(), chosen),
            file_name="dnag-runs.zip",
            mime="application/zip",
            key="export",
            help=words.EXPORT_HELP,
            disabled=not ids,
            on_click="ignore",
        )
        _name(chosen)
        with st.popover(words.DELETE, help=words.DELETE_HELP, disabled=not ids):
            st.markdown(words.DELETE_SURE.format(count=len(ids)))
            st.button(words.DELETE_YES, key="delete", on_click=_delete, args=(ids,))


def _open(run: str) -> None:
    found = gallery.recall([run])
    if not found:
        st.error(text.gallery.GONE)
        return
    page = gallery.open_run(found[0])
    st.switch_page(page, query_params={"job": found[0]})


def _export(kept: Any, whose: str, models: Any, chosen: list[Any]) -> bytes:
    from dnag.run_archive import NamedRun, export_zip

    named = ((run, kept.get(whose, run.id, models)) for run in chosen)
    return export_zip(NamedRun(run.name, run.created, result) for run, result in named if result is not None)


def _name(chosen: list[Any]) -> None:
    """A field for the name of the one run that is selected; what is typed is its name at once."""
    words = text.gallery
    one = chosen[0] if len(chosen) == 1 else None
    key = f"name-{one.id}" if one else "name"
    if one:
        st.session_state.setdefault(key, one.name)
    st.text_input(
        words.NAME,
        key=key,
        placeholder=words.UNNAMED.format(number=one.number) if one else words.NAME_WHICH,
        help=words.NAME_HELP,
        max_chars=NAME_LENGTH,
        disabled=one is None,
        on_change=_rename,
        args=(key, one and one.id),
        width=FIELD_WIDTH,
    )


def _rename(key: str, run: str) -> None:
    gallery.runs().rename(gallery.owner(), run, st.session_state[key])


def _delete(ids: list[str]) -> None:
    gallery.delete(ids)
    left = [run for run in st.session_state.get(compare_panel.CHOSEN) or [] if run not in ids]
    st.session_state[compare_panel.CHOSEN] = left if len(left) >= COMPARED[0] else None


def importer() -> None:
    """Runs from a zip; all of them or none."""
    from dnag.run_archive import ZIP_LIMITS

    words = text.gallery
    given = st.file_uploader(words.IMPORT_FILE, type="zip", key=UPLOAD, max_upload_size=ZIP_LIMITS.packed_mb)
    st.button(words.IMPORT_BUTTON, key="import", disabled=given is None, on_click=_import, args=(given,))


def _import(given: Any) -> None:
    from dnag.archives import ArchiveError
    from dnag.run_archive import NamedRun, import_zip

    if given is None:
        return
    with tempfile.TemporaryDirectory(prefix="dnag-import-") as folder:
        path = Path(folder) / "runs.zip"  # the name that messages show
        path.write_bytes(given.getvalue())
        ids: list[str] = []

        def named() -> Iterator[tuple[str, NamedRun]]:
            for run in import_zip(path, store()):
                ids.append(uuid.uuid4().hex[:12])
                yield ids[-1], run

        try:
            gallery.runs().add_all(gallery.owner(), named())  # packed one by one: not all of them unpacked at a time
        except ArchiveError as error:
            st.session_state[NOTICE] = ("error", text.gallery.IMPORT_FAILED.format(error=text.plain(text.said(error))))
            return
    st.session_state[NOTICE] = ("success", text.gallery.IMPORTED.format(count=len(ids)))


def notices() -> None:
    """What the last import came to, and why a run could not be kept."""
    if (notice := st.session_state.pop(NOTICE, None)) is not None:
        kind, words = notice
        (st.error if kind == "error" else st.success)(words)
    if (problem := st.session_state.pop(gallery.PROBLEM, None)) is not None:
        st.warning(text.gallery.NOT_KEPT.format(error=text.plain(text.said(problem))))
