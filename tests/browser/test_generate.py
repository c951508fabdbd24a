"""The Generate page in a real Chromium: what only a browser shows. Waits for words and roles, measures no time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from dnag.ui import text
from tests.browser.test_every_page import SCHEMES, beyond_the_screen, in_scheme

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SMALL = "samples=24&steps=6"
MOBILE = "space=mobilenetv3&samples=24&steps=4&under=macs_m=300"
LONG = "samples=64&steps=2000"  # never finishes during a test
ROW = 35  # px: a row of Streamlit's table


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def generate_button(page: Page) -> Locator:
    return page.get_by_role("button", name=f"{text.GENERATE} ")


def scrubber(page: Page) -> Locator:
    return page.get_by_role("slider", name=text.PLAYER["scrubber"])


def open_page(page: Page, app_url: str, query: str = SMALL) -> Page:
    page.goto(f"{app_url}/?{query}")
    page.get_by_text(text.EMPTY_TITLE).wait_for()
    return page


def press_g(page: Page) -> None:
    """Press the shortcut, which the button listens for as soon as it is there."""
    generate_button(page).wait_for()
    page.keyboard.press("g")


def run(page: Page) -> None:
    """Generate, and wait until the result stands still."""
    press_g(page)
    result(page)


def result(page: Page) -> None:
    scrubber(page).wait_for()
    button(page, text.PLAYER["play"]).wait_for()  # the first candidate plays once by itself
    page.get_by_text(text.COST).wait_for()


def charts_drawn(page: Page) -> None:
    """A chart that Plotly has not filled yet has a box that scrolls, and moves what is below; wait until all are."""
    page.wait_for_function(
        "(() => { const c = [...document.querySelectorAll('.stPlotlyChart')];"
        " return c.length >= 2 && c.every(e => e.querySelector('.main-svg')); })()"
    )


def moment(page: Page, step: int) -> None:
    """Wait until the player shows this step."""
    page.locator(".status").filter(has_text=f"step {step} of 6").wait_for()


def rank_shown(page: Page, rank: int) -> Locator:
    return page.get_by_role("region", name=text.PLAYER_TITLE.format(rank=rank), exact=True)


def choose_row(page: Page, row: int) -> None:
    """The table is a canvas: its checkboxes are clicked by position."""
    frame = page.get_by_test_id("stDataFrame")
    frame.scroll_into_view_if_needed()
    frame.click(position={"x": 18, "y": ROW * (row + 1) + ROW // 2})


def deep_focus(page: Page, attribute: str) -> str | None:
    """An attribute of the element that has the focus, looked for inside shadow roots too."""
    script = """name => {
        let found = document.activeElement;
        while (found && found.shadowRoot) found = found.shadowRoot.activeElement;
        return found && found.getAttribute(name);
    }"""
    return page.evaluate(script, attribute)


def test_load_generate_play_and_scrub(page: Page, app_url: str) -> None:
    open_page(page, app_url)
    run(page)
    scrub = scrubber(page)
    assert scrub.get_attribute("max") == "6"
    assert scrub.input_value() == "6"
    scrub.focus()
    page.keyboard.press("Home")
    assert scrub.input_value() == "0"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert scrub.input_value() == "2"
    moment(page, 2)
    button(page, text.PLAYER["next"]).click()
    moment(page, 3)
    button(page, text.PLAYER["back"]).click()
    moment(page, 2)
    page.get_by_role("combobox", name=text.PLAYER["speed"]).select_option("4")
    button(page, text.PLAYER["play"]).click()
    moment(page, 6)
    button(page, text.PLAYER["play"]).wait_for()


def test_space_plays_and_pauses_and_bars_tell_every_probability(page: Page, app_url: str) -> None:
    open_page(page, app_url)
    run(page)
    page.get_by_role("combobox", name=text.PLAYER["speed"]).select_option("0.5")
    scrubber(page).focus()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    button(page, text.PLAYER["pause"]).wait_for()
    page.keyboard.press("Space")
    button(page, text.PLAYER["play"]).wait_for()
    bars = page.get_by_role("listitem").filter(has_text="→")
    bars.first.focus()
    tip = page.get_by_role("tooltip").filter(has_text="%")
    assert [line for line in ("none", "skip", "1×1 conv", "3×3 conv", "avg pool") if line in tip.inner_text()] == [
        "none", "skip", "1×1 conv", "3×3 conv", "avg pool",
    ]  # fmt: skip
    page.keyboard.press("ArrowDown")
    assert (deep_focus(page, "aria-label") or "").startswith("0→2: ")


def test_a_row_of_the_table_shows_its_trajectory(page: Page, app_url: str) -> None:
    open_page(page, app_url)
    run(page)
    rank_shown(page, 1).wait_for()
    choose_row(page, 2)
    rank_shown(page, 3).wait_for()
    choose_row(page, 0)
    rank_shown(page, 1).wait_for()


def test_downloads_hold_the_candidates_and_the_settings(page: Page, app_url: str) -> None:
    open_page(page, app_url, f"{SMALL}&dataset=cifar100&seed=5")
    run(page)
    with page.expect_download() as table:
        button(page, text.CSV).click()
    with page.expect_download() as whole:
        button(page, text.JSON).click()
    assert table.value.suggested_filename == "dnag-nasbench201-cifar100-scale2-seed5.csv"
    lines = table.value.path().read_text(encoding="utf-8").splitlines()
    found = json.loads(whole.value.path().read_text(encoding="utf-8"))
    assert lines[0].startswith("rank,architecture,count,predicted_accuracy_pct")
    assert len(lines) == 1 + len(found["candidates"])
    assert (found["dataset"], found["seed"], found["steps"], found["requested"]) == ("cifar100", 5, 6, 24)


def test_the_copied_link_opens_the_same_result_in_a_fresh_browser(new_page: Callable[..., Page], app_url: str) -> None:
    first = open_page(new_page(), app_url, f"{SMALL}&dataset=cifar100&guidance_scale=0.7")
    run(first)
    button(first, text.COPY_LINK).click()
    link = first.get_by_test_id("stPopoverBody").locator("code").inner_text()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert (asked["dataset"], asked["guidance_scale"], asked["steps"]) == ("cifar100", "0.7", "6")
    best = first.locator(".final code").inner_text()
    # Once with the run still in memory, once from the settings alone.
    for address in (link, link.replace(f"job={asked['job']}", "job=forgotten")):
        second = new_page()
        second.goto(address)
        result(second)
        assert second.locator(".final code").inner_text() == best
        assert second.get_by_role("spinbutton", name="Steps").input_value() == "6"


def test_a_reload_takes_up_the_running_job_and_cancel_ends_it(page: Page, app_url: str) -> None:
    open_page(page, app_url, f"{LONG}&seed=11")
    press_g(page)
    page.get_by_text("so far").wait_for()
    job = parse_qs(urlsplit(page.url).query)["job"]
    page.reload()
    page.get_by_text("so far").wait_for()
    assert parse_qs(urlsplit(page.url).query)["job"] == job
    assert generate_button(page).is_disabled()
    button(page, text.CANCEL).click()
    page.get_by_text("Cancelled after").wait_for()
    assert generate_button(page).is_enabled()


def test_a_second_browser_waits_in_the_queue(new_page: Callable[..., Page], app_url: str) -> None:
    first, second = (open_page(new_page(), app_url, f"{LONG}&seed={seed}") for seed in (21, 22))
    press_g(first)
    first.get_by_text("so far").wait_for()
    press_g(second)
    second.get_by_text(text.QUEUED.format(ahead=1)).wait_for()
    button(first, text.CANCEL).click()
    first.get_by_text("Cancelled after").wait_for()
    second.get_by_text("so far").wait_for()
    button(second, text.CANCEL).click()
    second.get_by_text("Cancelled after").wait_for()


def test_settings_go_to_the_address_and_their_meaning_follows(page: Page, app_url: str) -> None:
    open_page(page, app_url)
    page.get_by_role("slider", name="Guidance scale").press("ArrowRight")
    page.get_by_text("8.17 times as likely").wait_for()
    page.wait_for_url("**guidance_scale=2.1**")
    page.get_by_role("combobox", name="Dataset").click()
    page.get_by_role("option", name="CIFAR-100").click()
    page.wait_for_url("**dataset=cifar100**")
    page.reload()
    page.get_by_text("8.17 times as likely").wait_for()
    assert page.get_by_role("slider", name="Guidance scale").input_value() == "2.1"


def test_budgets_are_sliders_that_follow_the_space(page: Page, app_url: str) -> None:
    open_page(page, app_url)
    page.get_by_role("combobox", name="Budget").click()
    page.get_by_role("option", name="MACs").click()
    page.get_by_text("The space goes from 8 to 222.").wait_for()
    page.wait_for_url("**under=macs_m*116")
    page.keyboard.press("Escape")
    page.get_by_role("slider", name="MACs").press("ArrowLeft")
    page.wait_for_url("**under=macs_m*114")
    page.get_by_role("radio", name="MobileNetV3").click()
    page.get_by_text("The space goes from 122 to 568.").wait_for()
    page.wait_for_url("**space=mobilenetv3*")
    assert page.get_by_role("slider", name="Guidance scale").input_value() == "20"
    assert page.get_by_role("slider", name="Image size").count() == 1


def test_a_broken_link_is_a_red_box_and_the_page_works(page: Page, app_url: str) -> None:
    open_page(page, app_url, f"{SMALL}&dataset=mnist&guidance_scale=99")
    box = page.get_by_role("alert").filter(has_text="mnist")
    assert "cifar10, cifar100, imagenet16-120" in box.inner_text()
    assert "0 to 12" in box.inner_text()
    run(page)
    assert page.get_by_role("alert").count() == 0


def test_reduced_motion_is_respected(new_page: Callable[..., Page], app_url: str) -> None:
    page = open_page(new_page(reduced_motion="reduce"), app_url)
    press_g(page)
    scrubber(page).wait_for()
    assert scrubber(page).input_value() == "6"  # at its end from the start: nothing moved
    assert button(page, text.PLAYER["pause"]).count() == 0


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)], ids=["desktop", "phone"])
def test_results_fit_every_width_and_theme_and_are_accessible(
    new_page: Callable[..., Page], app_url: str, axe_violations: Callable[[Page], list[str]], width: int, height: int
) -> None:
    page = open_page(new_page(width, height, reduced_motion="reduce"), app_url)
    page.get_by_role("button", name=text.EMPTY_BUTTON).click()
    result(page)
    charts_drawn(page)
    for scheme in SCHEMES:
        in_scheme(page, scheme)
        assert axe_violations(page) == []
        assert beyond_the_screen(page) == []


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)], ids=["desktop", "phone"])
def test_a_run_on_mobilenetv3_with_a_budget(
    new_page: Callable[..., Page], app_url: str, axe_violations: Callable[[Page], list[str]], width: int, height: int
) -> None:
    page = open_page(new_page(width, height, reduced_motion="reduce"), app_url, MOBILE)
    page.get_by_role("button", name=text.EMPTY_BUTTON).click()
    result(page)
    page.get_by_text("at most 300 M MACs").first.wait_for()
    page.get_by_text(text.INSIDE, exact=True).wait_for()
    graph = page.locator(".graph")
    assert graph.locator(".column").all_text_contents() == [f"stage {stage}" for stage in range(1, 6)]
    chips = graph.locator(".chip")
    assert chips.count() == 20
    tokens = page.locator(".final code").inner_text().split("_")
    absent = [index for index, token in enumerate(tokens) if token == "0-0-0"]
    ghosts = chips.evaluate_all("all => all.flatMap((e, i) => e.classList.contains('absent') ? [i] : [])")
    assert ghosts == absent
    charts_drawn(page)
    axis = page.get_by_role("combobox", name=text.COST_AXIS)
    axis.scroll_into_view_if_needed()
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    axis.click()  # not while the page scrolls, which would close the list again
    page.get_by_role("option", name="Parameters, M").click()
    page.get_by_label("Scatter of predicted accuracy against cost (Parameters, M)").wait_for()
    charts_drawn(page)
    assert axe_violations(page) == []
    beyond = "() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    assert page.evaluate(beyond) <= 0
