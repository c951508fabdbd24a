"""The Generate page under AppTest: what it shows and does, without a browser, on small real runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dnag.bundle import ModelStore
from dnag.knobs import knobs
from dnag.run_settings import RunSettings
from dnag.samplers.base import samplers
from dnag.sdes.base import sdes
from dnag.spaces.base import spaces
from dnag.ui import budget, forms, loaders, offers, runs_panel, state, text
from tests.ui import driving

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "pages" / "generate.py"
SMALL = {"samples": "12", "steps": "3"}


def open_page(path: Path = PAGE, /, **parameters: str) -> AppTest:
    return driving.open_page(path, **parameters)


def job_of(at: AppTest) -> Any:
    job = loaders.manager().get(at.session_state[state.JOB])
    assert job is not None
    return job


def finish(at: AppTest) -> AppTest:
    """Draw the page until its run has ended."""
    driving.end(at, state.JOB)
    return at


def address(at: AppTest, name: str) -> str | None:
    """A parameter of the address; AppTest hands out lists or texts, depending on who set it."""
    value = at.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def generate(at: AppTest) -> AppTest:
    at.button(key="generate").click().run()
    return finish(at)


def table(at: AppTest) -> Any:
    return at.dataframe[0].value


def messages(at: AppTest) -> str:
    return "\n".join([*(e.value for e in at.error), *(i.value for i in at.info)])


@pytest.mark.parametrize("path", [PAGE, ROOT / "app.py"], ids=["page alone", "through the router"])
def test_it_opens_with_an_input_for_every_knob_and_says_what_to_do(path: Path) -> None:
    at = open_page(path)
    if path != PAGE:
        at = at.switch_page("pages/generate.py").run()
    assert not at.exception
    assert at.title[0].value == text.GENERATE
    assert at.subheader[0].value == text.EMPTY_TITLE
    for name in knobs(RunSettings):
        assert name in at.session_state
    assert "7.39 times as likely" in " ".join(caption.value for caption in at.caption)


def test_the_button_pressed_with_a_change_runs_what_the_form_then_shows() -> None:
    """A quick hand, or a slow server: the press comes with choices of the search space that was left with it."""
    at = open_page(**SMALL)
    at.segmented_control(key="space").set_value("mobilenetv3")
    at = generate(at)
    assert not at.error
    settings = job_of(at).result.settings
    assert settings.space == "mobilenetv3" and settings.dataset == at.session_state["dataset"] == "imagenet1k"
    assert settings.guidance_scale == at.session_state["guidance_scale"] == 20


def test_a_run_gives_figures_candidates_charts_and_a_trajectory() -> None:
    at = generate(open_page(**SMALL))
    assert not at.exception
    assert not at.error
    result = job_of(at).result
    shown = {metric.label: metric.value for metric in at.metric}
    assert list(shown) == [
        text.VALID, text.DISTINCT, text.PREDICTED_MEAN, text.UNGUIDED_MEAN, text.BEST, text.EFFORT,
    ]  # fmt: skip
    assert shown[text.DISTINCT] == str(len(result.candidates))
    rows = table(at)
    assert rows["architecture"].tolist() == [c.architecture for c in result.candidates]
    assert rows["predicted"].is_monotonic_decreasing
    assert len(at.get("plotly_chart")) == 3
    assert len(at.get("bidi_component")) == 1
    assert {"download-csv", "download-json", "export-all"} <= {button.key for button in at.get("download_button")}
    assert address(at, "job") == job_of(at).id


def test_the_first_run_can_be_started_from_the_empty_page() -> None:
    at = open_page(**SMALL)
    at.button(key="generate-first").click().run()
    assert job_of(finish(at)).state == "done"


def test_equal_settings_share_one_run_across_sessions() -> None:
    first, second = generate(open_page(**SMALL)), open_page(**SMALL)
    second.button(key="generate").click().run()
    assert job_of(second) is job_of(first)
    assert table(second).equals(table(first))
    assert len(loaders.manager().jobs()) == 1


def test_a_link_sets_the_form_and_gives_the_same_candidates_again() -> None:
    first = open_page(dataset="cifar100", guidance_scale="0.5", sampler="dpm_solver", seed="7", **SMALL)
    assert first.session_state["dataset"] == "cifar100"
    assert first.session_state["sampler"] == "dpm_solver"
    assert first.slider(key="guidance_scale").value == 0.5
    assert first.number_input(key="seed").value == 7
    before = table(generate(first))
    link = {name: str(value) for name, value in vars(job_of(first).key).items() if name in knobs(RunSettings)}
    loaders.manager.clear()  # as after a restart of the server
    second = open_page(**link, job="unknown")
    assert text.LINK_RERUN in messages(second)
    assert table(finish(second)).equals(before)


def test_the_address_names_choices_as_the_command_line_does() -> None:
    at = open_page()
    at.selectbox(key="dataset").select("cifar100").run()
    assert address(at, "dataset") == "cifar100"
    at.selectbox(key="dataset").select("cifar10").run()
    assert address(at, "dataset") is None


def test_a_reload_takes_up_the_run_again() -> None:
    first = open_page(**SMALL)
    first.button(key="generate").click().run()
    second = open_page(**SMALL, job=job_of(first).id)
    assert job_of(second) is job_of(first)
    assert table(finish(second)).equals(table(finish(first)))


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"dataset": "mnist"}, ("'mnist'", "cifar10, cifar100, imagenet16-120")),
        ({"space": "darts"}, ("'darts'", "nasbench201")),
        ({"sampler": "magic"}, ("'magic'", "heun")),
        ({"guidance_scale": "nan"}, ("'nan'", "0 to 12")),
        ({"guidance_scale": "-1"}, ("'-1'", "0 to 12")),
        ({"samples": "0"}, ("'0'", "1 to 10,000")),
        ({"samples": "10001"}, ("'10001'", "1 to 10,000")),
        ({"steps": "many"}, ("'many'", "a whole number from 1 to 2,000")),
        ({"device": "tpu"}, ("'tpu'", "auto, cpu")),
        ({"space": "mobilenetv3", "guidance_scale": "999"}, ("'999'", "0 to ")),
        ({"space": "mobilenetv3", "dataset": "cifar10"}, ("'cifar10'", "imagenet1k")),
        ({"space": "mobilenetv3", "resolution": "200"}, ("'200'", "160, 176, 192, 208, 224")),
        ({"space": "mobilenetv3", "width": "1.1"}, ("'1.1'", "0, 1, 1.2")),
        ({"space": "mobilenetv3", "guidance": "exact"}, ("'exact'", "calibrated, first_order")),
        ({"under": "macs_m"}, ("'macs_m'", "NAME=NUMBER")),
        ({"under": "macs_m=5"}, ("macs_m of 5", "the smallest has 7.78")),
        ({"under": "macs_m=500"}, ("macs_m is 500", "8 to 222")),
        ({"under": "latency_ms@abacus=5"}, ("latency_ms@abacus", "macs_m, params_m")),
        ({"space": "mobilenetv3", "under": "latency_ms@note10=40,latency_ms@v100_1=10"}, ("no table", "width 1.2")),
        ({"minimize": "accuracy=1"}, ("minimize names accuracy", "other costs")),
    ],
)
def test_a_broken_link_is_named_in_one_red_box_and_the_page_stays_usable(
    parameters: dict[str, str], named: tuple[str, ...]
) -> None:
    at = open_page(**{**SMALL, **parameters})
    assert not at.exception
    assert len(at.error) == 1
    assert all(part in at.error[0].value for part in named)
    at.number_input(key="samples").set_value(4)
    at.number_input(key="steps").set_value(2)
    at.button(key="generate").click().run()
    finish(at)
    assert not at.error
    assert len(at.metric) == 6


def test_a_broken_link_with_a_run_in_it_does_not_run_something_else() -> None:
    at = open_page(dataset="mnist", job="unknown")
    assert len(at.error) == 1
    assert loaders.manager().jobs() == []


MOBILE = {"space": "mobilenetv3", "samples": "8", "steps": "3"}


def test_the_form_follows_the_space() -> None:
    at = open_page()
    scale = at.slider(key="guidance_scale")
    assert (scale.value, scale.max) == spaces["nasbench201"].guidance_scales
    assert "resolution" not in [widget.key for widget in at.select_slider]
    at.button_group(key="space").set_value("mobilenetv3").run()
    assert not at.exception
    scale = at.slider(key="guidance_scale")
    assert (scale.value, scale.max) == spaces["mobilenetv3"].guidance_scales
    assert at.selectbox(key="dataset").value == "imagenet1k"
    assert at.select_slider(key="resolution").value == 224
    assert at.session_state["width"] == 0
    assert "exact" not in at.selectbox(key="guidance").options
    at.slider(key="guidance_scale").set_value(8.0)
    at.select_slider(key="resolution").set_value(192).run()
    assert (address(at, "guidance_scale"), address(at, "resolution")) == ("8", "192")
    at.button_group(key="space").set_value("nasbench201").run()
    assert not at.exception
    assert at.slider(key="guidance_scale").value == 8  # chosen, and fits
    assert address(at, "resolution") is None
    assert at.selectbox(key="dataset").value == "cifar10"


def test_a_budget_is_a_slider_for_each_cost_and_one_text_in_the_address() -> None:
    at = open_page()
    assert budget.slider_key("macs_m") not in [slider.key for slider in at.slider]
    at.multiselect(key=budget.CHOSEN).select("macs_m").run()
    macs = at.slider(key=budget.slider_key("macs_m"))
    assert (macs.min, macs.max, macs.step, macs.value) == (8, 222, 2, 116)
    assert address(at, "under") == "macs_m=116"
    macs.set_value(100.0)
    at.multiselect(key=budget.CHOSEN).select("params_m").run()
    assert address(at, "under") == "macs_m=100,params_m=0.81"
    assert "At most 100 M MACs. The space goes from 8 to 222." in [caption.value for caption in at.caption]
    at.multiselect(key=budget.CHOSEN).unselect("macs_m").run()
    assert address(at, "under") == "params_m=0.81"
    at.multiselect(key=budget.CHOSEN).unselect("params_m").run()
    assert address(at, "under") is None
    assert not at.exception


def test_costs_that_go_with_other_networks_are_left_out() -> None:
    at = open_page(under="macs_m=100,latency_ms@pixel3=10")
    at.button_group(key="space").set_value("mobilenetv3").run()
    assert not at.exception
    assert at.multiselect(key=budget.CHOSEN).value == ["macs_m"]
    assert at.slider(key=budget.slider_key("macs_m")).value == 344  # 100 would be too little here
    at.multiselect(key=budget.CHOSEN).select("latency_ms@note10").run()
    assert address(at, "under") == "macs_m=520,latency_ms@note10=55"  # the phone's networks are wider
    assert "Latency, NVIDIA V100, batch 1" not in at.multiselect(key=budget.CHOSEN).options
    at.button_group(key="width").set_value(1.0).run()
    assert not at.exception
    assert at.multiselect(key=budget.CHOSEN).value == ["macs_m"]


def test_a_run_with_a_budget_says_how_many_keep_it() -> None:
    at = generate(open_page(**MOBILE, under="macs_m=250,latency_ms@note10=40", resolution="160"))
    assert not at.exception
    result = job_of(at).result
    assert result.settings.under == "macs_m=250,latency_ms@note10=40"
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown[text.INSIDE] == f"{100 * result.inside:.4g} %"
    assert "latency_ms@note10" in table(at)
    assert (table(at)["over"] == text.OVER).tolist() == [not c.inside_budget for c in result.candidates]
    assert at.selectbox(key="cost-axis").value == "macs_m"
    at.selectbox(key="cost-axis").select("latency_ms@note10").run()
    assert not at.exception
    link = {name: str(value) for name, value in vars(job_of(at).key).items() if name in knobs(RunSettings)}
    again = open_page(**link)
    assert not again.error
    assert again.slider(key=budget.slider_key("latency_ms@note10")).value == 40
    again.button(key="generate").click().run()
    assert job_of(again) is job_of(at)


def test_the_page_says_what_steered_a_run() -> None:
    at = generate(open_page(**MOBILE, maximize="params_m=0.5", minimize="latency_ms@note10=0.1", under="macs_m=500"))
    assert not at.exception
    words = (
        "8 architectures for ImageNet-1K in width 1.2, parameters pushed up (0.5 nats per M), "
        "latency on Galaxy Note10 pushed down (0.1 nats per ms), at most 500 M MACs"
    )
    assert words in [element.value for element in at.markdown]


def test_settings_that_cannot_go_together_fail_with_the_words_of_the_core() -> None:
    at = open_page(**MOBILE, under="latency_ms@note10=40")
    at.text_input(key="minimize").set_value("latency_ms@v100_1=1")
    at = generate(at)
    assert not at.exception
    assert len(at.error) == 1
    assert "has no table for imagenet1k at 224 pixels" in at.error[0].value
    at.text_input(key="minimize").set_value("nonsense").run()
    assert "minimize is 'nonsense'" in at.error[0].value
    assert at.button(key="generate").disabled


def test_cancel_ends_the_run_and_the_page_can_run_again() -> None:
    at = open_page(steps="2000", samples="64")
    at.button(key="generate").click().run()
    job = job_of(at)
    assert at.button(key="generate").disabled
    assert len(at.get("progress")) == 1
    at.button(key="cancel").click().run()
    assert job.finished.wait(60)
    at.run()
    assert job.state == "cancelled"
    assert "Cancelled" in messages(at)
    assert not at.button(key="generate").disabled
    at.number_input(key="steps").set_value(2)
    at.number_input(key="samples").set_value(4)
    assert job_of(generate(at)).state == "done"


def test_a_shared_run_goes_on_for_the_other_viewer() -> None:
    first, second = (open_page(steps="2000", samples="64") for _ in range(2))
    first.button(key="generate").click().run()
    second.button(key="generate").click().run()
    job = job_of(first)
    assert job_of(second) is job
    first.button(key="cancel").click().run()
    assert "Cancelled" in messages(first)
    assert job.active
    second.button(key="cancel").click().run()
    assert job.finished.wait(60)
    assert job.state == "cancelled"


def test_a_second_run_waits_and_says_how_many_are_ahead() -> None:
    first, second = open_page(steps="2000", samples="64", seed="1"), open_page(steps="2000", samples="64", seed="2")
    first.button(key="generate").click().run()
    second.button(key="generate").click().run()
    assert second.get("progress")[0].proto.text == text.QUEUED.format(ahead=1)


def test_a_missing_checkpoint_is_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaders, "store", lambda: ModelStore(tmp_path))
    at = generate(open_page(**SMALL))
    assert not at.exception
    assert len(at.error) == 1
    assert "nasbench201-score.safetensors" in at.error[0].value
    assert not at.button(key="generate").disabled


def test_an_unexpected_failure_shows_its_details(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the device is on fire")

    monkeypatch.setattr("dnag.runs.run", broken)
    at = generate(open_page(**SMALL))
    assert "the device is on fire" in at.error[0].value
    assert text.FAILED_DETAILS in [expander.label for expander in at.expander]


@pytest.mark.parametrize("guidance", ["calibrated", "first_order", "exact"])
@pytest.mark.parametrize("sampler", sorted(samplers))
def test_every_sampler_and_guidance_ends_without_exception(sampler: str, guidance: str) -> None:
    at = generate(open_page(sampler=sampler, guidance=guidance, samples="4", steps="2"))
    assert not at.exception
    assert job_of(at).state == "done"


@pytest.mark.parametrize("sde", sorted(sdes))
def test_every_sde_ends_without_exception_unguided(sde: str) -> None:
    at = generate(open_page(sde=sde, guidance_scale="0", samples="4", steps="2"))
    assert not at.exception
    assert job_of(at).state == "done"


def test_filters_narrow_the_table() -> None:
    at = generate(open_page(samples="64", steps="3"))
    everything = len(table(at))
    at.text_input(key="filter-text").set_value("skip_connect~0").run()
    assert 0 < len(table(at)) < everything
    assert table(at)["architecture"].str.contains("skip_connect~0", regex=False).all()
    at.text_input(key="filter-text").set_value("no such thing").run()
    assert text.FILTER_EMPTY in messages(at)
    at.text_input(key="filter-text").set_value("")
    macs = at.slider(key="filter-macs_m")
    macs.set_value((macs.min + macs.max) / 2).run()
    assert 0 < len(table(at)) < everything
    assert table(at)["macs_m"].max() <= (macs.min + macs.max) / 2


def test_the_trajectory_handed_to_the_player_is_drawable() -> None:
    from dnag.player import player_data

    result = job_of(generate(open_page(**SMALL))).result
    data = player_data(runs_panel.trajectory_of(result, len(result.candidates) - 1))
    assert data["steps"] == [0, 1, 2, 3]
    assert [op["symbol"] for op in data["ops"] if op["empty"]] == ["∅"]
    assert data["autoplay"] is False


def test_words() -> None:
    assert text.name("euler_maruyama") == "Euler–Maruyama"
    assert text.name("some_new_sampler") == "Some new sampler"
    assert [text.duration(s) for s in (0.93, 9.96, 75, 3605)] == ["0.9 s", "10 s", "1 min 15 s", "60 min 05 s"]
    assert forms.scale_words(0, None) == text.SCALE_OFF
    assert "22,026 times" in forms.scale_words(10, 12345.6)
    assert "12,346" in forms.scale_words(10, 12345.6)


def test_a_space_without_models_is_not_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nasbench201-score", "nasbench201-predictor", "mobilenetv3-score"):
        (tmp_path / name).touch()
    monkeypatch.setattr("dnag.bundle.checkpoint_path", lambda name: tmp_path / name)
    space = knobs(RunSettings)["space"]
    assert offers.ready_spaces(space) == ("nasbench201",)
    (tmp_path / "nasbench201-score").unlink()
    assert set(offers.ready_spaces(space)) == {"nasbench201", "mobilenetv3"}  # a run says what is missing


def test_another_score_network_can_be_chosen() -> None:
    at = open_page(**SMALL)
    chosen = at.selectbox(key="checkpoint")
    assert chosen.options == [text.name("shipped"), "nasbench201-score-half"]
    at = generate(chosen.set_value("nasbench201-score-half").run())
    result = job_of(at).result
    assert result.settings.checkpoint == address(at, "checkpoint") == "nasbench201-score-half"
    assert result.novel is not None, "it was trained on half of the space"
    other = open_page(space="mobilenetv3", **SMALL)
    assert other.session_state["checkpoint"] == "" and "checkpoint" not in [box.key for box in other.selectbox]


@pytest.mark.parametrize("given", ["../checkpoints/nasbench201-score-half.safetensors", "mobilenetv3-score", "nothing"])
def test_a_link_names_no_other_score_network_than_those_offered(given: str) -> None:
    at = open_page(checkpoint=given, **SMALL)
    assert at.session_state["checkpoint"] == ""
    assert f"Score network is {given!r}; allowed: nasbench201-score-half" in messages(at)
