"""The Compare page under AppTest: what may be varied, what a comparison shows, and what a link can ask for."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dnag.comparison import Variation, examples, usual_scales
from dnag.run_settings import RunSettings
from dnag.ui import compare_panel, loaders, state, text
from tests.ui import driving

PAGE = Path(__file__).parents[2] / "pages" / "compare.py"
SMALL = {"samples": "12", "steps": "3"}


open_page = functools.partial(driving.open_page, PAGE)


def finish(at: AppTest, key: str = state.JOB) -> Any:
    """Draw the page until the job kept under ``key`` has ended; the job."""
    return driving.end(at, key)


def address(at: AppTest, name: str) -> str | None:
    value = at.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def messages(at: AppTest) -> str:
    return "\n".join([*(e.value for e in at.error), *(i.value for i in at.info)])


def test_it_opens_with_guidance_off_usual_strong_and_says_what_to_do() -> None:
    at = open_page()
    assert not at.exception
    assert at.title[0].value == text.COMPARE
    assert at.subheader[0].value == text.compare.EMPTY_TITLE
    assert at.selectbox(key="vary").value == "guidance_scale"
    assert at.text_input(key="values-guidance_scale").value == "0, 2, 8"
    assert (address(at, "vary"), address(at, "values")) == ("guidance_scale", "0,2,8")
    assert not at.button(key="compare").disabled
    assert "device" in at.selectbox(key="vary").options or "Device" in at.selectbox(key="vary").options
    assert "Width" not in at.selectbox(key="vary").options  # there is one only


def test_two_columns_give_players_a_table_and_distributions() -> None:
    at = open_page(**SMALL, vary="guidance_scale", values="0,8")
    at.button(key="compare").click().run()
    job = finish(at)
    assert not at.exception
    assert not at.error
    assert job.key == Variation(RunSettings(samples=12, steps=3), "guidance_scale", (0.0, 8.0))
    table = at.dataframe[0].value
    assert table["column"].tolist() == ["A", "B"]
    assert table["about"].tolist() == ["0", "8"]
    assert table["validity"].tolist() == [100 * result.raw_valid / 12 for result in job.result]
    assert (table["predicted_mean_pct"].diff().dropna() > 0).all()
    assert len(at.get("bidi_component")) == 2
    assert len(driving.charts(at)) == 1
    assert len(at.get("download_button")) == 3
    at.number_input(key="top").set_value(1).run()
    first = [result.candidates[0].measured_accuracy_pct for result in job.result]
    if None not in first:
        assert at.dataframe[0].value["measured_best_pct"].tolist() == first
    at.number_input(key="sample").set_value(11).run()
    at.segmented_control(key="play").set_value(compare_panel.BEST).run()
    assert not at.exception
    assert len(at.get("bidi_component")) == 2


def test_an_example_fills_in_what_differs() -> None:
    at = open_page(**SMALL)
    at.button(key="example-samplers").click().run()
    name, values = examples("nasbench201")["samplers"]
    assert at.selectbox(key="vary").value == name
    assert at.multiselect(key="values-sampler").value == list(values)
    assert address(at, "values") == ",".join(values)


def test_values_that_cannot_be_compared_say_what_is_allowed() -> None:
    at = open_page(**SMALL)
    at.text_input(key="values-guidance_scale").set_value("0, 2, 99").run()
    assert "guidance scale is 99" in messages(at) and "from 0 to 12" in messages(at)
    assert at.button(key="compare").disabled
    at.text_input(key="values-guidance_scale").set_value("2").run()
    assert "2 to 4 different ones" in messages(at)


def test_every_setting_that_is_offered_can_be_chosen() -> None:
    at = open_page(**SMALL, space="mobilenetv3")
    values = {name: at.session_state[name] for name in ("space", "dataset", "resolution", "guidance_scale")}
    offered = compare_panel.offers(values)
    assert {"space", "resolution", "sampler", "guidance", "steps", "under"} <= set(offered)
    assert "exact" not in offered["guidance"].options
    for name in offered:
        at.selectbox(key="vary").set_value(name).run()
        assert not at.exception, name


@pytest.mark.parametrize(
    ("vary", "values", "words"),
    [
        ("colour", "red,blue", "unknown setting 'colour'; allowed: space, dataset"),
        ("guidance_scale", "0,many", "'many'; allowed: a number"),
        ("steps", "5", "values of steps are 5; allowed: 2 to 4 different ones"),
        ("sampler", "heun,magic", "unknown sampler 'magic'"),
        ("checkpoint", ",/etc/passwd", "values of checkpoint are ,/etc/passwd; allowed: nasbench201-score-half"),
    ],
)
def test_a_link_that_asks_for_what_is_not_there_says_so(vary: str, values: str, words: str) -> None:
    at = open_page(**SMALL, vary=vary, values=values)
    assert not at.exception
    assert words in messages(at)
    assert address(at, "vary") == "guidance_scale"


def test_score_networks_are_compared() -> None:
    at = open_page(**SMALL, vary="checkpoint", values=",nasbench201-score-half", job="gone")
    finish(at)
    assert text.LINK_BAD not in messages(at)
    shown = at.dataframe[0].value
    assert shown["about"].tolist() == [text.name("shipped"), "nasbench201-score-half"]
    assert list(shown["outside_training"].isna()) == [True, False]


def test_a_link_to_a_comparison_that_is_gone_makes_it_again() -> None:
    at = open_page(**SMALL, vary="sampler", values="heun,dpm_solver", job="gone")
    job = finish(at)
    assert job.key.values == ("heun", "dpm_solver")
    assert text.LINK_RERUN in messages(at)
    assert at.dataframe[0].value["about"].tolist() == ["Heun", "DPM-Solver++"]


def test_a_sweep_is_drawn_beside_the_exact_curve() -> None:
    at = open_page(samples="4", steps="2")
    at.button(key="start-sweep").click().run()
    assert at.button(key="compare").disabled
    job = finish(at, compare_panel.SWEEP)
    assert not at.exception
    assert len(driving.charts(at)) == 1
    scales = sorted({point.guidance_scale for point in job.result.points})
    assert scales == list(usual_scales("nasbench201"))
    assert job.result.exact[0].diversity == pytest.approx(4.8)
    assert text.compare.SWEEP_EXACT in [caption.value for caption in at.caption]
    at.number_input(key="samples").set_value(5).run()
    assert text.compare.SWEEP_CHANGED in [caption.value for caption in at.caption]


def test_a_sweep_without_accuracy_to_steer_by_is_not_offered() -> None:
    at = open_page(**SMALL, maximize="macs_m=0.01")
    assert at.button(key="start-sweep").disabled
    assert "a sweep needs accuracy" in messages(at)


def test_runs_chosen_in_the_gallery_are_compared_instead() -> None:
    at = AppTest.from_file(str(PAGE), default_timeout=120)
    ids = []
    for settings in (RunSettings(samples=8, steps=3), RunSettings(samples=8, steps=5, sampler="dpm_solver")):

        def work(report: Any, cancelled: Any, settings: RunSettings = settings) -> Any:
            return loaders.run(settings, report, cancelled)

        job = loaders.manager().submit(settings, work)
        assert job.finished.wait(60)
        ids.append(job.id)
    at.session_state[compare_panel.CHOSEN] = ids
    at.run()
    assert not at.exception
    assert at.dataframe[0].value["about"].tolist() == ["3, Heun", "5, DPM-Solver++"]
    at.button(key="leave").click().run()
    assert at.selectbox(key="vary").value == "guidance_scale"


def test_runs_of_the_gallery_that_are_gone_are_named_as_such() -> None:
    at = AppTest.from_file(str(PAGE), default_timeout=120)
    at.session_state[compare_panel.CHOSEN] = ["one", "two"]
    at.run()
    assert not at.exception
    assert text.compare.CHOSEN_GONE in [element.value for element in at.markdown]
