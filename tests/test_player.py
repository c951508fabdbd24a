"""The player's data format: what is accepted, what is refused and how, and that probabilities survive the journey."""

from __future__ import annotations

import base64
import copy
import json
import re
from typing import Any

import numpy as np
import pytest

from dnag.player import SCRIPT, WORDS, encode_frames, player_data, validate_payload


def decode(text: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(shape)


def cell_payload() -> dict[str, Any]:
    probs = np.random.default_rng(0).dirichlet([1, 1, 1], size=(4, 2))
    return {
        "ops": [{"label": f"op {k}", "symbol": str(k), "color": "#e69f00"} for k in range(3)],
        "vertices": [
            {"label": "in", "x": 0.1, "y": 0.5, "kind": "input"},
            {"label": "out", "x": 0.9, "y": 0.5, "kind": "output"},
        ],
        "slots": [{"label": f"s{s}", "source": 0, "target": 1, "x": 0.5, "y": 0.3 + s / 3} for s in range(2)],
        "frames": 4,
        "probs": encode_frames(probs),
        "sigma": [5.0, 1.0, 0.1, 0.01],
        "value": [60.0, None, 70.0, 71.5],
        "value_label": "predicted accuracy",
        "value_unit": "%",
        "title": "Denoising",
        "final": "text",
        "fps": 10,
        "autoplay": False,
    }


def layer_payload() -> dict[str, Any]:
    payload = cell_payload()
    payload["vertices"] = []
    payload["slots"] = [{"label": f"{s}", "source": None, "target": None, "x": 0.5, "y": s / 2} for s in range(2)]
    payload |= {"links": [[0, 1]], "columns": ["stage 1"], "value": None}
    return payload


def test_frames_keep_probabilities_to_half_a_level_and_rows_their_sum() -> None:
    probs = np.random.default_rng(1).dirichlet(np.ones(7), size=(20, 8))
    levels = decode(encode_frames(probs), probs.shape)
    assert (levels.sum(-1) == 255).all()
    assert np.abs(levels / 255 - probs).max() < 1 / 255


def test_frames_keep_the_probability_of_absence() -> None:
    probs = np.full((1, 1, 2), 0.35)
    assert decode(encode_frames(probs), (2,)).sum() == round(255 * 0.7)


@pytest.mark.parametrize(
    "probs", [np.ones((2, 2)), np.full((1, 1, 2), 0.8), np.full((1, 1, 2), -0.1), np.full((1, 1, 1), np.nan)]
)
def test_frames_that_are_no_probabilities_are_refused(probs: np.ndarray) -> None:
    with pytest.raises(ValueError, match="allowed"):
        encode_frames(probs)


def test_a_trajectory_of_eight_nodes_and_fifty_frames_is_small() -> None:
    probs = np.random.default_rng(2).dirichlet(np.ones(7), size=(50, 8))
    assert len(encode_frames(probs)) < 4_000


@pytest.mark.parametrize("payload", [cell_payload(), layer_payload()], ids=["cell", "layers"])
def test_good_payloads_pass_and_travel_as_json(payload: dict[str, Any]) -> None:
    validate_payload(payload)
    data = player_data(payload, labels={"play": "재생"})
    assert json.loads(json.dumps(data)) == data
    assert data["labels"] == {**WORDS, "play": "재생"}
    assert data["report_step"] is False


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("ops", [], r"ops is \[\]; allowed: a list, not empty"),
        ("ops.0.color", "orange", r"ops\[0\].color is 'orange'; allowed: #rrggbb"),
        ("ops.1.symbol", None, r"ops\[1\].symbol is None; allowed: a text"),
        ("vertices.0.kind", "sink", r"vertices\[0\].kind is 'sink'; allowed: input, output, inner"),
        ("vertices.1.x", 1.5, r"vertices\[1\].x is 1.5; allowed: a number from 0 to 1"),
        ("slots.1.target", 2, r"slots\[1\].target is 2; allowed: 0 to 1"),
        ("slots.0.y", float("nan"), r"slots\[0\].y is nan"),
        ("slots.0.label", 3, r"slots\[0\].label is 3; allowed: a text"),
        ("links", [[0, 5]], r"links\[0\] is \[0, 5\]; allowed: two indices of slots, 0 to 1"),
        ("columns", "stage", "columns is 'stage'"),
        ("frames", 0, "frames is 0; allowed: a whole number, 1 or more"),
        ("probs", "!!", "probs is no base64"),
        ("probs", "AAAA", r"probs is '3 bytes'; allowed: 24 bytes \(frames x slots x ops\)"),
        ("sigma", [1.0], r"sigma is \[1.0\]; allowed: a list of 4 numbers"),
        ("sigma.2", None, r"sigma\[2\] is None; allowed: a finite number"),
        ("value.0", "x", r"value\[0\] is 'x'"),
        ("steps", [1, 2], r"steps is \[1, 2\]"),
        ("title", 4, "title is 4; allowed: a text"),
        ("group", 4, "group is 4; allowed: a text"),
        ("fps", 0, "fps is 0; allowed: above 0, at most 120"),
        ("labels", {"plya": "x"}, "labels is 'plya'; allowed: play, pause"),
    ],
)
def test_bad_payloads_name_what_came_and_what_is_allowed(path: str, value: object, message: str) -> None:
    payload: Any = copy.deepcopy(cell_payload())
    *parents, last = path.split(".")
    target = payload
    for name in parents:
        target = target[int(name) if name.isdigit() else name]
    target[int(last) if last.isdigit() else last] = value
    with pytest.raises(ValueError, match=message):
        validate_payload(payload)


def test_layers_take_no_vertices() -> None:
    payload = layer_payload()
    payload["slots"][0]["source"] = 0
    with pytest.raises(ValueError, match=r"slots\[0\].source is 0; allowed: None"):
        validate_payload(payload)


def test_the_script_asks_for_known_words_only_and_builds_no_markup_from_data() -> None:
    used = set(re.findall(r"(?:labels|label)\.(\w+)", SCRIPT)) - {"length"}
    assert used <= set(WORDS), used - set(WORDS)
    assert set(WORDS) - used <= {"play", "pause"}  # chosen by name while running
    assert "innerHTML" not in SCRIPT
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", SCRIPT)
