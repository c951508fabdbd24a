"""Where a data set lies: its classes among ImageNet's on a map, what each is nearest to, and the nearest data sets."""

from __future__ import annotations

import streamlit as st

from dnag.datasets import FeatureSet
from dnag.datasets.class_map import NEAREST, ClassMap
from dnag.ui import figures, loaders, text

HEIGHT = 380


def show(made: FeatureSet | None, folded: bool) -> None:
    """The panel, once there are features; ``folded``: there is something more important to see."""
    found = loaders.class_map()
    if made is None or found is None:
        return
    words = text.dataset_map
    with st.expander(words.TITLE, expanded=not folded, icon=":material/map:"):
        if (problem := found.problem(made)) is not None:
            st.info(text.said(problem))
            return
        left, right = st.columns([1, 1.15])
        with left:
            _map(found, made)
        with right:
            _nearest(found, made)
            near = " · ".join(
                words.NEAR.format(name=found.known[name].label, value=value)
                for name, value in found.nearest_datasets(made.features)
            )
            st.markdown(f"##### {words.DATASETS}", help=words.DATASETS_HELP)
            st.markdown(near)


def _map(found: ClassMap, made: FeatureSet) -> None:
    words = text.dataset_map
    known = [
        (data.label, found.places_of(name).tolist(), [found.names[index] for index in data.classes])
        for name, data in found.known.items()
        if data.classes[-1] >= len(found.imagenet)  # others consist of classes that are there already
    ]
    figure = figures.class_map(
        (words.IMAGENET, found.places.tolist(), found.imagenet),
        known,
        (words.OWN, found.place(made.features).tolist(), made.class_names),
    )
    alt = words.MAP_ALT.format(imagenet=len(found.imagenet), classes=len(made.class_names))
    figures.show(figure, "class-map", alt, HEIGHT)
    st.caption(words.MAP_HELP.format(nearest=NEAREST))


def _nearest(found: ClassMap, made: FeatureSet) -> None:
    words = text.dataset_map
    rows = [
        {
            "#": number,
            words.COLUMN_CLASS: name,
            **{
                column: words.NEAR.format(name=near, value=value)
                for column, (near, value) in zip(words.COLUMNS, row, strict=True)
            },
        }
        for number, (name, row) in enumerate(
            zip(made.class_names, found.nearest(made.features, len(words.COLUMNS)), strict=True), start=1
        )
    ]
    st.markdown(f"##### {words.TABLE}", help=words.TABLE_HELP)
    st.dataframe(
        rows,
        key="class-neighbours",
        hide_index=True,
        placeholder=text.MISSING,
        height=min(38 * len(rows) + 40, HEIGHT - 60),
        alt=words.TABLE_ALT,
        column_config={"#": st.column_config.NumberColumn(width=40)},
    )
