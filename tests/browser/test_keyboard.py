"""The main job by keyboard alone: generate, look at how a candidate took shape, take it home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnag.bench_browser import stand_still
from dnag.ui import text

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

STEPS = 30  # long enough to be paused on the way at half speed
TABS = 150  # more than there are places to stop at
FOCUSED = """() => {
    let found = document.activeElement;
    while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
    const region = !found?.matches('a, button, input, select, summary');  // has all that is in it as its text
    return region ? '' : found.getAttribute('aria-label') || found.innerText;
}"""


def tab_to(page: Page, *names: str, key: str = "Tab") -> str:
    """Press Tab until the focus is on something called so; returns which of the names it was."""
    for _ in range(TABS):
        page.keyboard.press(key)
        focused = page.evaluate(FOCUSED)
        for name in names:
            if name in focused:  # an icon is text as well
                return name
    raise AssertionError(f"Tab never came to {' or '.join(names)}")


def scrubber(page: Page) -> Locator:
    return page.get_by_role("slider", name=text.PLAYER["scrubber"])


def generated(page: Page, app_url: str) -> None:
    """A run begun by Tab and Enter."""
    page.goto(f"{app_url}/generate?samples=16&steps={STEPS}&seed=3")
    stand_still(page)
    page.locator(".st-key-generate button:enabled").first.wait_for()
    tab_to(page, text.GENERATE)  # first comes the page of that name
    tab_to(page, text.GENERATE)
    page.keyboard.press("Enter")
    page.get_by_role("button", name=text.PLAYER["play"]).wait_for()  # the first candidate plays once by itself
    stand_still(page)


def test_a_run_is_begun_watched_and_taken_home(page: Page, app_url: str) -> None:
    generated(page, app_url)
    here = scrubber(page)

    tab_to(page, text.PLAYER["play"])
    tab_to(page, text.PLAYER["speed"])
    page.keyboard.press("Home")  # the slowest
    tab_to(page, text.PLAYER["play"], key="Shift+Tab")
    page.keyboard.press("Space")
    page.get_by_role("button", name=text.PLAYER["pause"]).wait_for()
    page.wait_for_function("slider => Number(slider.value) < Number(slider.max)", arg=here.element_handle())
    page.keyboard.press("Space")
    page.get_by_role("button", name=text.PLAYER["play"]).wait_for()

    tab_to(page, text.PLAYER["scrubber"])
    for key, step in (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", STEPS)):
        page.keyboard.press(key)
        assert here.input_value() == str(step), key

    tab_to(page, text.exports.TAKE_HOME)
    page.keyboard.press("Enter")
    tab_to(page, "PyTorch module")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename.endswith(".py")
    assert "class " in started.value.path().read_text(encoding="utf-8")
