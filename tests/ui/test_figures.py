"""The charts' data: nothing is lost, and a few failed candidates do not squeeze the rest."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnag.ui import figures, text


def test_distributions_share_their_bins_and_add_up_to_one() -> None:
    rng = np.random.default_rng(0)
    guided, counts, unguided = rng.normal(93, 0.4, 100), rng.integers(1, 9, 100), rng.normal(87, 4, 300)
    exact = (np.linspace(80, 94, 500), np.full(500, 1 / 500))
    figure = figures.distribution(guided, counts, unguided, exact)
    assert [trace["name"] for trace in figure["data"]] == [text.UNGUIDED, text.GUIDED, text.EXACT]
    assert len({tuple(trace["x"]) for trace in figure["data"]}) == 1
    for trace in figure["data"]:
        assert sum(trace["y"]) == pytest.approx(1)


def test_a_distribution_of_one_value_can_be_drawn() -> None:
    figure = figures.distribution(np.array([93.0]), np.array([4]), np.empty(0))
    assert [trace["name"] for trace in figure["data"]] == [text.GUIDED]
    assert sum(figure["data"][0]["y"]) == pytest.approx(1)


def test_scatters_keep_every_point_and_count_those_outside_their_window() -> None:
    predicted = [93.0 + i / 100 for i in range(99)] + [40.0]
    measured = [value - 0.5 for value in predicted[:-1]] + [10.0]
    names = [str(i) for i in range(100)]
    truth = figures.predicted_against_measured(predicted, measured, names)
    cost = figures.accuracy_against_cost([100.0] * 100, predicted, names, front=[(100.0, max(predicted))], label="MACs")
    for figure in (truth, cost):
        assert len(figure["data"][1]["x"]) == 100
        assert figure["layout"]["yaxis"]["range"][0] > 80
        assert figure["layout"]["annotations"][0]["text"].startswith("1 ")
        json.dumps(figure)


def test_the_cost_chart_shows_the_front_and_what_is_beyond_the_budget() -> None:
    cost, predicted, names = [10.0, 20, 20, 30], [80.0, 85, 90, 88], list("abcd")
    kept = [True, True, True, False]
    front = [(10.0, 80.0), (20.0, 90.0)]
    figure = figures.accuracy_against_cost(cost, predicted, names, front=front, label="x", inside=kept, limit=25)
    line, points = figure["data"]
    assert list(zip(line["x"], line["y"], strict=True)) == front
    assert len(set(points["marker"]["color"])) == 2
    low, high = figure["layout"]["xaxis"]["range"]
    shade, edge = figure["layout"]["shapes"]
    assert (shade["x0"], shade["x1"]) == (25, high)
    assert edge["x0"] == edge["x1"] == 25
    assert low < 10
    assert high > 30
    far = figures.accuracy_against_cost(cost, predicted, names, front=front, label="x", limit=99)
    assert far["layout"]["xaxis"]["range"][1] > 99
    json.dumps(figure)


def test_the_template_is_the_same_for_all() -> None:
    one = figures.accuracy_against_cost([1.0, 2.0], [90.0, 91.0], ["a", "b"], front=[(1.0, 90.0)], label="x")
    two = figures.distribution(np.array([90.0, 91.0]), np.array([1, 1]), np.empty(0))
    assert one["layout"]["template"] == two["layout"]["template"]


def test_batches_in_one_chart_differ_by_more_than_colour_and_add_up_to_one() -> None:
    rng = np.random.default_rng(0)
    batches = [(letter, f"scale {i}", rng.normal(90 + i, 1, 50).tolist(), [2] * 50) for i, letter in enumerate("ABCD")]
    figure = figures.distributions(batches)
    assert [trace["name"] for trace in figure["data"]] == [f"{letter} · {label}" for letter, label, *_ in batches]
    assert len({trace["line"]["dash"] for trace in figure["data"]}) == 4
    assert [note["text"] for note in figure["layout"]["annotations"]] == [f"<b>{letter}</b>" for letter in "ABCD"]
    for trace in figure["data"]:
        assert sum(trace["y"]) == pytest.approx(1)
        assert trace["y"][-1] == 0  # every line comes down again
    json.dumps(figure)


def test_letters_at_one_peak_stand_side_by_side() -> None:
    figure = figures.distributions([("A", "", [93.0, 94.0], [9, 1]), ("B", "", [93.0, 94.0], [9, 1])])
    shifts = [note["xshift"] for note in figure["layout"]["annotations"]]
    assert len(set(shifts)) == 2


def test_the_trade_off_keeps_every_point_and_marks_the_forms_differently() -> None:
    curves = [("one", [(4.8, 86.0, 0.0), (3.0, 93.0, 8.0)]), ("two", [(4.8, 86.0, 0.0), (2.5, 92.0, 8.0)])]
    figure = figures.tradeoff(curves, ("exact", [(4.8, 86.0, 0.0), (3.1, 93.5, 8.0)]))
    first, second, exact = figure["data"]
    assert (first["x"], first["y"], first["text"]) == ([4.8, 3.0], [86.0, 93.0], ["0", "8"])
    assert first["marker"]["symbol"] != second["marker"]["symbol"]
    assert exact["mode"] == "lines"
    assert len(figures.tradeoff(curves, ("exact", []))["data"]) == 2


def test_curves_of_a_candidate_look_alike_and_have_one_entry_in_the_legend() -> None:
    lines = [(f"#{n}", seed, [(1, 40.0 + n), (2, 50.0 + seed)]) for n in range(1, 9) for seed in (777, 888)]
    figure = figures.curves(lines, 12, text.training.ACCURACY, "%")
    traces = figure["data"]
    assert [(t["name"], t["x"], t["y"]) for t in traces] == [
        (name, [1, 2], [y for _, y in points]) for name, _, points in lines
    ]
    assert [t["name"] for t in traces if t["showlegend"]] == [f"#{n}" for n in range(1, 9)]

    def looks(trace: figures.Figure) -> tuple[str, str, str]:
        return trace["line"]["color"], trace["line"]["dash"], trace["marker"]["symbol"]

    assert len({(t["name"], looks(t)) for t in traces}) == len({looks(t) for t in traces}) == 8
    low, high = figure["layout"]["xaxis"]["range"]
    assert low < 1 and high > 12, "the axis does not move as epochs come in"
    assert json.dumps(figure)


def test_curves_can_be_drawn_before_there_is_a_point() -> None:
    assert len(figures.curves([], 12, text.training.LOSS)["data"]) == 1
