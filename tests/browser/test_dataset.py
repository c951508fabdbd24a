"""The page "Your dataset" in a real Chromium: an upload becomes a result."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from dnag.datasets.extractors.base import extractors
from dnag.datasets.features import DEFAULT
from dnag.ui import text
from tests.browser.conftest import start_app, stop_app

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


def upload(page: Page) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": "colours.zip", "mimeType": "application/zip", "buffer": archive()}
    )
    page.get_by_text("3 classes, 24 images").wait_for()


@pytest.mark.skipif(missing is not None, reason=missing or "")
def test_upload_encode_generate(page: Page, app_url: str, axe_violations: Callable[[Page], list[str]]) -> None:
    page.goto(f"{app_url}/dataset?samples=24&steps=6")
    page.get_by_text(text.EMPTY_TITLE).wait_for()
    upload(page)
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


@pytest.mark.skipif(missing is not None, reason=missing or "")
def test_a_closed_tab_deletes_its_images_and_stops_its_training(
    new_page: Callable[..., Page], tmp_path: Path, axe_violations: Callable[[Page], list[str]]
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()

    def left() -> list[str]:
        return sorted(path.name.split("-")[0] for path in folder.glob("dnag-server-*/*") if path.is_dir())

    settings = {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "1", "TMPDIR": str(folder)}
    server = start_app(tmp_path / "server.log", env=settings)
    try:
        page = new_page()
        page.goto(f"{server.url}/dataset?samples=24&steps=6")
        page.get_by_text(text.EMPTY_TITLE).wait_for()
        upload(page)
        assert left() == ["images"]
        page.get_by_role("button", name=text.ENCODE, exact=True).click()
        page.get_by_text("Encoded: 3 classes").wait_for()
        page.get_by_role("button", name=f"{text.GENERATE} ").click()
        epochs = page.get_by_label(text.training.EPOCHS)
        epochs.fill("2000")
        epochs.press("Enter")
        page.get_by_text(text.training.PLAN.split(".")[0].format(trainings=3, epochs=2000)).wait_for()
        page.get_by_role("button", name=text.training.START).click()
        page.get_by_text("Epoch 1 of 6000").or_(page.get_by_text("to go")).wait_for(timeout=120_000)
        page.locator(".st-key-training .js-plotly-plot").nth(1).wait_for()
        assert axe_violations(page) == []
        assert left() == ["images", "trials"]
        page.context.close()
        deadline = time.monotonic() + 120
        while left() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert left() == []
    finally:
        stop_app(server)


def test_what_could_be_installed_is_accessible_on_a_phone(
    new_page: Callable[..., Page], app_url: str, axe_violations: Callable[[Page], list[str]]
) -> None:
    page = new_page(width=390, height=844)
    page.goto(f"{app_url}/dataset")
    page.get_by_role("radio", name="Known data set").click()
    page.get_by_text(text.dataset_map.MISSING, exact=True).click()
    page.get_by_text(text.dataset_map.MISSING_INTRO, exact=True).wait_for()
    assert axe_violations(page) == []
