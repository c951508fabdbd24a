"""Data sets that can be named rather than brought: installed ones, features alone, and mixes of ImageNet classes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from dnag.datasets import BUILTIN, FeatureSet
from dnag.datasets.builtin import FOLDERS, features_file
from dnag.datasets.class_map import ClassMap
from dnag.ui import text

DRAWN, MOST = 20, 100  # classes of a mix: drawn, and at most
CLASSES, SEED = "mix-classes", "mix-seed"


@dataclass(frozen=True)
class Named:
    """A data set to choose: ``features`` makes them where there are no images."""

    label: str
    features: Callable[[], FeatureSet] | None = None


def offered(classes: ClassMap | None) -> Mapping[str, Named]:
    """What there is by name: images first, else features, else the prototypes of the class map."""
    words = text.dataset_map
    found = {name: Named(data.label) for name, data in BUILTIN.items() if data.find() is not None}
    for name, data in BUILTIN.items():
        if name not in found and (path := features_file(name)) is not None:
            found[name] = Named(words.FEATURES_ONLY.format(label=data.label), functools.partial(FeatureSet.load, path))
    for name, known in (classes.known if classes else {}).items():
        if name not in found and classes is not None:
            label = words.PROTOTYPES_ONLY.format(label=known.label)
            found[name] = Named(label, functools.partial(classes.known_features, name))
    return found


def choose(there: Mapping[str, Named], key: str) -> str | None:
    """The name of a data set; below it stands how to get those that are missing."""
    missing = [name for name in BUILTIN if name not in there or there[name].features is not None]
    name = st.selectbox(
        text.IMAGES_NAME,
        list(there),
        index=None,
        key=key,
        format_func=lambda name: there[name].label,
        placeholder=text.IMAGES_NAME_NONE,
        width=460,
        persist_state="session",
    )
    if missing:
        with st.expander(text.dataset_map.MISSING):  # what floats would scroll on a phone, and no key could scroll it
            _how_to_get(missing)
    return name


def _how_to_get(missing: Sequence[str]) -> None:
    words = text.dataset_map
    st.markdown(words.MISSING_INTRO)
    st.markdown(
        "\n".join(
            words.MISSING_ITEM.format(label=BUILTIN[name].label, command=BUILTIN[name].command) for name in missing
        )
    )
    st.caption(words.MISSING_FOLDERS.format(variable=FOLDERS))


def choose_mix(classes: ClassMap) -> list[str]:
    """The ImageNet classes that make up a data set."""
    words = text.dataset_map
    names: list[str] = st.multiselect(
        words.MIX,
        classes.imagenet,
        key=CLASSES,
        max_selections=MOST,
        help=words.MIX_HELP,
        placeholder=words.MIX_NONE,
        persist_state="session",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(words.MIX_SEED, 0, 2**31 - 1, 0, step=1, key=SEED, width=180, persist_state="session")
        st.button(words.MIX_DRAW.format(count=DRAWN), key="mix-draw", on_click=_draw, args=(classes,))
    return names


def _draw(classes: ClassMap) -> None:
    st.session_state[CLASSES] = classes.draw(DRAWN, int(st.session_state[SEED]))
