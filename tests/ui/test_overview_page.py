"""The first page: what plays there is what its script makes, and its button starts a run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dnag.player import validate_payload
from dnag.ui import text
from dnag.ui.jobs import JobManager
from dnag.ui.overview import TRAJECTORY, first_trajectory, missing
from scripts.first_trajectory import first_trajectory as made

ROOT = Path(__file__).resolve().parents[2]


def test_the_stored_trajectory_is_what_the_script_makes():
    stored, again = json.loads(TRAJECTORY.read_text()), json.loads(json.dumps(made()))
    assert stored["settings"] == again["settings"] and stored["final"] == again["final"]
    assert stored.keys() == again.keys() and stored["frames"] == again["frames"]
    np.testing.assert_allclose(stored["value"], again["value"], atol=0.05)  # other machines round otherwise
    assert len(TRAJECTORY.read_bytes()) < 20_000


def test_it_can_be_played_without_a_model():
    payload = first_trajectory()
    validate_payload(payload)
    assert payload["autoplay"] and "CIFAR-10" in payload["title"]


def test_what_is_missing_is_said_once():
    found = missing()
    assert len(set(found)) == len(found) and any("mobilenetv3-meta" in item for item in found)


@pytest.fixture
def app():
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    return page.run()


def test_the_page_shows_cards_and_starts_a_run(app, monkeypatch):
    assert not app.exception and app.title[0].value == text.overview.HEADLINE
    shown = " ".join(item.value for item in app.markdown)
    assert "NAS-Bench-201" in shown and "Score network" in shown
    begun: list[Any] = []
    submit = JobManager.submit

    def noted(self: JobManager[Any], settings: Any, *args: Any, **more: Any) -> Any:
        begun.append(submit(self, settings, *args, **more))
        return begun[-1]

    monkeypatch.setattr(JobManager, "submit", noted)
    app.button(key="run-now").click().run()
    assert not app.exception
    assert [job.key.space for job in begun] == ["nasbench201"]
    assert begun[0].finished.wait(60)  # no work is left behind when the tests end
