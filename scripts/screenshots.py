"""Pictures for the README and the tour, taken from the running app: ``make screenshots``.

Starts the app on a free port, drives it in headless Chromium as a person would, and writes
``assets/screenshots/*.png``. The tour's pictures are taken on its very way; how many seconds that way takes, from the
first page to the saved file, is printed and written into ``docs/tour.md``, between its marks.
"""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from dnag.bench_browser import find_chromium, running_app, stand_still  # noqa: E402
from dnag.training import write_aside  # noqa: E402
from dnag.ui import text  # noqa: E402

OUT = ROOT / "assets" / "screenshots"
TOUR = ROOT / "docs" / "tour.md"
RUN_MS = 120_000  # for a run on a busy machine
UNDECIDED = 0.3  # of the steps
ROW = 35  # px: a row of Streamlit's table
CELL = "generate?dataset=cifar100&guidance_scale=2&seed=7"
LAYERS = "generate?space=mobilenetv3&under=macs_m=300&seed=7"
COMPARED = "compare?vary=guidance_scale&values=0,2,8&samples=128&seed=7"


def save(page: Page, name: str) -> None:
    """Write what the page shows, in 256 colours, which are chosen such that the rare ones (a chip, the logo) stay."""
    size = page.viewport_size
    assert size is not None
    page.mouse.move(size["width"] - 2, 2)  # off everything that shows a tip
    page.wait_for_timeout(300)  # until a tip has faded
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(kmeans=1, dither=Image.Dither.NONE)
    write_aside(OUT / f"{name}.png", lambda aside: picture.save(aside, format="PNG", optimize=True))


def wind(page: Page) -> None:
    """Stop the first player on the way from noise to an architecture, where operations are still undecided."""
    slider = page.get_by_role("slider", name=text.PLAYER["scrubber"]).first
    slider.wait_for(timeout=RUN_MS)
    slider.press("Home")
    for _ in range(round(UNDECIDED * int(slider.get_attribute("max") or 0))):
        slider.press("ArrowRight")
    slider.blur()


def generated(page: Page) -> None:
    """A run, by its key: on a phone the button is folded away, elsewhere its tip would show."""
    stand_still(page)
    page.keyboard.press("g")
    wind(page)
    stand_still(page)


@dataclass(frozen=True)
class Shot:
    """A picture: of which address, how large, in which theme, and what is done before."""

    name: str
    path: str
    act: Callable[[Page], None]
    width: int = 1440
    height: int = 1080
    scheme: str = "light"


SHOTS = (
    Shot("generate", CELL, generated),
    Shot("generate-dark", CELL, generated, scheme="dark"),
    Shot("generate-phone", CELL, generated, 390, 1600),
    Shot("mobilenetv3", LAYERS, generated, height=1400),
    Shot("mobilenetv3-phone", LAYERS, generated, 390, 1600, "dark"),
    Shot("learn", "learn?chapter=5", stand_still, height=900),
    Shot("explore", "explore", stand_still, height=1300),
    Shot("compare", COMPARED, generated, height=1300),
)


def take(browser: Browser, url: str, shot: Shot) -> None:
    """One picture of its own."""
    page = browser.new_page(viewport={"width": shot.width, "height": shot.height}, color_scheme=shot.scheme)
    page.goto(f"{url}/{shot.path}")
    shot.act(page)
    save(page, shot.name)
    page.close()


def tour(page: Page, url: str) -> Iterator[str]:
    """A first visit to the saved file, step by step: after each, the name of the picture to take of it."""
    page.goto(url)
    wind(page)
    yield "tour-1"
    page.get_by_role("button", name=text.overview.RUN).click()
    page.get_by_text(text.TABLE, exact=True).wait_for(timeout=RUN_MS)
    wind(page)
    yield "tour-2"
    table = page.locator(".st-key-table").get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    table.click(position={"x": ROW // 2, "y": 2 * ROW + ROW // 2})  # a canvas: the box of its second row
    page.get_by_text(text.PLAYER_TITLE.format(rank=2)).wait_for()
    yield "tour-3"
    page.get_by_role("button", name=text.exports.TAKE_HOME).click()
    module = page.get_by_role("button", name="PyTorch module")
    module.wait_for()
    yield "tour-4"
    with page.expect_download() as started:
        module.click()
    started.value.path()


def afterwards(page: Page) -> Iterator[str]:
    """Where the tour goes on, for who likes: pictures as in the tour."""
    page.keyboard.press("Escape")
    page.get_by_role("link", name=text.COMPARE).click()
    page.get_by_role("button", name=text.compare.EXAMPLES["guidance"]).click()
    stand_still(page)
    generated(page)
    page.get_by_text(text.compare.PLAYERS, exact=True).evaluate("title => title.scrollIntoView()")
    yield "tour-5"
    page.get_by_role("link", name=text.LEARN).click()
    page.get_by_role("heading", name=text.LEARN).wait_for()
    yield "tour-6"


def walk(page: Page, way: Iterator[str]) -> float:
    """Go the way and take its pictures; returns how many seconds it took besides."""
    began, taken = time.perf_counter(), 0.0
    for name in way:
        paused = time.perf_counter()
        stand_still(page)
        save(page, name)
        taken += time.perf_counter() - paused
    return time.perf_counter() - began - taken


def write_seconds(seconds: float) -> None:
    """Say in the tour, and here, how long it takes."""
    words = f"This took {seconds:.0f} seconds from the first page to the saved file, on {os.cpu_count()} CPU cores."
    marks = re.compile(r"(?<=<!-- seconds:begin -->\n).*?(?=\n<!-- seconds:end -->)", re.DOTALL)
    marked = marks.sub(words, TOUR.read_text(encoding="utf-8"))
    write_aside(TOUR, lambda aside: aside.write_text(marked, encoding="utf-8"))
    print(words)


def main() -> None:
    """Take every picture."""
    OUT.mkdir(parents=True, exist_ok=True)
    with running_app() as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(**find_chromium())
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        write_seconds(walk(page, tour(page, url)))
        walk(page, afterwards(page))
        page.close()
        for shot in SHOTS:
            take(browser, url, shot)
        browser.close()


if __name__ == "__main__":
    main()
