"""The charts of a whole space: its map, and the distribution of its values with a batch on top.

Thousands of points are sent as binary arrays and drawn by WebGL. Streamlit puts a changed chart into the page anew,
which would flash at every click; so the map is two charts, one upon the other: the picture, which a click does not
change, and a glass above it with the marks, and with the points once more, unseen, to be pointed at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from dnag.ui import text
from dnag.ui.figures import Figure, palette, template

SCALE = "Viridis"  # even steps of lightness, and read the same with any kind of colour vision
LOWEST = 0.04  # share of the values that get the lowest colour: a few that never learn would take up the whole scale
ROOM = 0.04  # of an axis, beyond what is shown
CLEAR = "rgba(0,0,0,0)"
WHITE, BLACK, SIGNAL, HERE = "#ffffff", "#0f1419", "#ff6ec7", "#ff5a36"  # none of them is on the scale


@dataclasses.dataclass(frozen=True)
class Axis:
    """An axis of the map: its title, where its ticks are, and its ends; without these they follow from the values."""

    title: str
    ticks: Sequence[tuple[float, str]] = ()
    ends: tuple[float, float] | None = None

    def fitted(self, everything: np.ndarray, marks: np.ndarray) -> Axis:
        """The axis with ends: where it has none, those that show all of the map (A,), and marks (n,) beyond it."""
        return self if self.ends else dataclasses.replace(self, ends=_ends(everything, marks))


@dataclasses.dataclass(frozen=True)
class Overlay:
    """Architectures shown on top of the map at ``places`` (n,2): with a shape of their own, as colour alone is no cue.

    ``names``: said of each when it is pointed at; else the label.
    """

    label: str
    places: np.ndarray
    symbol: str
    size: float
    colour: str = WHITE
    names: Sequence[str] = ()


def _ends(everything: np.ndarray, marks: np.ndarray) -> tuple[float, float]:
    low, high = float(everything.min()), float(everything.max())
    room = ROOM * (high - low) or 1.0
    ends = low - room, high + room  # the same wherever the marks are, as long as they are within
    if marks.size:
        ends = min(ends[0], float(marks.min()) - room), max(ends[1], float(marks.max()) + room)
    return ends


def _packed(values: np.ndarray) -> np.ndarray:
    """The same numbers in half the bytes where they are whole and small, as on a grid."""
    whole = bool(np.all((values >= 0) & (values < 2**16) & (values == np.round(values))))
    return values.astype(np.uint16) if whole else values


def _axis(axis: Axis) -> Figure:
    found: Figure = {"title": {"text": axis.title}, "nticks": 6}
    if axis.ends:
        found["range"] = list(axis.ends)
    if axis.ticks:
        values, words = zip(*axis.ticks, strict=True)
        found |= {"tickmode": "array", "tickvals": list(values), "ticktext": list(words), "showgrid": False}
    return found


def _colour_bar(values: np.ndarray, colours: dict[str, str]) -> Figure:
    """Colours from a low quantile to the largest value, and a bar along the top that says so. It has no title: the page
    puts the choice of a property there.
    """
    known = values[np.isfinite(values)]
    low, high = (float(np.quantile(known, share)) for share in (LOWEST, 1))
    high = high if high > low else low + 1.0
    digits = 0 if high - low >= 20 else 1 if high - low >= 4 else 2
    ticks = np.linspace(low, high, 5)
    words = [f"{value:,.{digits}f}" for value in ticks]
    if float(known.min()) < low:
        words[0] = text.explore.AT_MOST.format(value=words[0])
    bar = {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": 1.0,
        "yref": "container",
        "yanchor": "top",
        "len": 1.0,
        "thickness": 10,
        "outlinewidth": 0,
        "tickvals": ticks.tolist(),
        "ticktext": words,
        "tickfont": {"size": 12, "color": colours["mute"]},
    }
    return {"color": values, "colorscale": SCALE, "cmin": low, "cmax": high, "colorbar": bar}


def space_map(
    places: np.ndarray,
    values: np.ndarray,
    colour: str,
    across: Axis,
    up: Axis,
    overlays: Sequence[Overlay],
    *,
    size: float,
    height: int,
) -> tuple[Figure, Figure]:
    """The picture, one square per architecture at its place (A,2), coloured by ``values`` (A,); and the glass with
    ``overlays``, which the eye cannot tell from one chart.

    The points of the traces are in the order they are given here: first the space, then each overlay.
    """
    colours = palette()
    clear = colours | {"mute": CLEAR, "line": CLEAR}
    everything: Figure = {
        "type": "scattergl",
        "mode": "markers",
        "x": _packed(places[:, 0]),
        "y": _packed(places[:, 1]),
        "marker": {"symbol": "square", "size": size, "opacity": 1, **_colour_bar(values, colours)},
        "showlegend": False,
    }
    marks: list[Figure] = [
        {
            "type": "scattergl",
            "mode": "markers",
            "name": overlay.label,
            "x": overlay.places[:, 0],
            "y": overlay.places[:, 1],
            "marker": {
                "symbol": overlay.symbol,
                "size": overlay.size,
                "color": overlay.colour,
                "opacity": 1,
                "line": {"color": BLACK, "width": 1.5},
            },
            "text": list(overlay.names) or overlay.label,
            "hovertemplate": "%{text}<extra></extra>",
        }
        for overlay in overlays
    ]
    marker = everything["marker"] | _colour_bar(values, clear) | {"opacity": 0, "colorscale": [[0, CLEAR], [1, CLEAR]]}
    unseen = everything | {
        "marker": marker,
        "hovertemplate": f"{colour}: %{{marker.color:.4g}}<extra></extra>",
    }
    for trace in (unseen, *marks):  # a click fades nothing
        opacity = trace["marker"]["opacity"]
        trace |= {"selected": {"marker": {"opacity": opacity}}, "unselected": {"marker": {"opacity": opacity}}}
    # The picture has the legend of the marks, but none of them: what takes room is the same in both.
    legend = [{**mark, "x": [None], "y": [None], "text": "", "hoverinfo": "skip"} for mark in marks]
    return (
        _layer([everything | {"hoverinfo": "skip"}, *legend], across, up, height, colours),
        _layer([unseen, *marks], across, up, height, clear),
    )


def _layer(traces: list[Figure], across: Axis, up: Axis, height: int, colours: dict[str, str]) -> Figure:
    return {
        "data": traces,
        "layout": {
            "template": template(colours),
            "height": height,
            "xaxis": _axis(across),
            "yaxis": _axis(up),
            "margin": {"l": 8, "r": 8, "t": 40, "b": 72},
            "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"},
            "hoverlabel": {"bordercolor": palette()["line"]},
        },
    }


def batch_in_space(space: np.ndarray, batch: np.ndarray, counts: np.ndarray, label: str, *, bins: int = 40) -> Figure:
    """Shares of predicted accuracy: the space (A,), and a batch (n,) with ``counts`` of each on top, on common bins."""
    colours = palette()
    low = min(float(np.quantile(space, LOWEST)), float(batch.min()))
    edges = np.linspace(low, max(float(space.max()), float(batch.max()), low + 0.1), bins + 1)

    def bars(values: np.ndarray, weights: np.ndarray | None, name: str, marker: Figure) -> Figure:
        found, _ = np.histogram(np.clip(values, edges[0], None), edges, weights=weights)
        return {
            "type": "bar",
            "x": ((edges[:-1] + edges[1:]) / 2).round(3),
            "y": found / found.sum(),
            "name": name,
            "marker": marker,
            "hovertemplate": "%{x:.1f} %: %{y:.1%}<extra>" + name + "</extra>",
        }

    hatched = {"color": colours["accent"], "opacity": 0.75, "pattern": {"shape": "/", "size": 5, "solidity": 0.25}}
    return {
        "data": [
            bars(space, None, label, {"color": colours["mute"], "opacity": 0.45}),
            bars(batch, counts, text.explore.GENERATED, hatched),
        ],
        "layout": {
            "template": template(colours),
            "barmode": "overlay",
            "bargap": 0.05,
            "xaxis": {"title": {"text": text.PREDICTED_AXIS}, "showgrid": False},
            "yaxis": {"tickformat": ".0%", "rangemode": "tozero", "nticks": 4},
        },
    }
