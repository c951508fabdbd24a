"""Every control of every page is used once, in the state of the page that has the most of them.

Each page is visited at desktop and phone width, in light and dark. Which controls there are is found on the page
(``visitor.py``); afterwards the whole page, as the controls left it, is accessible and fits its screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

import pytest

from dnag.bench_browser import stand_still
from dnag.ui import text
from tests.browser.test_every_page import DESKTOP, LISTED, PHONE, beyond_the_screen, opened
from tests.browser.visitor import COLLAPSE, EXPAND, Visitor, prepared
from tests.ui.driving import archive

if TYPE_CHECKING:
    from playwright.sync_api import Page

CELL = "|nor_conv_1x1~0|+|skip_connect~0|none~1|+|avg_pool_3x3~0|nor_conv_3x3~1|skip_connect~2|"
SMALL = "samples=8&steps=4&device=cpu"

NETWORK = "_".join(["4-7-6"] * 20)

TEXTS = {
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
    r"button train$",
    r"button cancel-training$",
    r"button (generate|compare|start-sweep)$",  # a run anew
    r"radio images-from",
    r"button import",
)
"""Begins or ends something: used when all else has been."""
AWAY = (
    r"radio space",
    r"select lang",
    r"button (run-now|generate-first|leave|chapter-forward|chapter-back)$",
    r"radio chapter",
    r"button values-",
)
"""Leads to another page, space or language: used at the very end, and what comes then is another case."""

REFUSED = {r"button values-": "fewer than two values are nothing to compare, and the page says so"}
"""Controls after which the page may say that something is wrong, and why."""

SKIPPED = {
    r"button.* Copied": "what a button to copy says for a while",
    r"^button \S+ \d+ \(Remove ": "a chosen value like the first",
    r"dial drawing \d": "a slot like the first; chapter 1 of Learn uses all",
    r"button drawing": "an operation for a slot; chapter 1 of Learn uses all",
    r"button crumb-[^1]": "a step of the way like the first",
    r"train-candidates.*\((Clear all|Remove)": "without candidates nothing can be trained",
    r"chart .*each epoch": "has nothing to point at, as the training is cancelled at once",
    r"table  Predicted beside trained accuracy": "is empty, as the training is cancelled at once",
    r"button open": "needs one selected run, which an import ends: test_gallery.py",
    r" player-[B-D]": "a player like that of column A",
    r"> button delete": "takes away what the rest is shown on: test_gallery.py",
    r"Navigate to home page": "leads away: a link of the navigation, which has a test of its own",
}
"""Never used here, and why."""

FORM = (
    "dataset|guidance_scale|budget|samples|steps|sampler|seed|guidance|sde|exact_values|maximize|minimize|device|"
    "batch_size"
)
ONLY_ON = {
    rf"^\w+ ({FORM})\b": ("generate",),
    r"^(select lang|button  (Collapse|Expand) sidebar)": ("glossary",),
    r"^expander  More settings": ("generate",),
    r"^\w+ (take-away|take-home|download-csv|download-json|strip|player|cost-axis|table|filter-\w+)\b": ("generate",),
    r"^table  Table of candidates": ("generate",),
    r"> tool |^(tool|download)  (Clear|Show/hide|Search|Fullscreen|Download as CSV)": ("generate",),  # Streamlit's own
    r"^chart  (Histogram of predicted|Scatter of predicted)": ("generate",),
    r"^(popover symbols|button chapter-forward)": ("learn 1",),
    r"^button chapter-back": ("learn 2",),
    r"^radio chapter": ("learn 3",),
}
"""Controls that several pages share, and where they are used."""


@dataclass(frozen=True)
class Look:
    """A page in a state: what is in its address, what is done before its controls are used, and what is typed."""

    query: str = ""
    prepare: Callable[[Page], None] = stand_still
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A page, first at desktop width in one scheme, then at phone width in the other."""

    name: str
    desktop: Look
    phone: Look
    scheme: Literal["light", "dark"]

    @property
    def page(self) -> str:
        return self.name.split()[0]


