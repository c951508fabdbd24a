"""Costs by name: what is known where, and what is refused."""

import pytest
import torch

from dnag.additive import Additive
from dnag.checkpoint import Checkpoint
from dnag.costs import (
    check_cost,
    check_limits,
    cost_models,
    format_numbers,
    parse_numbers,
    setting_name,
    widths_of,
)
from dnag.nets.additive_predictor import AdditivePredictor
from dnag.spaces import spaces

SPACE = spaces["mobilenetv3"]()
WHERE = "imagenet1k at 224 pixels, width 1"


def latency() -> Checkpoint:
    """A phone with a table at width 1.2 only, and a processor with both."""
    table = Additive(2.0, torch.full((20, 9), 0.5))
    widths = {"phone": (1.2,), "processor": (1.0, 1.2)}
    modules: dict[str, torch.nn.Module] = {
        name: AdditivePredictor.of([(setting_name(width, 224), table) for width in known])
        for name, known in widths.items()
    }
    about = {
        name: {"label": name.title(), "widths": list(known), "resolutions": [224], "error_pct": 3.0}
        for name, known in widths.items()
    }
    return Checkpoint("latency", SPACE.name, modules, {"devices": about})


def test_costs_are_those_with_a_table_for_the_setting():
    narrow = cost_models(SPACE, latency(), "imagenet1k", 224, 1.0)
    wide = cost_models(SPACE, latency(), "imagenet1k", 224, 1.2)
    assert list(narrow) == ["macs_m", "params_m", "latency_ms@processor"]
    assert list(wide) == ["macs_m", "params_m", "latency_ms@phone", "latency_ms@processor"]
    assert list(cost_models(SPACE, latency(), "imagenet1k", 192, 1.0)) == ["macs_m", "params_m"]
    ops = torch.tensor([SPACE.sample(1, torch.Generator().manual_seed(0))[0].ops])
    assert float(wide["latency_ms@phone"].additive(ops)) == 2.0 + 0.5 * int((ops >= 0).sum())
    assert float(wide["macs_m"].additive(ops)) > 1.2 * float(narrow["macs_m"].additive(ops))


def test_a_width_is_found_that_every_device_has():
    assert widths_of(SPACE, latency(), []) == (1.0, 1.2)
    assert widths_of(SPACE, latency(), ["macs_m", "latency_ms@processor"]) == (1.0, 1.2)
    assert widths_of(SPACE, latency(), ["latency_ms@phone", "latency_ms@processor"]) == (1.2,)


def test_a_cost_that_is_not_known_is_refused():
    models = cost_models(SPACE, latency(), "imagenet1k", 224, 1.0)
    assert check_cost("macs_m", models, latency(), WHERE) is models["macs_m"]
    with pytest.raises(ValueError, match=r"unknown cost 'macs' for .* width 1; allowed: macs_m, params_m, latency_ms@"):
        check_cost("macs", models, latency(), WHERE)
    with pytest.raises(ValueError, match=r"latency_ms@phone has no table for .* it has: width 1.2, resolution 224"):
        check_cost("latency_ms@phone", models, latency(), WHERE)


def test_an_impossible_budget_names_the_smallest_architecture():
    models = cost_models(SPACE, None, "imagenet1k", 224, 1.0)
    check_limits({"macs_m": 122.0}, models, SPACE)
    with pytest.raises(ValueError, match=r"no architecture of mobilenetv3 has macs_m of 100 or less; .* has 121.3"):
        check_limits({"macs_m": 100.0}, models, SPACE)


def test_numbers_by_name_survive_their_text():
    numbers = {"macs_m": 300.0, "latency_ms@note10": 30.5}
    assert parse_numbers(format_numbers(numbers), "under") == numbers
    assert parse_numbers(" macs_m = 300 , ", "under") == {"macs_m": 300.0}
    assert parse_numbers("", "under") == {}


@pytest.mark.parametrize(
    "text", ["macs_m", "macs_m=", "=3", "macs_m=-1", "macs_m=0", "macs_m=nan", "macs_m=inf", "a=1=2"]
)
def test_a_text_that_is_no_number_by_name_is_refused(text):
    with pytest.raises(ValueError, match=r"under is .*; allowed: NAME=NUMBER"):
        parse_numbers(text, "under")


def test_a_name_given_twice_is_refused():
    with pytest.raises(ValueError, match="under names macs_m twice"):
        parse_numbers("macs_m=3,macs_m=4", "under")
