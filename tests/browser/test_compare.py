"""The Compare page in a real Chromium: players that follow each other, and a page that fits its screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from dnag.ui import text
from tests.browser.test_every_page import SCHEMES, beyond_the_screen, in_scheme

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

STEPS = "samples=16&vary=steps&values=4,8"  # trajectories of different lengths


def compare(page: Page, app_url: str, query: str = STEPS) -> list[Locator]:
    """Run the comparison of a link, and wait until it stands still; its scrubbers."""
    page.goto(f"{app_url}/compare?{query}")
    page.get_by_role("button", name=f"{text.compare.BUTTON} ").click()
    page.get_by_text(text.compare.DISTRIBUTION).wait_for()
    page.locator(".st-key-landed .main-svg").first.wait_for()
    scrubbers = page.get_by_role("slider", name=text.PLAYER["scrubber"])
    scrubbers.nth(1).wait_for()
    at_rest(page)
    return scrubbers.all()


def at_rest(page: Page) -> None:
    """The first player plays once by itself, and the others with it."""
    page.get_by_role("button", name=text.PLAYER["play"], exact=True).nth(1).wait_for()


def moment(page: Page, step: int, of: int) -> None:
    page.locator(".status").filter(has_text=f"step {step} of {of} ").wait_for()


def test_players_follow_each_other_by_their_share_of_the_way(page: Page, app_url: str) -> None:
    first, second = compare(page, app_url)
    assert (first.get_attribute("max"), second.get_attribute("max")) == ("4", "8")
    first.focus()
    page.keyboard.press("Home")
    moment(page, 0, 8)
    page.keyboard.press("ArrowRight")
    moment(page, 2, 8)
    assert (first.input_value(), second.input_value()) == ("1", "2")
    second.focus()
    page.keyboard.press("End")
    moment(page, 4, 4)
    page.keyboard.press("Home")
    moment(page, 0, 4)
    assert (first.input_value(), second.input_value()) == ("0", "0")


def test_one_plays_another_pauses_and_speed_is_shared(page: Page, app_url: str) -> None:
    first, second = compare(page, app_url)
    speeds = page.get_by_role("combobox", name=text.PLAYER["speed"])
    speeds.nth(1).select_option("0.5")
    assert speeds.nth(0).input_value() == "0.5"
    second.focus()
    page.keyboard.press("Home")
    page.get_by_role("button", name=text.PLAYER["play"], exact=True).nth(1).click()
    pauses = page.get_by_role("button", name=text.PLAYER["pause"], exact=True)
    pauses.nth(1).wait_for()  # the first follows, and can stop both
    pauses.nth(0).click()
    at_rest(page)
    assert int(second.input_value()) < 8
    assert abs(int(first.input_value()) / 4 - int(second.input_value()) / 8) <= 1 / 8


def test_a_column_can_show_its_best_and_downloads_the_table(page: Page, app_url: str) -> None:
    compare(page, app_url)
    page.get_by_text(text.compare.BEST, exact=True).click()
    page.get_by_label(text.compare.SAMPLE, exact=True).wait_for(state="detached")
    with page.expect_download() as waiting:
        page.get_by_role("button", name=text.compare.TABLE_CSV, exact=True).click()
    lines = waiting.value.path().read_text().splitlines()
    assert waiting.value.suggested_filename == "dnag-compare-steps-table.csv"
    assert lines[0].startswith("column,steps,validity")
    assert [line.split(",")[:2] for line in lines[1:]] == [["A", "4"], ["B", "8"]]


def test_a_sweep(page: Page, app_url: str, axe_violations: Callable[[Page], list[str]]) -> None:
    page.goto(f"{app_url}/compare?samples=8&steps=3")
    page.get_by_role("button", name=text.compare.SWEEP_BUTTON).click()
    page.locator(".st-key-sweep .main-svg").first.wait_for()
    page.get_by_text(text.compare.SWEEP_EXACT).wait_for()
    assert axe_violations(page) == []


@pytest.mark.parametrize("width", [1440, 390])
def test_results_are_accessible_and_fit(
    new_page: Callable[..., Page], app_url: str, axe_violations: Callable[[Page], list[str]], width: int
) -> None:
    page = new_page(width=width)
    four = "heun,dpm_solver,euler_maruyama,reverse_diffusion"
    compare(page, app_url, f"samples=16&steps=4&vary=sampler&values={four}")
    for scheme in SCHEMES:
        in_scheme(page, scheme)
        assert axe_violations(page) == []
        assert beyond_the_screen(page) == []
    boxes = [page.locator(f".st-key-column-{letter}").bounding_box() for letter in "ABCD"]
    places = [box for box in boxes if box is not None]
    assert len(places) == 4
    if width == 390:
        assert len({round(box["x"]) for box in places}) == 1  # stacked
    else:
        assert len({(round(box["y"]), round(box["height"])) for box in places}) == 1  # a row of equals
