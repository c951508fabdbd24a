"""Every page of the app, at desktop and phone width, light and dark, in English and Korean."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dnag.ui import text

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
PAGES = re.findall(r'st\.Page\("pages/(\w+)\.py"', (ROOT / "app.py").read_text(encoding="utf-8"))
LOOKS = [(1440, "light"), (390, "dark")]


def opened(page: Page, url: str) -> None:
    """Wait until the page has drawn what it draws by itself."""
    page.goto(url)
    page.locator("h1").first.wait_for()
    page.get_by_test_id("stSkeleton").first.wait_for(state="detached")
    page.wait_for_function("document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'")


def address(app_url: str, name: str) -> str:
    return app_url if name == "overview" else f"{app_url}/{name}"


def wider(page: Page, width: int) -> list[str]:
    """What sticks out of the screen, outside of boxes that scroll."""
    return page.evaluate(
        """width => [...document.querySelectorAll('[data-testid=stMain] *')]
            .filter(e => e.getBoundingClientRect().right > width + 1)
            .filter(e => {
                for (let p = e; p; p = p.parentElement) {
                    const s = getComputedStyle(p);
                    if (s.overflowX !== 'visible' && p.dataset.testid !== 'stMain') return false;
                    if (s.visibility === 'hidden' || s.display === 'none') return false;
                }
                return true;
            })
            .map(e => `${e.tagName} ${e.className} ${e.textContent.slice(0, 40)}`).slice(0, 5)""",
        width,
    )


def test_all_pages_are_found() -> None:
    assert {"overview", "generate", "compare", "dataset", "gallery", "explore", "learn"} <= set(PAGES)
    assert {path.stem for path in (ROOT / "pages").glob("*.py")} == set(PAGES)


@pytest.mark.parametrize(("width", "scheme"), LOOKS, ids=["desktop light", "phone dark"])
@pytest.mark.parametrize("name", PAGES)
def test_it_opens_fits_and_is_accessible(
    new_page: Callable[..., Page],
    app_url: str,
    axe_violations: Callable[..., Any],
    name: str,
    width: int,
    scheme: str,
) -> None:
    page = new_page(width=width, color_scheme=scheme)
    opened(page, address(app_url, name))
    assert wider(page, width) == []
    assert axe_violations(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_it_speaks_korean_on_a_phone(new_page: Callable[..., Page], app_url: str, name: str) -> None:
    page = new_page(width=390)
    opened(page, f"{address(app_url, name)}?lang=ko")
    title = page.locator("h1").first.inner_text()
    assert re.search("[가-힣]", title), title
    assert wider(page, 390) == []


def test_the_main_job_by_keyboard_alone(page: Page, app_url: str) -> None:
    opened(page, f"{app_url}/generate?samples=16&steps=10&seed=3&device=cpu")
    page.locator(".st-key-generate button:enabled").first.wait_for()
    page.keyboard.press("g")
    page.get_by_text(text.TABLE, exact=True).wait_for()
    words = text.PLAYER
    slider = page.get_by_role("slider", name=words["scrubber"])
    slider.wait_for()

    def focused() -> str:
        return page.evaluate(
            """() => { let e = document.activeElement;
                while (e && e.shadowRoot && e.shadowRoot.activeElement) e = e.shadowRoot.activeElement;
                return (e?.getAttribute('aria-label') || e?.innerText || '').trim(); }"""
        )

    def tab_to(*names: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            if any(name in focused() for name in names):  # an icon is text as well
                return
        raise AssertionError(f"Tab never came to {names}")

    tab_to(words["play"], words["pause"])
    if words["pause"] in focused():
        page.keyboard.press("Space")
    tab_to(words["scrubber"])
    page.keyboard.press("Home")
    first = slider.input_value()
    page.keyboard.press("ArrowRight")
    assert int(slider.input_value()) == int(first) + 1
    page.keyboard.press("End")
    assert int(slider.input_value()) == int(slider.get_attribute("max") or 0)
    tab_to(text.exports.TAKE_HOME)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="PyTorch module").wait_for()
    tab_to("PyTorch module")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename.endswith(".py")
