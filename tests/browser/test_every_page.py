"""Every page that `app.py` lists opens, fits and is accessible: desktop and phone, light and dark; and speaks Korean.

That nothing is logged, fails or comes from elsewhere is what the fixture `new_page` asserts at the end of each test.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from dnag.bench_browser import stand_still
from dnag.ui.text.korean.core import PHRASES

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
LISTED = re.findall(r'st\.Page\("pages/(\w+)\.py".*', (ROOT / "app.py").read_text(encoding="utf-8"))
DESKTOP, PHONE = (1440, 900), (390, 844)
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")


def opened(page: Page, app_url: str, name: str, query: str = "") -> Page:
    """The page, once it stands still."""
    page.goto(f"{app_url}/{'' if name == 'overview' else name}{query}")
    page.locator("h1").first.wait_for()
    stand_still(page)
    return page


def in_scheme(page: Page, scheme: Literal["light", "dark"]) -> None:
    """The page as it is, in light or dark, once it stands still again."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate("window.stillSince = undefined")
    stand_still(page)


def beyond_the_screen(page: Page) -> list[str]:
    """What makes the page scroll sideways; boxes that scroll by themselves, as tables do, may be wider inside."""
    return page.evaluate(
        """() => {
            const frames = [document.scrollingElement, document.querySelector('[data-testid=stMain]')];
            if (frames.every(frame => frame.scrollWidth <= frame.clientWidth)) return [];
            const culprits = [...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
                .map(e => `${e.tagName} ${e.className.baseVal ?? e.className} ${e.textContent.slice(0, 40)}`);
            return [`${frames.map(frame => frame.scrollWidth)} px wide`, ...culprits.slice(0, 8)];
        }"""
    )


def words(value: Any) -> Iterator[str]:
    """Every text of a catalogue, or of what it is made of."""
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, Mapping):
        yield from words(list(value.values()))
    elif isinstance(value, (list, tuple)):
        yield from itertools.chain.from_iterable(map(words, value))


def said_in(package: str) -> set[str]:
    """Every text of a language."""
    root = importlib.import_module(f"dnag.ui.text.{package}")
    names = [root.__name__, *(f"{root.__name__}.{file.name}" for file in pkgutil.iter_modules(root.__path__))]
    catalogues = [vars(importlib.import_module(name)) for name in names]
    return {word for found in catalogues for name, value in found.items() if name.isupper() for word in words(value)}


def english_only() -> set[str]:
    """What has a Korean translation and must not be seen beside it."""
    return (said_in("english") | PHRASES.keys()) - said_in("korean")


def test_the_list_in_the_router_is_that_of_the_files() -> None:
    assert sorted(LISTED) == sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("name", LISTED)
def test_it_opens_fits_and_is_accessible(
    new_page: Callable[..., Page], app_url: str, axe_violations: Callable[[Page], list[str]], name: str
) -> None:
    page = new_page(*DESKTOP, reduced_motion="reduce")  # one for all looks: the scripts are loaded once
    for width, height in (DESKTOP, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        opened(page, app_url, name)
        assert page.locator("h1").first.inner_text().strip()
        for scheme in SCHEMES:
            in_scheme(page, scheme)
            assert beyond_the_screen(page) + axe_violations(page) == [], (width, scheme)


def test_a_change_of_theme_is_followed_at_once(new_page: Callable[..., Page], app_url: str) -> None:
    page = opened(new_page(), app_url, "learn", "?chapter=5")
    drawn = """() => [
        document.querySelector('[data-testid=stSidebarLogo]').src,
        ...[...document.querySelectorAll('.main-svg .xtick text')].map(tick => getComputedStyle(tick).fill),
    ]"""
    light = page.evaluate(drawn)
    assert len(light) > 3
    for scheme in ("dark", "light"):
        before = page.evaluate(drawn)
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"before => ({drawn})().every((seen, place) => seen !== before[place])", arg=before)
    assert page.evaluate(drawn) == light


@pytest.mark.parametrize("name", LISTED)
def test_it_speaks_korean_on_a_phone(new_page: Callable[..., Page], app_url: str, name: str) -> None:
    page = opened(new_page(*PHONE), app_url, name, "?lang=ko")
    assert re.search("[가-힣]", page.locator("h1").first.inner_text())
    seen = page.evaluate(
        """() => {
            const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                // Streamlit labels the button of an uploader itself, in English; and code is no prose.
                const foreign = walker.currentNode.parentElement.closest('[data-testid=stFileUploader] button, pre');
                if (!foreign) found.push(walker.currentNode.data.trim());
            }
            return found;
        }"""
    )
    assert english_only() & set(seen) == set()
    assert beyond_the_screen(page) == []
