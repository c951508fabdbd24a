"""The images of a session on the page: chosen, shown, and encoded in the background."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dnag.checkpoint import CheckpointError
from dnag.datasets import DatasetError, FeatureSet, ImageSource, encode, image_dataset, image_source
from dnag.datasets.builtin import allowed_folders
from dnag.datasets.features import keep
from dnag.ui import known_datasets, loaders, runs_panel, state, text, workspace
from dnag.ui.jobs import Job
from dnag.ui.training import Images
from dnag.ui.workspace import Arrays, Workspace

UPLOAD, BUILT_IN, MIX, FOLDER = "upload", "builtin", "mix", "folder"
KIND, FILE, NAME, PATH = "images-from", "images-file", "images-name", "images-folder"
ENCODING, FEATURES = "_encoding", "_features"
ARRAY_SIZE = 32  # px, of training images that come as arrays: a recipe for larger ones scales them


@st.cache_resource(show_spinner=False, scope="session", on_release=Workspace.close)
def images() -> Workspace:
    """This session's images; deleted as soon as its browser is gone."""
    return Workspace()


@st.cache_resource(show_spinner=False, max_entries=2)
def built_in(name: str) -> ImageSource:
    """A small data set that some package installed; everybody sees the same."""
    return image_source(name)


def choose() -> None:
    """Inputs for where the images come from; what they name is read into :func:`images`."""
    parents = allowed_folders()
    classes = loaders.class_map()
    there = known_datasets.offered(classes)
    kinds = [UPLOAD, *([BUILT_IN] if there else []), *([MIX] if classes else []), *([FOLDER] if parents else [])]
    words = text.IMAGES_KINDS | {MIX: text.dataset_map.MIX_KIND}
    kind = UPLOAD
    if len(kinds) > 1:
        kind = st.segmented_control(
            text.IMAGES_FROM,
            kinds,
            key=KIND,
            required=True,
            default=UPLOAD,
            format_func=words.__getitem__,
            persist_state="session",
        )
    if kind == UPLOAD:
        _choose_file()
    elif kind == BUILT_IN:
        name = known_datasets.choose(there, NAME)
        if name and (make := there[name].features) is not None:
            _take_features((kind, name), make)
        elif name:
            _take((kind, name), lambda folder: built_in(name), lambda size: image_dataset(name, size=ARRAY_SIZE))
    elif kind == MIX:
        assert classes is not None
        names = known_datasets.choose_mix(classes)
        if len(names) > 1:
            _take_features((kind, "/".join(names)), lambda: classes.mix(names))
        elif (origin := images().origin) is not None and origin[0] == MIX:
            _forget()
    else:
        help_ = text.IMAGES_FOLDER_HELP.format(folders=", ".join(map(str, parents)))
        path = st.text_input(text.IMAGES_FOLDER, key=PATH, help=help_, persist_state="session")
        if path.strip():
            _take(
                (kind, path),
                lambda folder: workspace.read_folder(path, parents),
                lambda size: image_dataset(workspace.server_path(path, parents), size=ARRAY_SIZE),
            )


def _choose_file() -> None:
    limits = workspace.UPLOAD_LIMITS
    help_ = text.IMAGES_FILE_HELP.format(
        packed=limits.archive.packed_mb,
        unpacked=limits.archive.unpacked_mb,
        files=limits.files,
        image=limits.image_mb,
        pixels=limits.pixels / 1e6,
        classes=limits.classes,
    )
    file = st.file_uploader(
        text.IMAGES_FILE,
        "zip",
        key=FILE,
        help=help_,
        max_upload_size=workspace.UPLOAD_MB,
        on_change=_file_changed,
    )
    if file is not None:
        _take((UPLOAD, file.file_id), lambda folder: workspace.read_upload(file.name, file.getvalue(), folder))
    st.caption(text.IMAGES_PRIVATE)


def _file_changed() -> None:
    """Who takes the file away on the page wants its images deleted."""
    if st.session_state.get(FILE) is None:
        _forget()


def _take(origin: tuple[str, str], read: Callable[[Any], ImageSource], arrays: Arrays | None = None) -> None:
    if images().origin != origin:
        _forget(origin)
        with st.spinner(text.IMAGES_READING):
            images().take(origin, read, arrays)


def _take_features(origin: tuple[str, str], make: Callable[[], FeatureSet]) -> None:
    """Features that are there without images: nothing to show, nothing to encode."""
    if images().origin == origin and features() is not None:
        return
    _forget(origin)
    images().origin = origin
    try:
        st.session_state[FEATURES] = (origin, make())
    except (CheckpointError, DatasetError) as error:
        images().error = str(error)


