"""Presence: only who has not been back for the whole of the grace is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from dnag.ui.presence import Presence


class Timers(list[Any]):
    """Timers that ring when they are told to."""

    def __call__(self, seconds: float, call: Callable[..., None], args: tuple[Any, ...]) -> Any:
        return SimpleNamespace(start=lambda: self.append((seconds, lambda: call(*args))))

    def ring(self) -> list[float]:
        rung = [seconds for seconds, ring in self if ring() is None]
        self.clear()
        return rung


@pytest.fixture
def timers() -> Timers:
    return Timers()


@pytest.fixture
def forgotten() -> list[str]:
    return []


@pytest.fixture
def presence(timers: Timers, forgotten: list[str]) -> Presence:
    return Presence(forgotten.append, 5.0, timer=timers)


def test_somebody_is_forgotten_when_the_last_session_is_over(presence, timers, forgotten):
    assert presence.enter("a") == "a"
    presence.enter("a")
    presence.leave("a")
    assert timers == [], "another session is open"
    presence.leave("a")
    assert forgotten == []
    assert timers.ring() == [5.0] and forgotten == ["a"]


def test_a_reload_is_no_farewell(presence, timers, forgotten):
    presence.enter("a")
    presence.leave("a")
    presence.enter("a")
    timers.ring()
    assert forgotten == []
    presence.leave("a")
    timers.ring()
    assert forgotten == ["a"]


def test_only_the_last_farewell_counts(presence, timers, forgotten):
    for _ in range(2):
        presence.enter("a")
        presence.leave("a")
    first, last = list(timers)
    first[1]()
    assert forgotten == []
    last[1]()
    assert forgotten == ["a"]


def test_others_are_not_concerned(presence, timers, forgotten):
    presence.enter("a")
    presence.enter("b")
    presence.leave("b")
    timers.ring()
    assert forgotten == ["b"]
