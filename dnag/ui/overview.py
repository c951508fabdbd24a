"""The parts of the first page: a trajectory that plays by itself, cards of the models, and what is not installed."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from dnag.places import HOME
from dnag.ui import text

TRAJECTORY = HOME / "assets" / "first-trajectory.json"
FPS = 12.0
NO_BREAK = "\u00a0"
CHIEF = 3  # figures on a card
RUN_BEGUN = "_run_begun"
FIRST_SAMPLES = 64  # of the first run, which is to be there at once


@st.cache_data(show_spinner=False)
def _stored() -> dict[str, Any]:
    return json.loads(TRAJECTORY.read_text(encoding="utf-8"))


def first_trajectory() -> dict[str, Any]:
    """The player's data of a run made before (``scripts/first_trajectory.py``): it needs no model to be loaded."""
    stored = dict(_stored())
    settings, dataset = stored.pop("settings"), stored.pop("dataset")
    title = text.overview.PLAYER.format(dataset=dataset, steps=settings["steps"], scale=settings["guidance_scale"])
    return stored | {"title": title, "value_label": text.PREDICTED, "fps": FPS, "autoplay": True}


def first_run() -> None:
    """Button: begin a small run of the usual settings, which the page Generate shows."""
    from dnag.runs import RunSettings
    from dnag.ui import runs_panel, state

    state.enter("generate")
    st.session_state["samples"] = FIRST_SAMPLES
    runs_panel.start(RunSettings(samples=FIRST_SAMPLES))
    st.session_state[RUN_BEGUN] = True


def cards() -> None:
    """A card for every installed checkpoint: what it is, and what it was measured to do."""
    from dnag.cards import read_cards
    from dnag.runs import RunSettings
    from dnag.spaces.base import spaces

    found = [card for card in read_cards() if card.kind in text.overview.CARD_KINDS]
    for name, owner in sorted(spaces.items(), key=lambda item: item[0] != RunSettings.space):  # the usual one first
        own = [card for card in found if card.space == name and not card.name.endswith("-half")]
        if not own:
            continue
        st.markdown(f"##### {text.said(owner.label)}")
        own.sort(key=lambda card: list(text.overview.CARD_KINDS).index(card.kind))
        for place, card in zip(st.columns(4), own, strict=False):
            with place.container(border=True, height="stretch"):
                _card(card)


def _card(card: Any) -> None:
    size = text.overview.CARD_SIZE.format(size=card.size_mb)
    st.markdown(f"**{text.overview.CARD_KINDS[card.kind]}**")
    st.caption(f"`{card.name}` · {size}", help=text.said(card.summary) or None)
    if not card.figures:
        st.caption(text.overview.CARD_NO_FIGURES)
    for figure in card.chief[:CHIEF]:
        beside = [
            words.format(aim=text.said(figure.aim), exact=figure.exact)
            for words, given in ((text.overview.CARD_EXACT, figure.exact), (text.overview.CARD_AIM, figure.aim))
            if given
        ]
        note = f" ({', '.join(beside)})" if beside else ""
        value = text.said(figure.value).replace(" ", NO_BREAK)  # a number and its unit stay together
        st.caption(f"{text.said(figure.name)}: **{value}**{note}")
    if len(card.figures) > CHIEF:
        with st.popover(text.overview.CARD_MORE.format(count=len(card.figures)), width="stretch"):
            rows = [
                {words: text.said(getattr(figure, name)) for name, words in text.overview.CARD_COLUMNS.items()}
                for figure in card.figures
            ]
            st.dataframe(rows, hide_index=True, width="stretch", alt=text.overview.CARDS_ALT.format(name=card.name))


def missing() -> list[str]:
    """What could be added, a sentence each: measured values, predictors for new datasets, extractors, a GPU."""
    from dnag.benchmarks.base import how_to_add, installed_benchmarks
    from dnag.datasets.extractors import extractors
    from dnag.runs import resolve_device
    from dnag.spaces.base import spaces
    from dnag.transfer import what_is_missing
    from dnag.ui import loaders

    found: list[str | None] = []
    for name, owner in spaces.items():
        covered = {dataset for source in installed_benchmarks(owner()) for dataset in source.datasets}
        found += [how_to_add(name, dataset) for dataset in owner.datasets if dataset not in covered]
        found.append(what_is_missing(name, loaders.store()))
    found += [extractor.missing() for extractor in extractors.values()]
    if resolve_device("auto").type == "cpu":
        found.append(text.overview.MISSING_GPU)
    return [text.said(item) for item in dict.fromkeys(found) if item]
