"""The Explore page in a real Chromium: drawing, the map, the table, and who cannot see or has a small screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from dnag.spaces.base import spaces
from dnag.ui import text

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

WORDS = text.explore
CELL = "|nor_conv_1x1~0|+|skip_connect~0|none~1|+|avg_pool_3x3~0|nor_conv_3x3~1|skip_connect~2|"
ROW = 35  # px: a row of Streamlit's table


def open_page(page: Page, app_url: str, query: str = "") -> Page:
    page.goto(f"{app_url}/explore?{query or urlencode({'arch': CELL})}")
    drawn(page)
    return page


def drawn(page: Page) -> Locator:
    """The map, once its points are there."""
    page.locator(".st-key-map .nsewdrag").nth(1).wait_for()
    return page.locator(".st-key-map .js-plotly-plot").last


def looked_at(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query)["arch"][0]


def moved(page: Page, before: str) -> str:
    """The architecture after a move, once text field and map show it."""
    page.wait_for_function("before => new URL(location).searchParams.get('arch') !== before", arg=before)
    after = looked_at(page)
    page.wait_for_function(
        "after => document.querySelector('.st-key-arch input').value === after", arg=after
    )  # the text field says what the address says
    page.locator("[data-testid='stApp'][data-test-script-state='notRunning']").wait_for()
    drawn(page)
    return after


def changes_between(one: str, other: str) -> int:
    space = spaces["nasbench201"]()
    return sum(a != b for a, b in zip(space.parse(one).ops, space.parse(other).ops, strict=True))


def button(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key} button").first


def test_each_way_to_another_architecture(new_page: Callable[..., Page], app_url):
    page = open_page(new_page(height=1800), app_url)  # nothing needs to be scrolled to
    button(page, "random").click()
    drawn_at_random = moved(page, CELL)
    button(page, "back").click()
    assert moved(page, drawn_at_random) == CELL

    page.locator(".st-key-drawing").get_by_role("button", name="3×3 conv").last.click()
    clicked = moved(page, CELL)
    assert changes_between(clicked, CELL) == 1

    table = page.locator(".st-key-neighbours").get_by_test_id("stDataFrame")
    table.click(position={"x": 18, "y": ROW + ROW // 2})
    best_neighbour = moved(page, clicked)
    assert changes_between(best_neighbour, clicked) == 1

    under, chart = (page.locator(".st-key-map .nsewdrag").nth(layer) for layer in (0, 1))
    assert under.bounding_box() == pytest.approx(chart.bounding_box(), abs=0.5)  # px
    page.evaluate("window.picture = document.querySelector('.st-key-map .js-plotly-plot')")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.31 * box["width"], box["y"] + 0.42 * box["height"])
    page.locator(".st-key-map .hovertext").first.wait_for()
    page.mouse.click(box["x"] + 0.31 * box["width"], box["y"] + 0.42 * box["height"])
    assert moved(page, best_neighbour) not in (CELL, clicked, best_neighbour)
    assert page.evaluate("window.picture === document.querySelector('.st-key-map .js-plotly-plot')"), "no flash"

    page.locator(".st-key-arch input").fill(CELL)
    page.keyboard.press("Enter")
    page.locator(".st-key-code").get_by_text("skip_connect~0|none~1").first.wait_for()
    assert looked_at(page) == CELL


def test_what_is_no_architecture_is_said(page, app_url):
    open_page(page, app_url)
    page.locator(".st-key-arch input").fill("conv")
    page.keyboard.press("Enter")
    page.get_by_text("'conv' is not a NAS-Bench-201 cell").wait_for()
    assert looked_at(page) == CELL


def test_the_map_by_properties_is_in_the_address(page, app_url):
    open_page(page, app_url)
    page.locator(".st-key-axes").get_by_text(WORDS.AXES_KINDS["properties"]).click()
    page.locator(".st-key-across").wait_for()
    page.get_by_text(WORDS.MAP_PROPERTIES.format(count=15625)).wait_for()
    assert "axes=properties" in page.url


def test_the_other_space_is_accessible_too(page, app_url, axe_violations):
    """In light; in dark, and the first space in both, ``test_every_control.py`` and ``test_every_page.py`` see."""
    open_page(page, app_url, "space=mobilenetv3")
    page.locator(".st-key-code").get_by_text("to_module").first.wait_for()
    assert axe_violations(page) == []
