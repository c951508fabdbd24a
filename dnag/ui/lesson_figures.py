"""The charts of the lessons: lines with a mark at what is chosen, and predictions against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dnag.ui.figures import Figure, palette, template

SMALL = 180  # px
LOG_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
DASHES = ("solid", "dash", "dot")
SYMBOLS = ("circle", "diamond", "square")


def _figure(traces: Sequence[Figure], **layout: Any) -> Figure:
    return {"data": list(traces), "layout": {"template": template(palette()), **layout}}


def _colours() -> tuple[str, ...]:
    colours = palette()
    return colours["accent"], colours["ink"], colours["mute"]


def lines(
    x: Sequence[Sequence[float]],
    y: Sequence[Sequence[float]],
    names: Sequence[str],
    *,
    x_title: str,
    y_axis: Figure,
    log: bool = False,
    at: float | None = None,
    mark: tuple[float, float, str] | None = None,
    points: bool = False,
) -> Figure:
    """One line for each name, told apart by dashes as well as by colour.

    Args:
        y_axis: what Plotly is told of it, such as its title or format.
        log: is the horizontal axis logarithmic?
        at: where an upright line stands.
        mark: a point of its own, (x, y, name).
        points: show the points of the lines?
    """
    colours = palette()
    traces: list[Figure] = [
        {
            "type": "scatter",
            "mode": "lines+markers" if points else "lines",
            "x": list(xs),
            "y": list(ys),
            "name": name,
            "line": {"color": colour, "width": 2, "dash": dash},
            "marker": {"symbol": symbol, "size": 7},
            "hovertemplate": "%{x:.4g}: %{y}<extra>" + name + "</extra>",
        }
        for xs, ys, name, colour, dash, symbol in zip(x, y, names, _colours(), DASHES, SYMBOLS, strict=False)
    ]
    if mark is not None:
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [mark[0]],
                "y": [mark[1]],
                "name": mark[2],
                "marker": {
                    "symbol": "diamond",
                    "size": 11,
                    "color": "#e69f00",
                    "line": {"color": colours["ink"], "width": 1},
                },
            }
        )
    upright = {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper"}
    return _figure(
        traces,
        xaxis={"title": {"text": x_title}, "nticks": 8}
        | ({"type": "log", "tickvals": LOG_TICKS, "ticktext": [f"{tick:g}" for tick in LOG_TICKS]} if log else {}),
        yaxis={"nticks": 5} | y_axis,
        shapes=[] if at is None else [upright | {"line": {"color": colours["mute"], "width": 1, "dash": "dot"}}],
        showlegend=len(traces) > 1,
    )


def calibration(
    predicted: Sequence[float],
    truth: Sequence[float],
    groups: Sequence[tuple[float, float]],
    names: tuple[str, str],
    titles: tuple[str, str],
    lowest: float,
) -> Figure:
    """Points, the means of groups of them, and the diagonal on which a calibrated predictor's groups lie.

    Args:
        names: of the points and of the groups.
        titles: of the two axes.
        lowest: where both axes begin; what lies below is drawn at the edge, so that a few cells that never learn do not
            squeeze all others together.
    """
    colours = palette()
    high = max(*predicted, *truth) + 1

    def kept(values: Sequence[float]) -> list[float]:
        return [max(lowest, value) for value in values]

    diagonal = {
        "type": "scatter",
        "mode": "lines",
        "x": [lowest, high],
        "y": [lowest, high],
        "line": {"color": colours["mute"], "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": kept(predicted),
        "y": kept(truth),
        "name": names[0],
        "marker": {"color": colours["mute"], "size": 5, "opacity": 0.45},
        "hovertemplate": "%{x:.1f} %, %{y:.1f} %<extra></extra>",
    }
    means = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": kept([mean for mean, _ in groups]),
        "y": kept([true for _, true in groups]),
        "name": names[1],
        "line": {"color": colours["accent"], "width": 2},
        "marker": {"symbol": "diamond", "size": 10, "color": colours["accent"]},
        "hovertemplate": "%{x:.1f} %, %{y:.1f} %<extra></extra>",
    }
    span = [lowest - 1, high]
    return _figure(
        [diagonal, points, means],
        xaxis={"title": {"text": titles[0]}, "range": span, "nticks": 7},
        yaxis={"title": {"text": titles[1]}, "range": span, "nticks": 7},
    )
