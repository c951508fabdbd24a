"""Pictures for the README, taken from the running app: ``make screenshots``.

Starts the app on a free port, presses Generate in headless Chromium, and writes ``assets/screenshots/*.png``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from dnag.bench_browser import find_chromium, running_app  # noqa: E402

OUT = ROOT / "assets" / "screenshots"
CELL = "dataset=cifar100&guidance_scale=2&seed=7"
LAYERS = "space=mobilenetv3&under=macs_m=300&seed=7"
SHOTS = (
    ("generate", CELL, 1440, 1080, "light"),
    ("generate-dark", CELL, 1440, 1080, "dark"),
    ("generate-phone", CELL, 390, 1600, "light"),
    ("mobilenetv3", LAYERS, 1440, 1400, "light"),
    ("mobilenetv3-phone", LAYERS, 390, 1600, "dark"),
)


def main() -> None:
    """Take every picture."""
    OUT.mkdir(parents=True, exist_ok=True)
    with running_app() as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(**find_chromium())
        for name, query, width, height, scheme in SHOTS:
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(f"{url}/generate?{query}")
            page.get_by_role("button", name="Generate").first.wait_for()
            page.keyboard.press("g")  # not the button: on a phone it is folded away, elsewhere its tip would show
            scrubber = page.get_by_role("slider", name="Denoising step")
            scrubber.wait_for(timeout=60_000)
            page.wait_for_timeout(2500)
            scrubber.focus()
            for _ in range(6):
                page.keyboard.press("ArrowLeft")
            page.wait_for_timeout(800)
            page.screenshot(path=OUT / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
