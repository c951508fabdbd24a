"""The gallery in a real browser: runs outlive the session where the server keeps them, for this browser alone."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dnag.bench_browser import stand_still
from dnag.ui import gallery_panel, text
from tests.browser.conftest import start_app, stop_app

if TYPE_CHECKING:
    from playwright.sync_api import Page

HEADER = 35  # px: of Streamlit's table
QUERY = "samples=8&steps=4&device=cpu"


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that keeps runs in a file."""
    folder: Path = tmp_path_factory.mktemp("runs")
    server = start_app(folder / "log.txt", env={"DNAG_RUNS": str(folder / "runs.sqlite")})
    yield server.url
    stop_app(server)


def generate(page: Page, url: str) -> None:
    page.goto(f"{url}/generate?{QUERY}")
    page.get_by_role("button", name=text.GENERATE).first.click()
    page.get_by_text(text.TABLE, exact=True).wait_for()


def select(page: Page, row: int) -> None:
    """Tick a run of the table, counted from the newest. One that just moved may not have heard it: then once more."""
    from playwright.sync_api import TimeoutError

    page.get_by_text(text.gallery.TABLE_HINT).wait_for()  # before, the table seen may be the last page's
    stand_still(page)
    ready = page.locator(".st-key-open button:enabled").first
    table = page.locator(".st-key-table").get_by_test_id("stDataFrame")
    for _ in range(5):
        table.locator("canvas table").first.wait_for(state="attached")  # made once the browser is idle
        box = table.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 16, box["y"] + HEADER + gallery_panel.ROW_HEIGHT * (row + 0.5))
        with contextlib.suppress(TimeoutError):
            ready.wait_for(timeout=5000)
            return
    ready.wait_for()


def exported(page: Page) -> list[str]:
    with page.expect_download() as download:
        page.locator(".st-key-export button").first.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        return archive.namelist()


def test_a_run_is_taken_away_and_the_next_is_not_selected_in_its_place(
    new_page: Callable[..., Page], keeping: str
) -> None:
    page = new_page()
    generate(page, keeping)
    page.locator(".st-key-steps input").fill("5")
    page.locator(".st-key-steps input").press("Enter")
    page.wait_for_function("location.search.includes('steps=5')")
    first = page.evaluate("new URLSearchParams(location.search).get('job')")
    page.get_by_role("button", name=text.GENERATE).first.click()
    page.wait_for_function("first => new URLSearchParams(location.search).get('job') !== first", arg=first)
    page.get_by_role("link", name=text.GALLERY).click()
    select(page, 0)
    assert "run-001/run.safetensors" in exported(page)
    page.get_by_test_id("stPopover").filter(has_text=text.gallery.DELETE).get_by_role("button").first.click()
    page.locator(".st-key-delete button").first.click()
    page.locator(".st-key-open button:disabled").first.wait_for()
    select(page, 0)  # the older one is still there


def test_runs_stay_for_this_browser_alone(
    new_page: Callable[..., Page], keeping: str, axe_violations: Callable[..., Any]
) -> None:
    page = new_page()
    generate(page, keeping)
    page.goto(f"{keeping}/gallery")  # a new session of the same browser
    page.get_by_text(text.gallery.TABLE_HINT).wait_for()
    assert axe_violations(page) == []
    other = new_page()
    other.goto(f"{keeping}/gallery")
    other.get_by_text(text.gallery.EMPTY_TITLE).wait_for()


def test_runs_in_memory_are_those_of_all_tabs_of_a_browser(new_page: Callable[..., Page], app_url: str) -> None:
    page = new_page()
    other = page.context.new_page()
    for tab, seed in ((page, 1), (other, 2)):  # at once: neither knows yet who it is
        tab.goto(f"{app_url}/generate?{QUERY}&seed={seed}", wait_until="commit")
    for tab in (page, other):
        tab.get_by_role("button", name=text.GENERATE).first.click()
        tab.get_by_text(text.TABLE, exact=True).wait_for()
    other.goto(f"{app_url}/gallery")  # a new session
    select(other, 1)  # the older of the two
    stranger = new_page()
    stranger.goto(f"{app_url}/gallery")
    stranger.get_by_text(text.gallery.EMPTY_TITLE).wait_for()


def test_a_run_is_opened_again(new_page: Callable[..., Page], keeping: str) -> None:
    page = new_page()
    generate(page, keeping)
    page.goto(f"{keeping}/gallery")
    select(page, 0)
    page.locator(".st-key-open button:enabled").first.click()
    page.get_by_text(text.TABLE, exact=True).wait_for()
    page.wait_for_function("location.pathname.endsWith('/generate') && location.search.includes('job=')")
    assert page.get_by_text(text.CHANGED.format(button=text.GENERATE)).count() == 0


def test_a_name_is_typed_and_the_run_stays_selected(new_page: Callable[..., Page], keeping: str) -> None:
    page = new_page()
    generate(page, keeping)
    page.goto(f"{keeping}/gallery")
    select(page, 0)
    field = page.locator(".st-key-gallery-actions").get_by_role("textbox", name=text.gallery.NAME)
    assert field.get_attribute("placeholder") == text.gallery.UNNAMED.format(number=1)
    field.fill("mine")
    field.press("Enter")
    page.locator("[data-testid='stDataFrame'] [role=gridcell]", has_text="mine").wait_for(state="attached")
    page.locator(".st-key-open button:enabled").first.wait_for()


def test_a_link_of_somebody_else_leaves_the_gallery_alone(new_page: Callable[..., Page], keeping: str) -> None:
    page, other = new_page(), new_page()
    generate(page, keeping)
    other.goto(page.url)
    other.locator(".st-key-keep button").first.wait_for()
    other.get_by_role("link", name=text.GALLERY).click()
    other.get_by_text(text.gallery.EMPTY_TITLE).wait_for()
    other.goto(page.url)
    other.locator(".st-key-keep button").first.click()
    other.get_by_text(text.KEPT).wait_for()
    other.get_by_role("link", name=text.GALLERY).click()
    other.get_by_text(text.gallery.TABLE_HINT).wait_for()
