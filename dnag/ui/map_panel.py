"""The whole space on the page: its map with the architecture looked at, and where a generated batch sits in it."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from dnag.atlas import COUNT, LAYERS, MEASURED, PREDICTED, STEP, Atlas, Level, NestedGrid, Property
from dnag.runs import RunResult
from dnag.spaces.base import Architecture, SearchSpace
from dnag.ui import explore_panel, figures, runs_panel, state, text
from dnag.ui.atlas_figures import HERE, SIGNAL, Axis, Overlay, batch_in_space, space_map
from dnag.ui.explore_panel import Scene

COLOUR, AXES, ACROSS, UP = "colour", "axes", "across", "up"
_REACH = "_map_reach"
MAP, PROPERTIES = "map", "properties"
HEIGHT = 580
SIZES = {True: 4.6, False: 5.0}  # px of a point: cells of the grid touch each other


def property_name(space: SearchSpace, name: str, found: Property) -> str:
    """A property with its unit, as an axis or a choice."""
    words = text.explore
    if name in (PREDICTED, MEASURED):
        label = words.ACCURACY_PREDICTED if name == PREDICTED else words.ACCURACY_MEASURED
    elif name.startswith(COUNT):
        label = words.NUMBER_OF.format(op=text.said(found.label))
    elif name == LAYERS:
        label = words.NUMBER_OF_LAYERS
    else:
        label = text.cost(name, found.label)
    return words.WITH_UNIT.format(name=label, unit=found.unit) if found.unit else label


def _choice(seen: Scene, label: str, key: str, start: str) -> str:
    """One of the atlas's properties, kept while the space has it, and in the address."""
    properties = seen.atlas.properties
    value = st.session_state.get(key, st.query_params.get(key))
    st.session_state[key] = value if value in properties else start
    names = {name: property_name(seen.space, name, found) for name, found in properties.items()}
    value = st.selectbox(label, list(names), key=key, format_func=names.__getitem__, persist_state="session")
    state.mirror(key, value, start)
    return value


def _controls(seen: Scene) -> tuple[str, str, str]:
    """What the colour shows, and the properties on the axes: empty on the map itself."""
    words = text.explore
    with st.grid(2, min_column_width=150, gap="small"):
        colour = _choice(seen, words.COLOUR, COLOUR, PREDICTED)
        axes = st.session_state.get(AXES, st.query_params.get(AXES))
        st.session_state[AXES] = axes if axes in words.AXES_KINDS else MAP
        axes = st.segmented_control(
            words.AXES, list(words.AXES_KINDS), key=AXES, required=True, wrap=False,
            format_func=words.AXES_KINDS.__getitem__, persist_state="session",
        ) or MAP  # fmt: skip
        state.mirror(AXES, axes, MAP)
        if axes == MAP:
            return colour, "", ""
        return colour, _choice(seen, words.ACROSS, ACROSS, "macs_m"), _choice(seen, words.UP, UP, PREDICTED)


def show_map(seen: Scene, result: RunResult | None) -> None:
    """The map, its controls above it; a click on a point goes to its architecture."""
    st.markdown(f"##### {text.explore.MAP}")
    colour, across, up = _controls(seen)
    drawn = [seen.atlas.ops]  # by trace, in the order of the chart
    overlays = []
    for mark, ops in _marks(seen, result):
        drawn.append(ops)
        overlays.append(dataclasses.replace(mark, places=_places(seen, ops, across, up)))
    names = {name: property_name(seen.space, name, found) for name, found in seen.atlas.properties.items()}
    places, values = _places(seen, None, across, up), seen.atlas.values(colour).numpy()
    axes = (Axis(names[across]), Axis(names[up])) if across else _axes(seen.atlas)
    marked = _reach(f"{seen.view} {across} {up}", [mark.places for mark in overlays])
    picture, glass = space_map(
        places,
        values,
        names[colour],
        axes[0].fitted(places[:, 0], marked[:, 0]),
        axes[1].fitted(places[:, 1], marked[:, 1]),
        overlays,
        size=SIZES[not across and seen.space.enumerable],
        height=HEIGHT,
    )
    kind = f"map-{seen.view.dataset}-{colour}-{across}-{up}"
    key = f"{kind}-{seen.candidate.architecture}"  # another glass for every architecture: nothing is selected yet
    with st.container(key="layers"):
        figures.show(picture, kind, None, HEIGHT)
        figures.show(
            glass,
            key,
            text.explore.MAP_ALT.format(colour=names[colour]),
            HEIGHT,
            on_click=functools.partial(_follow_point, key, seen.space, drawn),
        )
    st.caption(f"{_legend(seen, by_properties=bool(across))} {text.explore.MAP_HINT}")


