"""What sessions leave behind is given back, once for all that end together."""

from __future__ import annotations

import threading
import time

import pytest

from dnag.ui import memory
from tests.ui.driving import ROOT, end_session, open_page


def waited(timer: threading.Timer | None) -> None:
    assert timer is not None
    timer.join(10)
    assert not timer.is_alive()


def test_many_sessions_that_end_cost_one_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[float] = []
    monkeypatch.setattr(memory, "AFTER_S", 0.05)
    monkeypatch.setattr(memory.gc, "collect", lambda: collected.append(time.monotonic()))
    for _ in range(3):
        memory.give_back_soon()
    waited(memory._waiting)
    assert len(collected) == 1
    memory.give_back_soon()
    waited(memory._waiting)
    assert len(collected) == 2


def test_the_end_of_a_session_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(memory, "give_back_soon", lambda: told.append("end"))
    assert not open_page(ROOT / "app.py").exception
    assert told == []
    end_session()
    assert told == ["end"]
