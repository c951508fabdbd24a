"""The Learn page and the editor of architectures in a real Chromium: what only a browser shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from dnag.ui import text

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

CHARTS = {2: 1, 3: 1, 4: 1, 5: 3, 6: 2}  # chapter -> charts that Plotly draws


def open_chapter(page: Page, app_url: str, chapter: int) -> Page:
    page.goto(f"{app_url}/learn?chapter={chapter}")
    page.get_by_text(text.learn.UNANSWERED).nth(1).wait_for()
    for index in range(CHARTS.get(chapter, 0)):
        page.locator(".js-plotly-plot .main-svg").nth(2 * index).wait_for()
    return page


def metric(page: Page, label: str, value: str) -> Locator:
    """A figure of the strip that has this value."""
    return page.get_by_test_id("stMetric").filter(has_text=label).filter(has_text=value)


def slot(page: Page, label: str) -> Locator:
    return page.get_by_role("spinbutton", name=text.cell_editor.WORDS["slot"].format(slot=label))


def slide_to_end(page: Page, label: str) -> None:
    thumb = page.get_by_role("slider", name=label)
    thumb.focus()
    thumb.press("End")


@pytest.mark.parametrize("chapter", range(1, 7))
def test_a_chapter_fits_on_one_screen(new_page: Callable[..., Page], app_url: str, chapter: int) -> None:
    """That it fits a phone, and is accessible in both schemes, is seen by ``test_every_control.py``."""
    page = open_chapter(new_page(width=1440, height=900), app_url, chapter)
    # Style sheets may arrive after the words.
    page.wait_for_function("document.querySelector('.st-key-questions').getBoundingClientRect().bottom <= 900")


def test_an_edge_is_changed_by_keyboard_and_by_click_and_the_figures_follow(page: Page, app_url: str) -> None:
    open_chapter(page, app_url, 1)
    metric(page, text.learn_graph.MACS, "82.5 M").wait_for()
    edge = slot(page, "0→2")
    edge.focus()
    assert edge.get_attribute("aria-valuetext") == "skip"
    page.keyboard.press("ArrowDown")
    page.get_by_text("|nor_conv_3x3~0|+|nor_conv_1x1~0|").wait_for()
    assert edge.get_attribute("aria-valuetext") == "1×1 conv"
    assert edge.evaluate("element => element.getRootNode().activeElement === element")  # the keyboard stays there
    slot(page, "0→1").click()
    page.get_by_role("button", name="none", exact=True).click()
    page.get_by_text("|none~0|+|nor_conv_1x1~0|").wait_for()
    assert slot(page, "0→1").get_attribute("aria-valuetext") == "none"
    page.get_by_role("button", name=text.learn_graph.BEST).click()
    page.get_by_text("|none~0|+|nor_conv_1x1~0|").wait_for(state="detached")
    page.get_by_role("button", name=text.learn.NEXT).click()
    page.get_by_text(text.learn_noise.HEADING).wait_for()


def test_noise_and_score_follow_the_slider_and_the_link(page: Page, app_url: str) -> None:
    open_chapter(page, app_url, 2)
    slide_to_end(page, text.learn.LEVEL)
    metric(page, text.learn_noise.SIZE_VE, "901").wait_for()
    open_chapter(page, app_url, 3)
    slide_to_end(page, text.learn.LEVEL)
    metric(page, text.learn_score.SCORE_ERROR, "0.0").wait_for()
    page.wait_for_url("**level=30**")
    page.goto(f"{app_url}/learn?chapter=2&level=30")
    metric(page, text.learn_noise.SIZE_VE, "901").wait_for()


def test_sampling_plays_and_another_method_costs_otherwise(page: Page, app_url: str) -> None:
    open_chapter(page, app_url, 4)
    metric(page, text.learn_sampling.EVALUATIONS, "15").wait_for()
    page.get_by_role("slider", name=text.PLAYER["scrubber"]).wait_for()
    page.get_by_role("combobox", name=text.learn_sampling.METHOD).click()
    page.get_by_role("option", name=text.name("predictor_corrector")).click()
    metric(page, text.learn_sampling.EVALUATIONS, "16").wait_for()


def test_guidance_and_ranking_follow_their_controls(page: Page, app_url: str) -> None:
    open_chapter(page, app_url, 5)
    slide_to_end(page, text.learn_guidance.SCALE)
    metric(page, text.learn_guidance.MEAN_EXACT, "94.40 %").wait_for()
    page.get_by_role("radio", name=text.name("first_order")).click()
    metric(page, text.learn_guidance.MEAN, "93.").wait_for()
    open_chapter(page, app_url, 6)
    metric(page, text.learn_ranking.TOP, "0.46").wait_for()
    page.get_by_role("radio", name=text.learn_ranking.PREDICTORS["clean"]).click()
    metric(page, text.learn_ranking.TOP, "0.81").wait_for()


def test_an_answer_is_judged_at_once(page: Page, app_url: str) -> None:
    open_chapter(page, app_url, 2)
    page.get_by_text(text.learn_noise.DIFFERENCE["options"][1][0]).click()
    page.get_by_text(text.learn_noise.DIFFERENCE["options"][1][1]).wait_for()
    number = page.get_by_role("spinbutton", name=text.learn_noise.HALF["ask"])
    number.fill("0.3")
    number.press("Enter")
    page.get_by_text(text.learn_noise.HALF["wrong"]).wait_for()


def test_terms_are_explained_and_lead_to_the_glossary(
    page: Page, app_url: str, axe_violations: Callable[[Page], list[str]]
) -> None:
    open_chapter(page, app_url, 5)
    page.get_by_role("button", name=text.glossary.SYMBOLS).click()
    link = page.get_by_role("link", name=text.glossary.ALL)
    link.wait_for()
    assert link.get_attribute("href") == "glossary"
    page.goto(f"{app_url}/glossary#tilted")
    page.locator("#tilted").wait_for()
    assert axe_violations(page) == []
