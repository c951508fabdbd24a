"""The first page in a real browser: it moves by itself, stands still for who prefers that, and leads to a first run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from dnag.ui import text

if TYPE_CHECKING:
    from playwright.sync_api import Page


def scrubber(page: Page) -> Any:
    found = page.get_by_role("slider", name="Denoising step")
    found.wait_for()
    return found


def test_it_plays_by_itself_and_leads_to_a_run(page: Page, app_url: str, axe_violations: Callable[..., Any]) -> None:
    page.goto(app_url)
    slider = scrubber(page)
    page.get_by_text(text.overview.MISSING, exact=True).wait_for()
    page.wait_for_function("slider => Number(slider.value) > 5", arg=slider.element_handle())
    assert axe_violations(page) == []
    page.get_by_role("button", name=text.overview.RUN).click()
    page.get_by_text(text.TABLE, exact=True).wait_for()
    page.wait_for_function("location.pathname.endsWith('/generate') && location.search.includes('job=')")
    assert page.get_by_role("heading", name=text.GENERATE).is_visible()


def test_it_stands_still_for_who_prefers_that(new_page: Callable[..., Page], app_url: str) -> None:
    page = new_page(reduced_motion="reduce")
    page.goto(app_url)
    slider = scrubber(page)
    page.get_by_text(text.overview.MISSING, exact=True).wait_for()
    first = slider.input_value()
    page.wait_for_timeout(1500)
    assert slider.input_value() == first


def test_an_older_link_to_a_run_opens_generate(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?samples=8&seed=3")
    page.get_by_role("heading", name=text.GENERATE).wait_for()
    page.wait_for_function("location.search.includes('seed=3')")


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_screen(new_page: Callable[..., Page], app_url: str, width: int) -> None:
    page = new_page(width=width)
    page.goto(app_url)
    page.get_by_text(text.overview.MISSING, exact=True).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_language_of_a_link_stays(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?lang=ko")
    for _ in range(2):
        page.locator("input[value='한국어']").wait_for()
        page.reload()
