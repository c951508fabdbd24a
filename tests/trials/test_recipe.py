"""Recipes: the presets, the learning rate, JSON, and what is refused."""

import json
from dataclasses import replace

import pytest

from dnag.trials.recipe import PRESETS, Recipe, changed, preset, seeds


@pytest.mark.parametrize("name", PRESETS)
def test_presets_go_through_json(name):
    recipe = preset(name).recipe
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert seeds(preset(name).seeds)


def test_the_papers_recipes_are_those_of_the_official_code():
    paper, ofa = preset("paper"), preset("ofa")
    assert (paper.recipe.epochs, paper.seeds) == (200, 3)
    wanted = {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4, "batch_size": 256, "image_size": 32}
    assert {name: getattr(paper.recipe, name) for name in wanted} == wanted
    assert (paper.recipe.crop, paper.recipe.flip, paper.recipe.width, paper.recipe.cells) == (0, False, 1.0, 0)
    assert (ofa.recipe.epochs, ofa.seeds) == (20, 3)
    wanted = {"lr": 0.01, "momentum": 0.9, "nesterov": False, "weight_decay": 4e-5, "batch_size": 96, "cutout": 16}
    assert {name: getattr(ofa.recipe, name) for name in wanted} == wanted
    assert seeds(4) == (777, 888, 999, 1110)


def test_the_rate_warms_up_and_falls_to_zero():
    recipe = Recipe(epochs=10, lr=0.2, warmup=2)
    assert recipe.rate(0) == 0
    assert recipe.rate(1) == pytest.approx(0.5 * 0.2 * 0.5 * (1 + 0.9510565))  # half of the warm-up, cos(pi / 10)
    assert recipe.rate(5) == pytest.approx(0.1)
    assert recipe.rate(10) == pytest.approx(0, abs=1e-12)
    assert replace(recipe, warmup=0.0).rate(0) == 0.2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs is 0; allowed: a whole number from 1 to 2,000"),
        ({"batch_size": 1}, "batch size is 1; allowed: a whole number from 2"),
        ({"lr": float("nan")}, "lr is nan; allowed: a finite number"),
        ({"precision": "int8"}, "unknown precision 'int8'; allowed: auto, float32, bfloat16, float16"),
        ({"flip": 1}, "flip is 1; allowed: true or false"),
        ({"momentum": 0}, "nesterov is true with momentum 0"),
        ({"epochs": 2, "warmup": 3}, "warmup is 3 epochs of 2"),
    ],
)
def test_bad_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        Recipe(**settings)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "'{' is no recipe"),
        ("[1]", "allowed: a JSON object"),
        (json.dumps({"speed": 1}), "unknown setting 'speed' of a recipe; allowed: epochs, batch_size"),
    ],
)
def test_bad_json_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        Recipe.from_json(text)


def test_bad_names_and_counts_are_named():
    with pytest.raises(ValueError, match="unknown recipe 'slow'; allowed: quick, paper, ofa"):
        preset("slow")
    for count in (0, 101):
        with pytest.raises(ValueError, match=f"seeds is {count}; allowed: a whole number from 1 to 100"):
            seeds(count)


def test_changes_that_are_none_change_nothing():
    recipe = preset("quick").recipe
    assert changed(recipe, epochs=None) == recipe
    assert changed(recipe, epochs=3).epochs == 3
