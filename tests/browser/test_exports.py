"""Files taken home: downloaded from the page, and the player on a page of its own, without a server."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from dnag.exports import Subject, exporters
from dnag.player import WORDS
from dnag.spaces.base import spaces
from dnag.ui import text
from tests.browser.test_generate import button, open_page, run
from tests.exports.conftest import FRAMES, trajectory_of

if TYPE_CHECKING:
    from playwright.sync_api import Page


def written(folder: Path, name: str) -> tuple[str, Subject]:
    """The address of an exported page, and what it shows."""
    space = spaces[name]()
    arch = space.sample(1, torch.Generator().manual_seed(3))[0]
    subject = Subject(space, arch, trajectory=trajectory_of(space, arch))
    path = folder / f"{name}.html"
    path.write_bytes(exporters["html"]().export(subject))
    return path.as_uri(), subject


@pytest.mark.parametrize("name", list(spaces))
def test_the_exported_page_plays_offline(
    new_page: Callable[..., Page], axe_violations: Callable[[Page], list[str]], tmp_path: Path, name: str
) -> None:
    address, subject = written(tmp_path, name)
    page = new_page(offline=True)
    page.goto(address)
    page.get_by_role("heading", name=subject.space.label, exact=True).wait_for()
    page.get_by_text(subject.text, exact=True).wait_for()
    button(page, WORDS["play"]).wait_for()  # it plays once by itself
    scrubber = page.get_by_role("slider", name=WORDS["scrubber"])
    assert scrubber.get_attribute("max") == scrubber.input_value() == str(FRAMES - 1)
    scrubber.focus()
    page.keyboard.press("Home")
    page.locator(".status").filter(has_text=f"step 0 of {FRAMES - 1}").wait_for()
    button(page, WORDS["play"]).click()
    page.locator(".status").filter(has_text=f"step {FRAMES - 1} of {FRAMES - 1}").wait_for()
    assert page.locator("b").filter(has_text="Denoising").count() == 0  # the title is text, not markup
    assert axe_violations(page) == []


def test_the_exported_page_follows_the_theme_and_fits_a_phone(new_page: Callable[..., Page], tmp_path: Path) -> None:
    address, _ = written(tmp_path, "mobilenetv3")
    page = new_page(width=390, height=844, color_scheme="dark")
    page.goto(address)
    button(page, WORDS["play"]).wait_for()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 18, 24)"
    section = page.locator("section.dnag-player")
    assert section.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(15, 18, 24)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(color_scheme="light")
    page.wait_for_function("getComputedStyle(document.body).backgroundColor === 'rgb(255, 255, 255)'")


def test_a_candidate_is_taken_home(page: Page, app_url: str, axe_violations: Callable[[Page], list[str]]) -> None:
    open_page(page, app_url)
    run(page)
    page.get_by_role("button", name=text.exports.TAKE_HOME).click()
    page.get_by_text(text.exports.TAKE_HOME_HELP.format(rank=1)).wait_for()
    assert axe_violations(page) == []
    with page.expect_download() as download:
        button(page, exporters["json"].label).click()
    data = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert data["rank"] == 1 and download.value.suggested_filename == "nasbench201_cifar10_rank1.json"
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(text.exports.ALL)).click()
    with zipfile.ZipFile(download.value.path()) as packed:
        suffixes = {Path(name).suffix for name in packed.namelist()}
        assert {".py", ".svg", ".png", ".gif", ".html", ".bib"} <= suffixes
