"""The Generate page under AppTest: what it shows and does, without a browser, on small real runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dnag.bundle import ModelStore
from dnag.knobs import knobs
from dnag.runs import RunSettings
from dnag.samplers.base import samplers
from dnag.sdes.base import sdes
from dnag.ui import forms, loaders, runs_panel, state, text

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "pages" / "generate.py"
SMALL = {"samples": "12", "steps": "3"}
TURNS = 4000  # times the page is drawn before a test gives up on a run


@pytest.fixture(autouse=True)
def fresh_manager() -> Iterator[None]:
    """Each test has a job manager of its own; the models stay loaded."""
    loaders.manager.clear()
    yield
    loaders.manager().close()
    loaders.manager.clear()


def open_page(path: Path = PAGE, /, **parameters: str) -> AppTest:
    at = AppTest.from_file(str(path), default_timeout=120)
    for name, value in parameters.items():
        at.query_params[name] = value
    return at.run()


def job_of(at: AppTest) -> Any:
    job = loaders.manager().get(at.session_state[state.JOB])
    assert job is not None
    return job


def finish(at: AppTest) -> AppTest:
    """Draw the page until its run has ended, as the polling fragment of a browser does."""
    for _ in range(TURNS):
        job = job_of(at)
        if not job.active:
            return at.run()
        job.finished.wait(0.1)
        at.run()
    raise AssertionError("the run did not end")


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
    assert not at.exception
    assert at.title[0].value == text.GENERATE
    assert at.subheader[0].value == text.EMPTY_TITLE
    for name in knobs(RunSettings):
        assert name in at.session_state
    assert "7.39 times as likely" in " ".join(caption.value for caption in at.caption)


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
    assert len(at.get("download_button")) == 2
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


def test_the_trajectory_handed_to_the_player_is_drawable() -> None:
    from dnag.ui.player import component_data

    result = job_of(generate(open_page(**SMALL))).result
    data = component_data(runs_panel.trajectory_of(result, len(result.candidates) - 1))
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


def test_a_space_without_models_is_not_offered():
    from dnag.knobs import knobs
    from dnag.runs import RunSettings
    from dnag.ui import loaders

    described = knobs(RunSettings)
    assert described["space"].choices is not None
    assert "mobilenetv3" in described["space"].choices()
    assert loaders.offered("space", described["space"]) == ["nasbench201"]
    assert "heun" in loaders.offered("sampler", described["sampler"])
