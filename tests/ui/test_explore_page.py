"""The Explore page under AppTest: where it starts, where it goes, and what it says of what it cannot read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from dnag.runs import RunSettings, run
from dnag.spaces.base import spaces
from dnag.ui import explore_panel, loaders, state, text
from tests.ui import driving

PAGE = Path(__file__).parents[2] / "pages" / "explore.py"
WORDS = text.explore
CELL = "|nor_conv_1x1~0|+|skip_connect~0|none~1|+|avg_pool_3x3~0|nor_conv_3x3~1|skip_connect~2|"


def open_page(**parameters: str) -> AppTest:
    at = driving.open_page(PAGE, **parameters)
    assert not at.exception
    return at


def address(at: AppTest, name: str) -> str | None:
    value = at.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def metrics(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def table(at: AppTest) -> Any:
    return at.dataframe[0].value


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception
    return at


def type_in(at: AppTest, words: str) -> AppTest:
    at.text_input(key="arch").set_value(words).run()
    assert not at.exception
    return at


def test_it_opens_with_the_best_predicted_architecture():
    at = open_page()
    assert at.title[0].value == text.EXPLORE
    assert metrics(at)[WORDS.STANDING] == "0.01 %"
    rows = table(at)
    assert len(rows) == 24
    assert rows["predicted"].is_monotonic_decreasing
    assert (rows["difference"] <= 0).all()
    assert address(at, "arch") == at.text_input(key="arch").value
    assert len(at.get("plotly_chart")) == 2  # nothing was generated, so there is no histogram
    assert WORDS.BATCH_NONE in [info.value for info in at.info]
    assert not at.error


def test_a_link_opens_its_architecture_with_known_figures():
    at = open_page(arch=CELL, dataset="cifar100")
    assert at.text_input(key="arch").value == CELL
    cost = spaces["nasbench201"]().cost(spaces["nasbench201"]().parse(CELL), "cifar100")
    assert metrics(at)[WORDS.MACS] == f"{cost.macs_m:.1f} M"
    assert metrics(at)[WORDS.PARAMS] == f"{cost.params_m:.3f} M"
    assert "edge 0→1: 1×1 conv → 3×3 conv" in table(at)["change"].tolist()
    assert CELL in at.code[0].value and "cifar100" in at.code[1].value


def test_a_link_written_by_hand_loses_its_plus_signs_and_is_read_all_the_same():
    at = open_page(arch=CELL.replace("+", " "))
    assert not at.error
    assert address(at, "arch") == CELL


def test_what_cannot_be_read_is_said_and_the_one_before_stays():
    at = type_in(open_page(arch=CELL), "|conv~0|")
    assert "'|conv~0|' is not a NAS-Bench-201 cell; allowed" in driving.shown(at.error)
    assert address(at, "arch") == CELL
    assert CELL in at.code[0].value
    unknown = type_in(at, CELL.replace("none", "conv_7x7"))
    assert "unknown operation 'conv_7x7'; allowed: none, skip_connect" in driving.shown(unknown.error)
    assert not type_in(at, CELL).error


def test_a_bad_link_starts_at_the_best():
    at = open_page(arch="nonsense", dataset="nothing")
    assert "'nonsense' is not a NAS-Bench-201 cell" in driving.shown(at.error)
    assert "Dataset is 'nothing'; allowed: cifar10" in " ".join(error.value for error in at.error)
    assert metrics(at)[WORDS.STANDING] == "0.01 %"


def test_a_walk_and_the_way_back():
    at = open_page(arch=CELL)
    assert at.button(key="back").disabled
    first = table(at)["architecture"][0]
    type_in(at, first)
    second = table(at)["architecture"][0]
    type_in(at, second)
    assert at.session_state["_walks"]["nasbench201"] == [CELL, first, second]
    click(at, "back")
    assert address(at, "arch") == first
    type_in(at, second)
    click(at, "crumb-2")
    assert address(at, "arch") == CELL
    assert at.button(key="back").disabled


def test_the_difference_is_to_the_architecture_looked_at():
    at = open_page(arch=CELL)
    rows = table(at)
    predicted = float(metrics(at)[WORDS.PREDICTED].removesuffix(" %"))
    assert (rows["predicted"] - rows["difference"]).round(2).unique().tolist() == [predicted]
    type_in(at, rows["architecture"][3])
    assert float(metrics(at)[WORDS.PREDICTED].removesuffix(" %")) == pytest.approx(rows["predicted"][3], abs=0.006)


def test_random_ones_are_the_same_in_every_session_and_best_leads_back():
    drawn = []
    for _ in range(2):
        at = open_page()
        best = address(at, "arch")
        drawn.append([address(click(at, "random"), "arch") for _ in range(3)])
        assert address(click(at, "best"), "arch") == best
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 3


def test_each_space_keeps_its_own_architecture():
    at = open_page(arch=CELL)
    at.segmented_control(key="space").set_value("mobilenetv3").run()
    assert not at.exception and not at.error
    other = address(at, "arch")
    assert other is not None
    arch = spaces["mobilenetv3"]().parse(other)
    assert len(table(at)) == len(spaces["mobilenetv3"]().changes(arch))
    assert any(change.startswith("layer ") for change in table(at)["change"])
    at.segmented_control(key="space").set_value("nasbench201").run()
    assert not at.exception and not at.error
    assert address(at, "arch") == CELL


def test_the_json_form_is_read_where_the_space_has_one():
    at = open_page(space="mobilenetv3")
    given = json.dumps({"ks": [3] * 20, "e": [6] * 20, "d": [2] * 5})
    type_in(at, given)
    assert not at.error
    assert address(at, "arch") == "_".join(["2-3-6_2-3-6_0-0-0_0-0-0"] * 5)
    type_in(at, "{")
    assert "is no JSON" in at.error[0].value


@pytest.mark.parametrize("space", list(spaces))
def test_every_property_colours_the_map_and_is_an_axis(space):
    at = open_page(space=space, axes="properties", colour="params_m", across="macs_m")
    assert at.selectbox(key="colour").value == "params_m"
    for key in ("colour", "across", "up"):
        at.selectbox(key=key).set_value("count@3").run()
        assert not at.exception
        assert address(at, key) == "count@3"


def test_an_unknown_property_in_the_link_gives_way():
    at = open_page(colour="beauty", axes="moon")
    assert at.selectbox(key="colour").value == "predicted"
    assert at.segmented_control(key="axes").value == "map"


def test_the_last_run_of_any_page_lies_on_the_map_and_stands_beside_the_space():
    settings = RunSettings(samples=16, steps=4, seed=3)
    job = loaders.manager().submit("a run", lambda report, cancelled: run(settings, store=loaders.store()))
    job.finished.wait(120)
    at = AppTest.from_file(str(PAGE), default_timeout=120)
    at.session_state[f"generate{state.SHOWN}"] = job.id
    at.session_state[state.PAGE] = "explore"
    at.run()
    assert not at.exception
    assert len(at.get("plotly_chart")) == 3
    result = job.result
    assert result is not None
    best = max(candidate.predicted_accuracy_pct or 0.0 for candidate in result.candidates)
    words = " ".join(markdown.value for markdown in at.markdown)
    assert f"**{len(result.candidates)} distinct architectures**" in words
    assert f"Their best, {best:.2f} %, is among the best" in words
    at.segmented_control(key="space").set_value("mobilenetv3").run()
    assert WORDS.BATCH_NONE in [info.value for info in at.info]  # it was a run of another space


def test_missing_models_are_said(monkeypatch, tmp_path):
    from dnag.bundle import ModelStore

    monkeypatch.setattr(loaders, "store", lambda: ModelStore(tmp_path))
    explore_panel.atlas_of.clear()
    at = open_page()
    assert "There is nothing to show for NAS-Bench-201" in at.error[0].value
    assert not at.dataframe
    explore_panel.atlas_of.clear()


def test_shares_keep_digits_for_the_best_few():
    assert [explore_panel.share_words(share) for share in (1 / 15625, 0.00123, 0.0871, 0.5, 1.0)] == [
        "0.01 %", "0.12 %", "8.7 %", "50 %", "100 %",
    ]  # fmt: skip


def test_changes_in_words():
    space = spaces["mobilenetv3"]()
    arch = space.sample(1, torch.Generator().manual_seed(0))[0]
    words = [explore_panel.change_words(space, change) for change in space.changes(arch)]
    assert len(set(words)) == len(words)
    assert any("no layer →" in line for line in words) and any("→ no layer" in line for line in words)