def run(page: Page) -> None:
    page.locator(".st-key-generate button:enabled").first.wait_for(state="attached")
    page.keyboard.press("g")
    result(page)


def result(page: Page) -> None:
    page.get_by_role("slider", name=text.PLAYER["scrubber"]).wait_for()
    page.get_by_text(text.COST).wait_for()
    stand_still(page)


def compare(page: Page) -> None:
    page.locator(".st-key-compare button:enabled").first.wait_for(state="attached")
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


def one_run(page: Page) -> None:
    """A run in the gallery."""
    page.goto(page.url.replace("gallery", f"generate?{SMALL}"))
    run(page)
    to_gallery(page)


def two_runs(page: Page) -> None:
    """Two runs in the gallery."""
    page.goto(page.url.replace("gallery", f"generate?{SMALL}"))
    run(page)
    first = page.evaluate("new URLSearchParams(location.search).get('job')")
    page.locator(".st-key-seed input").fill("5")
    page.locator(".st-key-seed input").press("Enter")
    page.wait_for_function("location.search.includes('seed=5')")
    page.locator(".st-key-generate button:enabled").first.click()
    page.wait_for_function("first => new URLSearchParams(location.search).get('job') !== first", arg=first)
    result(page)
    to_gallery(page)


def to_gallery(page: Page) -> None:
    folded = page.locator(EXPAND).is_visible()
    if folded:
        page.locator(EXPAND).click()
    page.get_by_role("link", name=text.GALLERY).click()
    if folded:  # by itself on a phone, where Streamlit reads the browser's name; not in a narrow window
        page.locator(COLLAPSE).click()
    page.get_by_text(text.gallery.TABLE_HINT).wait_for()
    stand_still(page)


MOBILE = f"{SMALL}&space=mobilenetv3"
CASES = [
    Case("overview", Look(), Look(), "dark"),
    Case("generate", Look(SMALL, run), Look(f"{MOBILE}&under=macs_m=300", run), "light"),
    Case(
        "compare",
        Look(f"{SMALL}&vary=guidance_scale&values=0,2", compare),
        Look(f"{MOBILE}&vary=guidance_scale&values=0,20", compare),
        "dark",
    ),
    Case("dataset", Look(SMALL, uploaded), Look(SMALL, mixed), "dark"),
    Case("gallery", Look(prepare=two_runs), Look(prepare=one_run), "light"),
    Case("explore", Look(texts={r"\barch\b": CELL}), Look("space=mobilenetv3", texts={r"\barch\b": NETWORK}), "light"),
    *(
        Case(f"learn {chapter}", Look(f"chapter={chapter}"), Look(f"chapter={chapter}"), ("light", "dark")[chapter % 2])
        for chapter in range(1, 7)
    ),
    Case("glossary", Look(), Look(), "dark"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_control_of_a_page_does_something(
    new_page: Callable[..., Page], app_url: str, axe_violations: Callable[..., list[str]], case: Case
) -> None:
    """At desktop width every control; at phone width those that are new there, and again one of each kind."""
    page = prepared(new_page(*DESKTOP, reduced_motion="reduce"))
    elsewhere = [pattern for pattern, names in ONLY_ON.items() if case.name not in names]
    visitor = Visitor(page, {}, FILES, LAST, AWAY, [*SKIPPED, *elsewhere], REFUSED, partial(axe_violations, page))
    other: Literal["light", "dark"] = "dark" if case.scheme == "light" else "light"
    for size, scheme, look in ((DESKTOP, case.scheme, case.desktop), (PHONE, other, case.phone)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme)
        opened(page, app_url, case.page, f"?{look.query}" if look.query else "")
        look.prepare(page)
        visitor.texts = TEXTS | look.texts
        visitor.use_all()
        visitor.trouble += page.evaluate("pages => visitor.links(pages)", ["", *LISTED])
        visitor.trouble += axe_violations(page) + beyond_the_screen(page)
        visitor.use_last()
        assert not visitor.trouble, "\n".join([f"{size[0]} px, {scheme}:", *visitor.trouble])
        visitor.look_again()
    assert visitor.before