def _marks(seen: Scene, result: RunResult | None) -> list[tuple[Overlay, Tensor]]:
    """What lies on the map, still without places, and its operations (n,N); the architecture looked at on top."""
    words, nowhere = text.explore, np.empty((0, 2))
    marks = []
    if result is not None:
        batch = torch.tensor([candidate.ops for candidate in result.candidates])
        marks.append((Overlay(words.GENERATED, nowhere, "diamond", 8, SIGNAL), batch))
    names = tuple(explore_panel.change_words(seen.space, change) for change in seen.changes)
    around = torch.tensor([change.arch.ops for change in seen.changes])
    marks.append((Overlay(words.NEIGHBOUR, nowhere, "circle", 7, names=names), around))
    marks.append((Overlay(words.SELECTED, nowhere, "star", 17, HERE), torch.tensor([seen.arch.ops])))
    return marks


def _places(seen: Scene, ops: Tensor | None, across: str, up: str) -> np.ndarray:
    """Where architectures (n,N) are, (n,2), or all of the atlas: on the map, or by two properties."""
    atlas = seen.atlas
    if not across:
        places = atlas.places if ops is None else atlas.layout(ops)
    else:
        names = (across, up)
        values = [atlas.values(name) if ops is None else atlas.properties[name].of(ops) for name in names]
        places = torch.stack(values, 1)
    return places.numpy()


def _reach(view: str, places: list[np.ndarray]) -> np.ndarray:
    """The corners (2,2) of all marks that this session saw in a view: its axes do not shrink again, for the picture to
    stay as it is.
    """
    seen: dict[str, np.ndarray] = st.session_state.setdefault(_REACH, {})
    found = np.concatenate([*places, seen.get(view, np.empty((0, 2)))])
    seen[view] = np.stack([found.min(0), found.max(0)])
    return seen[view]


def _axes(atlas: Atlas) -> tuple[Axis, Axis]:
    """The axes of the map; those of a grid say what its blocks are."""
    layout, space = atlas.layout, atlas.space
    if isinstance(layout, NestedGrid):
        return _blocks(space, layout.across), _blocks(space, layout.up)
    return Axis(text.explore.PLANE_ACROSS), Axis(text.explore.PLANE_UP)


def _blocks(space: SearchSpace, levels: tuple[Level, ...]) -> Axis:
    """The coarsest choice along an axis: a tick in the middle of each block."""
    coarse, *finer = levels
    middle = sum(float(level.shifts.max()) for level in finer) / 2
    ticks = [
        (float(shift) + middle, explore_panel.op_name(space, int(choice[0])))
        for shift, choice in zip(coarse.shifts, coarse.factor.choices, strict=True)
    ]
    end = sum(float(level.shifts.max()) for level in levels)
    return Axis(explore_panel.place_name(space, coarse.factor.nodes[0]), sorted(ticks), (-STEP, end + STEP))


def _legend(seen: Scene, *, by_properties: bool) -> str:
    """What the map shows, in words."""
    layout, words, count = seen.atlas.layout, text.explore, len(seen.atlas.ops)
    if by_properties:
        return words.MAP_PROPERTIES.format(count=count)
    if not isinstance(layout, NestedGrid):
        return words.MAP_PLANE.format(count=count)
    across, up = (explore_panel.place_name(seen.space, axis[0].factor.nodes[0]) for axis in (layout.across, layout.up))
    return words.MAP_GRID.format(count=count, across=across, up=up)


def _follow_point(key: str, space: SearchSpace, drawn: list[Tensor]) -> None:
    event: Any = st.session_state[key]
    for point in event.selection.points[:1]:
        ops = drawn[point["curve_number"]][point["point_index"]]
        explore_panel.go(space.format(Architecture(space.name, tuple(ops.tolist()))))


# --- the batch --------------------------------------------------------------------------------------------------------


def show_batch(seen: Scene, result: RunResult | None) -> None:
    """Where the candidates of a run sit in the space, in words and as a histogram."""
    st.markdown(f"##### {text.explore.BATCH}")
    if result is None:
        st.info(text.explore.BATCH_NONE)
        return
    space, view = seen.space, seen.view
    archs = [Architecture(space.name, candidate.ops) for candidate in result.candidates]
    counts = np.array([candidate.count for candidate in result.candidates])
    predicted = seen.bundle.predict(archs, view.dataset, view.resolution)[0].numpy()
    best, mean = float(predicted.max()), float(np.average(predicted, weights=counts))
    st.markdown(
        text.explore.BATCH_WORDS.format(
            distinct=len(archs),
            run=runs_panel.subtitle(result),
            best=best,
            best_standing=_standing(seen, best),
            mean=mean,
            mean_standing=_standing(seen, mean),
        )
    )
    label = text.explore.SPACE if space.enumerable else text.explore.SPACE_SAMPLED
    figure = batch_in_space(seen.atlas.values(PREDICTED).numpy(), predicted, counts, label)
    figures.show(figure, f"batch-{view.dataset}-{id(result)}", text.explore.BATCH_ALT)


def _standing(seen: Scene, value: float) -> str:
    """Where a value stands in the space, in words."""
    words, share = text.explore, explore_panel.standing(seen, value)
    if not share:
        return words.ABOVE_ALL.format(of=seen.of_all)
    if share <= 1 / len(seen.atlas.ops):
        return words.BEST_OF.format(of=seen.of_all)
    return words.AMONG.format(share=explore_panel.share_words(share), of=seen.of_all)
