"""The charts: plain dictionaries for Plotly, one template for all, light and dark.

Dictionaries, because building graph objects costs a hundred times more. Plotly puts a changed figure into the page
anew, which would flash if a chart followed a run; only the curves of a training, which grow slowly, are drawn before
the end.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from dnag.ui import text, theme

Figure = dict[str, Any]

HEIGHT = 250
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": "reset"}
PALETTES = {
    "light": {"ink": "#0f1419", "mute": "#59636e", "line": "#e3e6ea", "paper": "#ffffff", "accent": "#4338ca"},
    "dark": {"ink": "#eef1f5", "mute": "#a4afbb", "line": "#2a303b", "paper": "#171b23", "accent": "#a5b4fc"},
}
#: Colours that differ from each other for everybody, for lines that stand side by side; then again with other dashes.
SERIES = {
    "light": ("#4338ca", "#b36b00", "#00805d", "#2f86b5", "#a8568a", "#59636e"),
    "dark": ("#a5b4fc", "#e69f00", "#2fc9a0", "#56b4e9", "#e39cc5", "#a4afbb"),
}
DASHES = ("solid", "dash", "dot", "dashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")


def palette() -> dict[str, str]:
    """The colours of the theme the viewer uses now."""
    return PALETTES[theme.scheme()]


def series() -> tuple[str, ...]:
    """The colours of several batches in one chart, for the same theme."""
    return SERIES[theme.scheme()]


def template(colours: dict[str, str]) -> Figure:
    """What all charts share: small text, no frame, a light grid, room only where labels need it."""
    axis = {
        "gridcolor": colours["line"],
        "linecolor": colours["line"],
        "zeroline": False,
        "ticks": "",
        "automargin": True,
        "title": {"standoff": 8, "font": {"size": 13, "color": colours["mute"]}},
        "tickfont": {"size": 12, "color": colours["mute"]},
        "fixedrange": True,
    }
    layout = {
        "font": {"family": '"Source Sans", system-ui, sans-serif', "size": 13, "color": colours["ink"]},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "height": HEIGHT,
        "xaxis": axis,
        "yaxis": axis,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": colours["mute"]}},
        "hoverlabel": {"bgcolor": colours["paper"], "bordercolor": colours["line"], "font": {"color": colours["ink"]}},
        "hovermode": "closest",
        "dragmode": False,
    }
    return {"layout": layout}


def _figure(colours: dict[str, str], traces: list[Figure], **layout: Any) -> Figure:
    return {"data": traces, "layout": {"template": template(colours), **layout}}


def _fade(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def _shares(values: np.ndarray, weights: np.ndarray | None, edges: np.ndarray) -> np.ndarray:
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges, weights=weights)
    return counts / max(counts.sum(), 1e-12)


def _edges(pieces: Sequence[np.ndarray], bins: int, tail: float = 0.04) -> np.ndarray:
    """Common bins. The lowest few percent (``tail``) are gathered in the first: a few cells that never learn would
    otherwise squeeze everything else into the right edge.
    """
    low = min(float(np.quantile(piece, tail)) for piece in pieces)
    high = max(float(piece.max()) for piece in pieces)
    return np.linspace(low, max(high, low + 0.1), bins + 1)


def distribution(
    guided: np.ndarray,
    counts: np.ndarray,
    unguided: np.ndarray,
    exact: tuple[np.ndarray, np.ndarray] | None = None,
    *,
    bins: int = 44,
) -> Figure:
    """Shares of predicted accuracy on common bins: ``guided`` (one value per candidate, drawn ``counts`` times), the
    unguided batch, and where known the exact distribution as (values, weights).
    """
    colours = palette()
    edges = _edges([guided] + ([unguided] if len(unguided) else []), bins)
    middle = (edges[:-1] + edges[1:]) / 2

    def area(shares: np.ndarray, label: str, colour: str, alpha: float) -> Figure:
        return {
            "type": "scatter",
            "x": middle.tolist(),
            "y": shares.tolist(),
            "name": label,
            "mode": "lines",
            "line": {"shape": "hvh", "color": colour, "width": 1.5},
            "fill": "tozeroy",
            "fillcolor": _fade(colour, alpha),
            "hovertemplate": "%{x:.1f} %: %{y:.1%}<extra>" + label + "</extra>",
        }

    traces = []
    if len(unguided):
        traces.append(area(_shares(unguided, None, edges), text.UNGUIDED, colours["mute"], 0.18))
    traces.append(area(_shares(guided, counts, edges), text.GUIDED, colours["accent"], 0.28))
    if exact is not None:
        line = area(_shares(exact[0], exact[1], edges), text.EXACT, colours["ink"], 0)
        line |= {"fill": "none", "line": {"shape": "hvh", "color": colours["ink"], "width": 1.5, "dash": "dot"}}
        traces.append(line)
    return _figure(
        colours,
        traces,
        xaxis={"title": {"text": text.PREDICTED_AXIS}, "showgrid": False},
        yaxis={"tickformat": ".0%", "rangemode": "tozero", "nticks": 4},
        hovermode="x unified",
    )


def distributions(
    batches: Sequence[tuple[str, str, Sequence[float], Sequence[int]]], *, height: int = HEIGHT
) -> Figure:
    """Shares of predicted accuracy on common bins, one line for each batch (letter, label, values, counts); the letter
    stands at the line's peak.
    """
    colours = palette()
    pieces = [np.repeat(values, counts) for _, _, values, counts in batches]
    bins = int(np.clip(2 * np.sqrt(min(map(len, pieces))), 12, 40))  # lines of few samples would be all noise
    edges = _edges(pieces, bins, tail=0.1)
    edges[-1] += 1e-6  # the best is inside, and one more bin stays empty for the line to come down in
    edges = np.append(edges, 2 * edges[-1] - edges[-2])
    middle = (edges[:-1] + edges[1:]) / 2
    traces, letters = [], []
    peaks: list[int] = []
    for index, (letter, label, values, counts) in enumerate(batches):
        shares = _shares(np.asarray(values), np.asarray(counts), edges)
        colour, peak = series()[index], 1 + int(shares[1:].argmax())  # the first bin is a heap of many
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": middle.tolist(),
                "y": shares.tolist(),
                "name": f"{letter} · {label}" if label else letter,
                "line": {"color": colour, "width": 2.5, "dash": DASHES[index]},
                "hovertemplate": "%{x:.1f} %: %{y:.1%}<extra>" + letter + "</extra>",
            }
        )
        taken = sum(abs(peak - other) <= 1 for other in peaks)  # letters over one another would hide
        place = {"x": float(middle[peak]), "y": float(shares[peak]), "yshift": 12, "xshift": -16 * taken}
        letters.append(place | {"text": f"<b>{letter}</b>", "showarrow": False, "font": {"color": colour, "size": 14}})
        peaks.append(peak)
    return _figure(
        colours,
        traces,
        height=height,
        annotations=letters,
        xaxis={"title": {"text": text.PREDICTED_AXIS}, "showgrid": False},
        yaxis={"tickformat": ".0%", "rangemode": "tozero", "nticks": 4},
    )


def tradeoff(
    curves: Sequence[tuple[str, Sequence[tuple[float, float, float]]]],
    exact: tuple[str, Sequence[tuple[float, float, float]]],
    *,
    height: int = HEIGHT,
) -> Figure:
    """Quality against diversity: a line of marked points (diversity, mean accuracy, guidance scale) for each form of
    guidance, by its name, and the exact curve without marks.
    """
    colours = palette()
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers+text" if index == 0 else "lines+markers",
            "x": [x for x, _, _ in points],
            "y": [y for _, y, _ in points],
            "text": [f"{scale:g}" for _, _, scale in points],
            "textposition": "top right",
            "textfont": {"size": 12, "color": colours["mute"]},
            "name": name,
            "line": {"color": series()[index], "width": 2, "dash": DASHES[index]},
            "marker": {"size": 9, "symbol": SYMBOLS[index], "color": series()[index]},
            "hovertemplate": text.compare.SWEEP_HOVER + f"<extra>{name}</extra>",
            "cliponaxis": False,
        }
        for index, (name, points) in enumerate(curves)
    ]
    name, along = exact
    if along:
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [x for x, _, _ in along],
                "y": [y for _, y, _ in along],
                "text": [f"{scale:.3g}" for _, _, scale in along],
                "name": name,
                "line": {"color": colours["ink"], "width": 1.5, "dash": "dot"},
                "hovertemplate": text.compare.SWEEP_HOVER + f"<extra>{name}</extra>",
            }
        )
    return _figure(
        colours,
        traces,
        height=height,
        xaxis={"title": {"text": text.compare.DIVERSITY_AXIS}, "nticks": 8},
        yaxis={"title": {"text": text.compare.QUALITY_AXIS}, "nticks": 6},
    )


def _points(
    colours: dict[str, str], x: Sequence[float], y: Sequence[float], names: Sequence[str], hover: str
) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": list(y),
        "text": list(names),
        "marker": {
            "color": _fade(colours["accent"], 0.55),
            "size": 7,
            "line": {"color": colours["accent"], "width": 0.5},
        },
        "hovertemplate": hover + "<extra></extra>",
        "showlegend": False,
    }


def _window(values: Sequence[float]) -> tuple[float, float]:
    """A range that shows the bulk: from just below the fourth percentile to just above the best."""
    low, high = float(np.quantile(values, 0.04)), float(max(values))
    room = 0.06 * max(high - low, 0.1)
    return low - room, high + room


def _note(colours: dict[str, str], words: str, x: str, y: str) -> Figure:
    """Small words in a corner of the plot: ``left`` or ``right``, ``top`` or ``bottom``."""
    place = {"x": float(x == "right"), "y": float(y == "top"), "xanchor": x, "yanchor": y, "xref": "paper"}
    font = {"size": 12, "color": colours["mute"]}
    return {**place, "yref": "paper", "text": words, "font": font, "showarrow": False}


def _outside(colours: dict[str, str], count: int) -> list[Figure]:
    """A note for points that the window leaves out, so that nothing goes missing without a word."""
    return [_note(colours, text.OUTSIDE.format(n=count), "right", "bottom")] if count else []


def predicted_against_measured(
    predicted: Sequence[float], measured: Sequence[float], names: Sequence[str], note: str = ""
) -> Figure:
    """One point per candidate, and ``note`` in a corner; on the dotted diagonal both agree."""
    colours = palette()
    x, y = _window(predicted), _window(measured)
    ends = [min(x[0], y[0]), max(x[1], y[1])]
    diagonal = {
        "type": "scatter",
        "mode": "lines",
        "x": ends,
        "y": ends,
        "line": {"color": colours["mute"], "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    hidden = sum(a < x[0] or b < y[0] for a, b in zip(predicted, measured, strict=True))
    hover = "%{text}<br>predicted %{x:.2f} %, measured %{y:.2f} %"
    return _figure(
        colours,
        [diagonal, _points(colours, predicted, measured, names, hover)],
        xaxis={"title": {"text": text.PREDICTED_AXIS}, "nticks": 6, "range": x},
        yaxis={"title": {"text": text.MEASURED_AXIS}, "nticks": 6, "range": y},
        annotations=[*_outside(colours, hidden), *([_note(colours, note, "left", "top")] if note else [])],
    )


def accuracy_against_cost(
    cost: Sequence[float],
    predicted: Sequence[float],
    names: Sequence[str],
    *,
    front: Sequence[tuple[float, float]],
    label: str,
    inside: Sequence[bool] = (),
    limit: float | None = None,
) -> Figure:
    """One point per candidate, with a line along ``front``, those that nothing cheaper beats. Candidates that are not
    ``inside`` the budget are grey; where ``limit`` bounds this cost, the region beyond it is shaded. The axis has no
    title: the page puts the choice of a cost there.
    """
    colours = palette()
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": [x for x, _ in front],
        "y": [y for _, y in front],
        "line": {"shape": "hv", "color": colours["accent"], "width": 1.5},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    points = _points(colours, cost, predicted, names, text.COST_HOVER.format(cost=label))
    if not all(inside):
        tones = [colours["accent" if kept else "mute"] for kept in inside]
        points["marker"] |= {"color": [_fade(tone, 0.55) for tone in tones], "line": {"color": tones, "width": 0.5}}
    ends = [*cost, *([] if limit is None else [limit])]
    room = 0.05 * max(max(ends) - min(ends), 0.02 * max(ends))
    x, y = (max(0.0, min(ends) - room), max(ends) + room), _window(predicted)
    notes = _outside(colours, sum(value < y[0] for value in predicted))
    shapes: list[Figure] = []
    if limit is not None:
        upright = {"yref": "paper", "y0": 0, "y1": 1, "x0": limit, "layer": "below"}
        shade = upright | {"type": "rect", "x1": x[1], "fillcolor": _fade(colours["mute"], 0.1), "line": {"width": 0}}
        edge = upright | {"type": "line", "x1": limit, "line": {"color": colours["mute"], "width": 1, "dash": "dot"}}
        shapes = [shade, edge]
    return _figure(
        colours,
        [line, points],
        xaxis={"nticks": 6, "range": x},
        yaxis={"title": {"text": text.PREDICTED_AXIS}, "nticks": 6, "range": y},
        annotations=notes,
        shapes=shapes,
    )


def show(
    figure: Figure, key: str, alt: str | None, height: int = HEIGHT, *, on_click: Callable[[], None] | None = None
) -> None:
    """Put a chart into the page, with its description for those who do not see it; None where another one says it.

    ``on_click`` is called when a point was chosen; which one is in the session's state under ``key``.
    """
    st.plotly_chart(
        figure,
        key=key,
        alt=alt,
        theme=None,
        config=CONFIG,
        height=height,
        on_select=on_click or "ignore",
        selection_mode="points",
    )


def preload() -> None:
    """Have the browser fetch and read Plotly while there is nothing to show yet: that takes it a second, for which the
    first results would stand half drawn.
    """
    with st.container(key="preload"):  # never seen, see page.css; Plotly refuses a chart without data
        st.plotly_chart({"data": [{"type": "scatter", "x": [0], "y": [0]}], "layout": {}}, key="preload-chart")


Points = tuple[str, Sequence[Sequence[float]], Sequence[str]]
"""What they are, where they lie (n,2), and their names."""


def class_map(all_classes: Points, known: Sequence[Points], own: Points) -> Figure:
    """A map of classes: all of them as a faint ground, those of known data sets as outlined shapes, and the viewer's
    own as filled circles with numbers. The axes mean nothing and are not drawn.
    """
    colours = palette()

    def trace(points: Points, marker: Figure, **more: Any) -> Figure:
        label, places, names = points
        return {
            "type": "scatter",
            "mode": "markers",
            "name": label,
            "x": [place[0] for place in places],
            "y": [place[1] for place in places],
            "customdata": list(names),
            "marker": marker,
            "hovertemplate": f"%{{customdata}}<extra>{label}</extra>",
            **more,
        }

    numbers = [str(number) for number in range(1, len(own[1]) + 1)]
    filled = {"color": colours["accent"], "size": 17, "line": {"color": colours["paper"], "width": 1}}
    numbered = {"mode": "markers+text", "text": numbers, "textfont": {"size": 10, "color": colours["paper"]}}
    axis = {"visible": False, "range": [-1.06, 1.06]}
    return _figure(
        colours,
        [
            trace(all_classes, {"color": _fade(colours["mute"], 0.4), "size": 4}),
            *(
                trace(points, {"symbol": f"{symbol}-open", "size": 8, "color": colours["ink"], "line": {"width": 1.2}})
                for points, symbol in zip(known, itertools.cycle(SYMBOLS), strict=False)
            ),
            trace(own, filled, **numbered),
        ],
        xaxis=axis,
        yaxis=axis,
    )


def curves(
    lines: Sequence[tuple[str, int, Sequence[tuple[int, float]]]], epochs: int, label: str, unit: str = ""
) -> Figure:
    """A line for each trial, (its candidate, its seed, points of epoch and value), over all ``epochs`` to come.

    Those of one candidate share a colour, a symbol and an entry of the legend.
    """
    colours, series = palette(), SERIES[theme.scheme()]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(name for name, _, _ in lines))}
    traces: list[Figure] = []
    seen: set[str] = set()
    for name, seed, points in lines:
        number = numbers[name]
        colour = series[number % len(series)]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [epoch for epoch, _ in points],
                "y": [value for _, value in points],
                "name": name,
                "legendgroup": name,
                "showlegend": name not in seen,
                "line": {"color": colour, "width": 1.5, "dash": DASHES[number // len(series) % len(DASHES)]},
                "marker": {"color": colour, "size": 6, "symbol": SYMBOLS[number % len(SYMBOLS)]},
                "hovertemplate": text.training.HOVER.format(name=name, seed=seed, label=label, unit=unit),
            }
        )
        seen.add(name)
    room = max(0.3, 0.02 * epochs)
    ticks = {"tickmode": "linear", "dtick": 1} if epochs <= 12 else {"nticks": 7}
    return _figure(
        colours,
        traces or [{"type": "scatter", "x": [], "y": [], "showlegend": False}],  # Plotly refuses a figure without any
        xaxis={"title": {"text": text.training.EPOCH_AXIS}, "range": [1 - room, epochs + room], **ticks},
        yaxis={"title": {"text": label + (f", {unit}" if unit else "")}, "nticks": 5},
        showlegend=True,
    )
