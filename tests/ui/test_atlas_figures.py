"""The charts of a whole space, as the dictionaries that Plotly gets."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from dnag.ui import text
from dnag.ui.atlas_figures import Axis, Overlay, batch_in_space, space_map


def layers(places: np.ndarray, values: np.ndarray, **axis: object) -> tuple[dict, dict]:
    marks = [
        Overlay("some", places[:2], "circle", 7, names=("a", "b")),
        Overlay("here", places[2:3], "star", 17),
    ]
    across = Axis("across", **axis)  # type: ignore[arg-type]
    return space_map(places, values, "height", across, Axis("up"), marks, size=4, height=300)


def drawn(places: np.ndarray, values: np.ndarray) -> dict:
    return layers(places, values)[0]


def test_the_space_comes_first_and_marks_have_shapes_of_their_own():
    places, values = np.arange(20.0).reshape(10, 2), np.linspace(0, 9, 10)
    picture, glass = layers(places, values, ticks=[(3.0, "left"), (9.0, "right")], ends=(-1.0, 20.0))
    for figure in (picture, glass):
        go.Figure(figure)  # Plotly knows every key
        axis = figure["layout"]["xaxis"]
        assert axis["tickvals"] == [3.0, 9.0] and axis["ticktext"] == ["left", "right"]
        assert axis["range"] == [-1.0, 20.0]
    assert [len(trace["x"]) for trace in glass["data"]] == [10, 2, 1]
    assert len({trace["marker"]["symbol"] for trace in glass["data"]}) == 3
    assert glass["data"][1]["text"] == ["a", "b"] and glass["data"][2]["text"] == "here"
    assert glass["data"][0]["marker"]["opacity"] == 0, "to be pointed at, not seen"


def test_the_picture_does_not_change_with_the_marks():
    places, values = np.arange(20.0).reshape(10, 2), np.linspace(0, 9, 10)

    def both(at: float) -> tuple[str, str]:
        marks = [Overlay("here", np.array([[at, at]]), "star", 17)]
        axes = Axis("across").fitted(places[:, 0], np.array([at])), Axis("up").fitted(places[:, 1], np.array([at]))
        picture, glass = space_map(places, values, "height", *axes, marks, size=4, height=300)
        return pio.to_json(picture, validate=False), pio.to_json(glass, validate=False)

    (picture, glass), (same, other), (wider, _) = both(3), both(15), both(90)
    assert picture == same and glass != other
    assert picture != wider  # a mark beyond it is shown all the same


def test_an_axis_shows_all_there_is():
    low, high = Axis("a").fitted(np.array([0.0, 100.0]), np.array([110.0, 50.0])).ends or (0, 0)
    assert low == pytest.approx(-4) and high == pytest.approx(114)
    given = Axis("a", ends=(0, 1))
    assert given.fitted(np.array([5.0]), np.array([7.0])) is given
    assert Axis("a").fitted(np.array([5.0, 5.0]), np.empty(0)).ends == (4.0, 6.0)


@pytest.mark.parametrize(
    ("places", "kind"),
    [([0.0, 3.0], "uint16"), ([0.5, 3.0], "float64"), ([-1.0, 3.0], "float64"), ([0.0, 70000.0], "float64")],
)
def test_whole_small_numbers_are_packed(places, kind):
    column = np.array([*places, 1.0])
    trace = drawn(np.stack([column, column], 1), np.arange(3.0))["data"][0]
    assert trace["x"].dtype == kind
    assert np.array_equal(trace["x"], column)


def test_the_lowest_few_and_unknown_values_do_not_stretch_the_colours():
    values = np.concatenate([np.linspace(90, 94, 97), [10.0, np.nan, np.nan]])
    marker = drawn(np.zeros((100, 2)), values)["data"][0]["marker"]
    assert marker["cmin"] > 89 and marker["cmax"] == 94
    assert marker["colorbar"]["ticktext"][0].startswith("≤")
    flat = drawn(np.zeros((3, 2)), np.full(3, 5.0))["data"][0]["marker"]
    assert flat["cmin"] < flat["cmax"]


def test_bars_are_shares_and_repeats_count():
    figure = batch_in_space(np.linspace(80, 90, 1000), np.array([89.0, 85.0]), np.array([3, 1]), "all")
    go.Figure(figure)
    space, batch = figure["data"]
    assert space["y"].sum() == pytest.approx(1) and batch["y"].sum() == pytest.approx(1)
    assert sorted(batch["y"][batch["y"] > 0]) == pytest.approx([0.25, 0.75])
    assert (space["name"], batch["name"]) == ("all", text.explore.GENERATED)
