"""Every control of every page is used once, in the state of the page that has the most of them.

Each page is visited at desktop and phone width, in light and dark. Which controls there are is found on the page
(``visitor.py``); afterwards the whole page, as the controls left it, is accessible and fits its screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest

from dnag.bench_browser import stand_still
from dnag.ui import text
from tests.browser.test_every_page import DESKTOP, LISTED, PHONE, beyond_the_screen, opened
from tests.browser.visitor import Visitor, prepared
from tests.ui.driving import archive

if TYPE_CHECKING:
    from playwright.sync_api import Page

CELL = "|nor_conv_1x1~0|+|skip_connect~0|none~1|+|avg_pool_3x3~0|nor_conv_3x3~1|skip_connect~2|"
SMALL = "samples=8&steps=4&device=cpu"

TEXTS = {
    r"\barch\b": CELL,
    "maximize": "accuracy, params_m=0.1",
    "minimize": "macs_m=0.01",
    "values-": "2, 4",
    "filter-text": "conv",
    "term": "noise",
}
"""What to type, by the key of the field."""

IMAGES = archive()
FILES: dict[str, bytes | str] = {"images-file": IMAGES, "gallery-upload": "export"}

LAST = (
    r"radio images-from",
    r"button (generate|compare|start-sweep)$",  # a run anew
    r"button (train|cancel-training|resume-training)",
    r"button import",
    r"button (save|delete)",  # of the gallery
)
"""Begins or ends something, or deletes: used when all else has been."""
AWAY = (
    r"radio space",
    r"select lang",
    r"button (open|run-now|generate-first|leave|chapter-forward)$",
    r"radio chapter",
    r"button values-",
)
"""Leads to another page, space or language: used at the very end, and what comes then is another case."""

REFUSED = {r"button values-": "fewer than two values are nothing to compare, and the page says so"}
"""Controls after which the page may say that something is wrong, and why."""

SKIPPED = {
    r"button.* Copied": "what a button to copy says for a while",
    r"^button \S+ \d+ \(Remove ": "a chosen value like the first",
    r"dial drawing (\d\d|[7-9])": "a layer like the first six",
    r"Navigate to home page": "leads away: a link of the navigation, which has a test of its own",
}
"""Never used here, and why."""


@dataclass(frozen=True)
class Case:
    """A page in a state, and who looks at it how."""

    page: str
    size: tuple[int, int]
    scheme: Literal["light", "dark"]
    query: str = ""
    prepare: Callable[[Page], None] = stand_still

    @property
    def id(self) -> str:
        return f"{self.page}{'?' * bool(self.query)}{self.query}-{self.size[0]}-{self.scheme}"


def run(page: Page) -> None:
    page.locator(".st-key-generate button:enabled").first.wait_for(state="attached")
    page.keyboard.press("g")
    result(page)


def result(page: Page) -> None:
    page.get_by_role("slider", name=text.PLAYER["scrubber"]).wait_for()
    page.get_by_text(text.COST).wait_for()
    stand_still(page)


def compare(page: Page) -> None:
    page.locator(".st-key-compare button:enabled").first.wait_for()
    page.keyboard.press("g")
    page.locator(".st-key-landed .main-svg").first.wait_for()
    stand_still(page)


def uploaded(page: Page) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": "made.zip", "mimeType": "application/zip", "buffer": IMAGES}
    )
    page.get_by_role("button", name=text.ENCODE, exact=True).click()
    page.get_by_text("Encoded: 3 classes").wait_for()
    run(page)


def mixed(page: Page) -> None:
    page.get_by_text(text.dataset_map.MIX_KIND, exact=True).click()
    page.get_by_role("button", name=text.dataset_map.MIX_DRAW.format(count=20)).click()
    page.locator(".st-key-class-map .point").first.wait_for(state="attached")
    run(page)


def two_runs(page: Page) -> None:
    """Two runs in the gallery, one of them selected."""
    address = page.url
    page.goto(address.replace("gallery", f"generate?{SMALL}"))
    run(page)
    page.locator(".st-key-generate button").first.wait_for(state="attached")
    if page.locator("[data-testid=stExpandSidebarButton]").is_visible():
        page.locator("[data-testid=stExpandSidebarButton]").click()
    page.locator(".st-key-seed input").fill("5")
    page.locator(".st-key-seed input").press("Enter")
    page.wait_for_function("location.search.includes('seed=5')")
    first = page.evaluate("new URLSearchParams(location.search).get('job')")
    page.keyboard.press("Escape")
    page.locator(".st-key-generate button").last.focus()
    page.get_by_role("button", name=f"{text.GENERATE} ").click()
    page.wait_for_function("first => new URLSearchParams(location.search).get('job') !== first", arg=first)
    stand_still(page)
    page.get_by_role("link", name=text.GALLERY).click()
    page.get_by_text(text.gallery.TABLE_HINT).wait_for()
    stand_still(page)


CASES = [
    Case("overview", DESKTOP, "dark"),
    Case("overview", PHONE, "light"),
    Case("generate", DESKTOP, "light", SMALL, run),
    Case("generate", PHONE, "dark", f"{SMALL}&space=mobilenetv3&under=macs_m=300", run),
    Case("compare", DESKTOP, "dark", f"{SMALL}&vary=guidance_scale&values=0,2", compare),
    Case("compare", PHONE, "light", f"{SMALL}&space=mobilenetv3&vary=guidance_scale&values=0,20", compare),
    Case("explore", DESKTOP, "light"),
    Case("explore", PHONE, "dark", "space=mobilenetv3"),
    *(
        Case("learn", (DESKTOP, PHONE)[chapter % 2], ("light", "dark")[chapter // 2 % 2], f"chapter={chapter}")
        for chapter in range(1, 7)
    ),
    Case("dataset", DESKTOP, "dark", SMALL, uploaded),
    Case("dataset", PHONE, "light", SMALL, mixed),
    Case("gallery", DESKTOP, "light", prepare=two_runs),
    Case("gallery", PHONE, "dark", prepare=two_runs),
    Case("glossary", DESKTOP, "dark"),
    Case("glossary", PHONE, "light"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_control_of_a_page_does_something(
    new_page: Callable[..., Page], app_url: str, axe_violations: Callable[..., list[str]], case: Case
) -> None:
    width, height = case.size
    page = prepared(new_page(width, height, color_scheme=case.scheme, reduced_motion="reduce"))
    opened(page, app_url, case.page, f"?{case.query}" if case.query else "")
    case.prepare(page)
    visitor = Visitor(page, TEXTS, FILES, LAST, AWAY, SKIPPED, REFUSED, lambda selector: axe_violations(page, selector))
    visitor.use_all()
    visitor.trouble += page.evaluate("pages => visitor.links(pages)", ["", *LISTED])
    visitor.trouble += axe_violations(page) + beyond_the_screen(page)
    visitor.use_last()
    assert visitor.used
    assert not visitor.trouble, "\n".join(visitor.trouble)
