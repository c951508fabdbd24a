"""The page "Your dataset" in a real Chromium: an upload becomes a result."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from dnag.datasets.extractors.base import extractors
from dnag.datasets.features import DEFAULT
from dnag.ui import text

if TYPE_CHECKING:
    from playwright.sync_api import Page

missing = extractors[DEFAULT].missing()


def archive() -> bytes:
    """Three classes of eight pictures, each class of a colour of its own."""
    generator, file = np.random.default_rng(0), io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for label, name in enumerate(("apple", "leaf", "sky")):
            for index in range(8):
                pixels = generator.integers(0, 120, (32, 32, 3), np.uint8)
                pixels[..., label] += 120
                picture = io.BytesIO()
                Image.fromarray(pixels).save(picture, "PNG")
                packed.writestr(f"{name}/{index}.png", picture.getvalue())
    return file.getvalue()


@pytest.mark.skipif(missing is not None, reason=missing or "")
def test_upload_encode_generate(page: Page, app_url: str, axe_violations: Callable[[Page], list[str]]) -> None:
    page.goto(f"{app_url}/dataset?samples=24&steps=6")
    page.get_by_text(text.EMPTY_TITLE).wait_for()
    page.locator("input[type=file]").set_input_files(
        {"name": "colours.zip", "mimeType": "application/zip", "buffer": archive()}
    )
    page.get_by_text("3 classes, 24 images").wait_for()
    pictures = page.locator(".dnag-classes img")
    pictures.nth(2).wait_for()  # they come after the words
    assert pictures.count() == 3
    assert pictures.first.evaluate("image => image.decode().then(() => image.naturalWidth)") == 128
    page.get_by_role("button", name=text.ENCODE, exact=True).click()
    page.get_by_text("Encoded: 3 classes").wait_for()
    page.locator(".st-key-class-map .textpoint").nth(2).wait_for(state="attached")
    assert axe_violations(page) == []
    page.get_by_role("button", name=f"{text.GENERATE} ").click()
    page.get_by_role("slider", name=text.PLAYER["scrubber"]).wait_for()
    page.get_by_text(text.COST).wait_for()
    assert axe_violations(page) == []


def test_a_mix_of_classes_on_the_map(page: Page, app_url: str, axe_violations: Callable[[Page], list[str]]) -> None:
    page.goto(f"{app_url}/dataset?samples=24&steps=6")
    page.get_by_text(text.dataset_map.MIX_KIND, exact=True).click()
    page.get_by_role("button", name=text.dataset_map.MIX_DRAW.format(count=20)).click()
    page.locator(".st-key-class-map .point").first.wait_for(state="attached")
    page.get_by_text(text.dataset_map.DATASETS, exact=True).wait_for()
    assert page.locator(".st-key-class-map .textpoint").count() == 20
    assert axe_violations(page) == []
    page.get_by_role("button", name=f"{text.GENERATE} ").click()
    page.get_by_role("slider", name=text.PLAYER["scrubber"]).wait_for()
