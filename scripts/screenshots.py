"""Pictures for the README and the tour, taken from the running app: ``make screenshots``.

Starts the app on a free port, drives it in headless Chromium as a person would, and writes
``assets/screenshots/*.png``.
How long the tour takes is written into ``docs/tour.md``, between its marks.
"""

from __future__ import annotations

import io
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

from dnag.bench_browser import find_chromium, running_app  # noqa: E402
from dnag.training import write_aside  # noqa: E402
from dnag.ui import text  # noqa: E402

OUT = ROOT / "assets" / "screenshots"
TOUR = ROOT / "docs" / "tour.md"
COLOURS = 128  # of a picture: flat colours, which compress well
CELL = "generate?dataset=cifar100&guidance_scale=2&seed=7"
LAYERS = "generate?space=mobilenetv3&under=macs_m=300&seed=7"
COMPARED = "compare?vary=guidance_scale&values=0,2,8&samples=128&seed=7"


def save(page: Page, name: str) -> None:
    """Write what the page shows, with as many colours as it needs."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    write_aside(OUT / f"{name}.png", lambda aside: picture.save(aside, format="PNG", optimize=True))


def scrubber(page: Page) -> None:
    """A trajectory a few steps before its end."""
    found = page.get_by_role("slider", name=text.PLAYER["scrubber"]).first
    found.wait_for(timeout=60_000)
    page.wait_for_timeout(2500)
    found.focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")


def generated(page: Page) -> None:
    """A run, by its key: on a phone the button is folded away, elsewhere its tip would show."""
    page.get_by_role("button", name=text.GENERATE).first.wait_for(state="attached")
    page.keyboard.press("g")
    scrubber(page)


def compared(page: Page) -> None:
    """A comparison, by its key."""
    page.get_by_role("button", name=text.compare.BUTTON).first.wait_for()
    page.keyboard.press("g")
    scrubber(page)


def settled(page: Page) -> None:
    """A page that has drawn all it draws by itself."""
    page.get_by_role("heading").first.wait_for()
    page.wait_for_timeout(6000)


@dataclass(frozen=True)
class Shot:
    """A picture: of which address, how large, and what is done before."""

    name: str
    path: str
    width: int = 1440
    height: int = 1080
    scheme: str = "light"
    act: Callable[[Page], None] = generated


SHOTS = (
    Shot("generate", CELL),
    Shot("generate-dark", CELL, scheme="dark"),
    Shot("generate-phone", CELL, 390, 1600),
    Shot("mobilenetv3", LAYERS, height=1400),
    Shot("mobilenetv3-phone", LAYERS, 390, 1600, "dark"),
    Shot("overview", "", height=900, act=settled),
    Shot("learn", "learn?chapter=5", height=900, act=settled),
    Shot("explore", "explore", height=1300, act=settled),
    Shot("compare", COMPARED, height=1300, act=compared),
)


def tour(page: Page, url: str) -> Iterator[str]:
    """A first visit, step by step: after each, the name of the picture to take of it."""
    page.goto(url)
    run = page.get_by_role("button", name=text.overview.RUN)
    run.wait_for()
    yield "tour-1"
    run.click()
    page.get_by_text(text.TABLE, exact=True).wait_for(timeout=60_000)
    scrubber(page)
    yield "tour-2"
    table = page.locator(".st-key-table").get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 16, box["y"] + 88)  # the box of the second row
    page.get_by_text(text.PLAYER_TITLE.format(rank=2)).wait_for()
    yield "tour-3"
    home = page.get_by_role("button", name=text.exports.TAKE_HOME)
    home.scroll_into_view_if_needed()
    home.click()
    page.get_by_role("button", name="PyTorch module").wait_for()
    yield "tour-4"
    with page.expect_download() as started:
        page.get_by_role("button", name="PyTorch module").click()
    started.value.path()


def take_tour(browser: Browser, url: str) -> float:
    """Pictures of the tour; returns how many seconds it took besides taking them."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    began, taken = time.perf_counter(), 0.0
    for name in tour(page, url):
        paused = time.perf_counter()
        page.wait_for_timeout(800)
        save(page, name)
        taken += time.perf_counter() - paused
    seconds = time.perf_counter() - began - taken
    page.close()
    return seconds


def write_seconds(seconds: float) -> None:
    """Say in the tour how long it took."""
    words = f"It took {seconds:.0f} seconds here, from the first page to the saved file, with two CPU cores."
    marked = re.sub(
        r"(<!-- seconds:begin -->\n).*?(<!-- seconds:end -->)",
        lambda found: f"{found[1]}{words}\n{found[2]}",
        TOUR.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    write_aside(TOUR, lambda aside: aside.write_text(marked, encoding="utf-8"))


def main() -> None:
    """Take every picture."""
    OUT.mkdir(parents=True, exist_ok=True)
    with running_app() as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(**find_chromium())
        write_seconds(take_tour(browser, url))
        for shot in SHOTS:
            size = {"width": shot.width, "height": shot.height}
            page = browser.new_page(viewport=size, color_scheme=shot.scheme)
            page.goto(f"{url}/{shot.path}")
            shot.act(page)
            page.wait_for_timeout(800)
            save(page, shot.name)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
