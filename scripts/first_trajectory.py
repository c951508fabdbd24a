"""Write assets/first-trajectory.json: the best candidate of a run, which the first page of the app plays.

``python scripts/first_trajectory.py``. The file is in the player's format, with the settings that made it.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from dnag.files import write_aside
from dnag.run_settings import RunSettings
from dnag.runs import run

FRAMES = 60
PATH = Path(__file__).resolve().parent.parent / "assets" / "first-trajectory.json"


def first_trajectory() -> dict[str, object]:
    """The player's payload and, under ``settings``, where it comes from; ``dataset`` is that one's label."""
    settings = RunSettings(steps=60, device="cpu")
    result = run(settings, keep_frames=FRAMES)
    dataset = result.space.dataset(settings.dataset).label
    return result.player_payload(0) | {"dataset": dataset, "settings": dataclasses.asdict(settings)}


if __name__ == "__main__":
    text = json.dumps(first_trajectory())
    write_aside(PATH, lambda aside: aside.write_text(text + "\n", encoding="utf-8"))
