"""Settings that describe and check themselves."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

import pytest

from dnag.knobs import Knob, choice, knob, knobs, validate

COLOURS = ["red", "green"]


@dataclass(frozen=True)
class Settings:
    count: int = knob(3, "Count", 1, 2000, help="how many")
    strength: float = knob(0.5, "Strength", 0, 2.5, unit="nats", advanced=True)
    colour: str = choice("red", "Colour", lambda: COLOURS, help="which")
    note: str = field(default="free")


def test_a_knob_carries_what_an_input_needs():
    described = knobs(Settings)
    assert list(described) == ["count", "strength", "colour"]  # in order, without plain fields
    assert described["count"] == Knob("Count", 1, 2000, help="how many", whole=True)
    assert described["strength"] == Knob("Strength", 0, 2.5, unit="nats", advanced=True)
    assert described["colour"].choices is not None and list(described["colour"].choices()) == COLOURS
    assert knobs(Settings()) == described
    assert Settings() == Settings(3, 0.5, "red", "free")


@pytest.mark.parametrize("change", [{}, {"count": 1}, {"count": 2000}, {"strength": 0}, {"strength": 2.5}, {"note": 7}])
def test_values_in_range_pass(change):
    validate(Settings(**change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 0}, "count is 0; allowed: a whole number from 1 to 2,000"),
        ({"count": 2001}, "count is 2001; allowed: a whole number from 1 to 2,000"),
        ({"count": 2.5}, "count is 2.5; allowed: a whole number"),
        ({"count": "3"}, "count is '3'; allowed: a whole number"),
        ({"count": True}, "count is True; allowed: a whole number"),
        ({"count": None}, "count is None; allowed: a whole number"),
        ({"strength": -0.1}, "strength is -0.1; allowed: a finite number from 0 to 2.5"),
        ({"strength": 2.6}, "strength is 2.6; allowed: a finite number from 0 to 2.5"),
        ({"strength": math.nan}, "strength is nan; allowed: a finite number"),
        ({"strength": math.inf}, "strength is inf; allowed: a finite number"),
        ({"strength": "much"}, "strength is 'much'; allowed: a finite number"),
        ({"colour": "blue"}, "unknown colour 'blue'; allowed: red, green"),
        ({"colour": None}, "unknown colour None; allowed: red, green"),
    ],
)
def test_values_out_of_range_are_named_with_what_is_allowed(change, message):
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        validate(Settings(**change))


def test_choices_are_asked_late(monkeypatch):
    settings = Settings(colour="blue")
    with pytest.raises(ValueError, match="allowed: red, green"):
        validate(settings)
    monkeypatch.setitem(globals(), "COLOURS", ["blue"])
    validate(settings)


def test_two_words_are_said_as_words():
    @dataclass(frozen=True)
    class Long:
        batch_size: int = knob(1, "Batch", 1, 8)

    with pytest.raises(ValueError, match=r"^batch size is 9; allowed: a whole number from 1 to 8$"):
        validate(Long(9))