def _forget(origin: tuple[str, str] | None = None) -> None:
    """Delete the images, and with them what was made of others than those of ``origin``."""
    images().close()
    if (job := st.session_state.pop(ENCODING, None)) is not None:
        loaders.manager().cancel(job, viewer=state.viewer())
    if (kept := st.session_state.get(FEATURES)) is not None and kept[0] != origin:
        del st.session_state[FEATURES]


def show() -> None:
    """What was read: the classes with a few of their images, and what is unusual."""
    here = images()
    if here.error:
        st.error(text.plain(text.said(here.error)))
    if (source := here.source) is None:
        if (made := features()) is not None:
            st.markdown(text.dataset_map.FEATURES.format(name=text.plain(made.name), classes=len(made.class_names)))
        return
    counts = source.counts
    least, most = min(counts), max(counts)
    each = f"{most:,}" if least == most else text.IMAGES_RANGE.format(least=least, most=most)
    st.markdown(
        text.IMAGES_READ.format(name=text.plain(source.name), classes=len(counts), images=sum(counts), each=each)
    )
    figures = [
        f'<figure><img src="{picture}" alt="{html.escape(text.IMAGES_ALT.format(name=name))}">'
        f"<figcaption><b>{html.escape(name)}</b><br>{text.IMAGES_COUNT.format(count=count)}</figcaption></figure>"
        for picture, name, count in zip(here.pictures, source.class_names, counts, strict=False)
    ]
    st.html(f'<div class="dnag-classes">{"".join(figures)}</div>')
    if len(counts) > len(figures):
        st.caption(text.IMAGES_MORE.format(count=len(counts) - len(figures)))
    if source.warnings:
        st.warning(
            "\n".join(f"- {text.plain(text.said(warning))}" for warning in source.warnings), icon=":material/info:"
        )


def features() -> FeatureSet | None:
    """What the encoder made of the images; None until it did."""
    job: Any = _job()
    if job is not None and job.state == "done" and job.result is not None:
        st.session_state[FEATURES] = (job.key[-1], job.result)  # the manager forgets sooner than the session
    kept = st.session_state.get(FEATURES)
    return None if kept is None or images().origin != kept[0] else kept[1]


def _job() -> Job[Any] | None:
    return runs_panel.aside(ENCODING)


def encoding() -> bool:
    """Whether this session waits for the encoder."""
    return runs_panel.under_way(_job())


def encode_images() -> None:
    """Button: encode the images in the background."""
    here = images()
    if here.source is None:
        return
    work = functools.partial(_encode, here.source)
    runs_panel.start_aside(ENCODING, (ENCODING, state.viewer(), here.origin), work)


def _encode(source: ImageSource, report: Callable[[int, int], None], cancelled: Callable[[], bool]) -> FeatureSet:
    return encode(source, progress=report)


def encoder(busy: bool) -> None:
    """The button that encodes, its progress, and its outcome; ``busy``: a run is under way."""
    job, made = _job(), features()
    if job is not None and runs_panel.under_way(job):
        runs_panel.follow(job)
    elif made is not None:
        classes, count, width = made.features.shape
        st.markdown(text.ENCODED.format(classes=classes, count=count, width=width))
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(text.ENCODE, key="encode", type="primary", on_click=encode_images, disabled=busy)
            st.caption(text.ENCODE_HELP)
        if job is not None and job.state == "failed":
            st.error(text.ENCODE_FAILED.format(error=text.said(job.error)))
        elif job is not None and job.state == "cancelled":
            st.info(text.ENCODE_CANCELLED)


def to_train_on(result: Any) -> Images | str:
    """The images that a run was for, or why they cannot be trained on."""
    here, made = images(), features()
    known = result.settings.features  # none where the space has no meta-predictor
    if here.source is None and made is not None and keep(made) == known:
        return text.training.FEATURES_ONLY
    if here.source is None or here.arrays is None or (known and (made is None or keep(made) != known)):
        return text.training.IMAGES_GONE
    return Images(here.source.name, here.arrays, here.folder)


def given(made: FeatureSet | None, space: str) -> Mapping[str, Any]:
    """The settings that the images decide."""
    from dnag.spaces.base import spaces
    from dnag.transfer import settings_for

    if made is None:
        return {"space": space, "dataset": next(iter(spaces[space].datasets))}
    return settings_for(space, made, loaders.store())
