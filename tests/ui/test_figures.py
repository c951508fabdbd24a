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
    cost = figures.accuracy_against_cost([100.0] * 100, predicted, names)
    for figure in (truth, cost):
        assert len(figure["data"][1]["x"]) == 100
        assert figure["layout"]["yaxis"]["range"][0] > 80
        assert figure["layout"]["annotations"][0]["text"].startswith("1 ")
        json.dumps(figure)


def test_the_cost_front_rises_with_cost() -> None:
    figure = figures.accuracy_against_cost([10, 20, 20, 30, 40], [80, 85, 90, 88, 91], list("abcde"))
    front = figure["data"][0]
    assert list(zip(front["x"], front["y"], strict=True)) == [(10, 80), (20, 90), (40, 91)]


def test_the_template_is_the_same_for_all() -> None:
    one = figures.accuracy_against_cost([1.0, 2.0], [90.0, 91.0], ["a", "b"])
    two = figures.distribution(np.array([90.0, 91.0]), np.array([1, 1]), np.empty(0))
    assert one["layout"]["template"] == two["layout"]["template"]
