"""The Learn page and the glossary under AppTest: controls and what follows from them, questions, links."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dnag.bundle import ModelStore
from dnag.ui import chapters, glossary, lesson, loaders, text
from tests.ui.driving import ROOT, open_page

PAGE = ROOT / "pages" / "learn.py"
NUMBERS = list(chapters.chapters())


def open_chapter(number: int) -> AppTest:
    at = open_page(PAGE, chapter=str(number))
    assert not at.exception and not at.error
    return at


def figure(at: AppTest, label: str) -> str:
    return next(metric.value for metric in at.metric if metric.label == label)


def number(at: AppTest, label: str) -> float:
    return float(figure(at, label).split()[0].rstrip("%"))


def verdicts(at: AppTest) -> list[bool]:
    """Of the questions answered so far."""
    judged = [item.value for item in at.markdown if item.value.startswith((text.learn.RIGHT, text.learn.WRONG))]
    return [words.startswith(text.learn.RIGHT) for words in judged]


def tables(at: AppTest) -> list[str]:
    return [str(item.proto.body) for item in at.get("html") if "dnag-matrix" in str(item.proto.body)]


def test_there_are_six_chapters_in_order() -> None:
    assert NUMBERS == [1, 2, 3, 4, 5, 6]
    assert [module.title() for module in chapters.chapters().values()] == [
        "Graph", "Noise", "Score", "Sampling", "Guidance", "Ranking",
    ]  # fmt: skip


@pytest.mark.parametrize("chapter", NUMBERS)
def test_every_chapter_opens_from_its_link_with_two_questions(chapter: int) -> None:
    at = open_chapter(chapter)
    assert at.session_state[chapters.KEY] == chapter
    assert [caption.value for caption in at.caption].count(text.learn.UNANSWERED) == 2
    assert len(at.metric) >= 3
    assert not verdicts(at)


@pytest.mark.parametrize("asked", ["0", "7", "two"])
def test_a_link_to_no_chapter_says_so_and_opens_the_first(asked: str) -> None:
    at = open_page(PAGE, chapter=asked)
    assert at.info[0].value == f"chapter is '{asked}'; allowed: a chapter from 1 to 6"
    assert at.session_state[chapters.KEY] == 1


def test_back_and_next_lead_through_the_chapters_and_the_link_follows() -> None:
    at = open_chapter(1)
    assert at.button(key="chapter-back").disabled
    for chapter in NUMBERS[1:]:
        at.button(key="chapter-forward").click().run()
        assert not at.exception
        assert at.query_params["chapter"] in (str(chapter), [str(chapter)])
    assert at.button(key="chapter-forward").disabled
    at.button(key="chapter-back").click().run()
    assert at.session_state[chapters.KEY] == NUMBERS[-2]


def test_missing_models_are_an_error_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaders, "store", lambda: ModelStore(tmp_path))
    at = open_page(PAGE)
    assert "nasbench201-score" in at.error[0].value
    assert not at.exception


# --- controls ---------------------------------------------------------------------------------------------------------


def test_changing_the_cell_changes_matrix_text_cost_and_accuracy() -> None:
    at = open_chapter(1)
    before = figure(at, text.learn_graph.MACS), at.code[0].value, tables(at)
    at.session_state[f"_{lesson.CELL}"] = (lesson.SPACE, lesson.START, (0, 5, 5, 5, 5, 5, 5, 1))
    at.run()
    assert number(at, text.learn_graph.MACS) == pytest.approx(220.1, abs=0.05)
    assert (
        at.code[0].value
        == "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    )
    assert (figure(at, text.learn_graph.MACS), at.code[0].value, tables(at)) != before
    at.button(key="best-cell").click().run()
    assert number(at, text.learn_graph.ACCURACY.format(dataset="CIFAR-10")) > 94
    best = at.code[0].value
    at.button(key="random-cell").click().run()
    assert at.code[0].value != best


def test_later_chapters_go_on_with_the_cell_of_the_first() -> None:
    at = open_chapter(3)
    before = tables(at)
    at.session_state[f"_{lesson.CELL}"] = (lesson.SPACE, lesson.START, (0, 2, 2, 2, 2, 2, 2, 1))
    assert tables(at.run()) != before


def test_noise_dissolves_the_matrix() -> None:
    at = open_chapter(2)
    words = text.learn_noise
    at.select_slider(key="level").set_value(0.1).run()
    assert figure(at, words.READABLE) == "6 / 6"
    assert number(at, words.SIZE_VE) == pytest.approx(1.01)
    little = tables(at)
    at.select_slider(key="level").set_value(10.0).run()
    assert int(figure(at, words.READABLE)[0]) < 6
    assert number(at, words.SIZE_VE) == pytest.approx(101)
    assert number(at, words.SIZE_VP) == pytest.approx(1)
    assert tables(at) != little
    much = tables(at)
    at.number_input(key="learn-seed").set_value(1).run()
    assert tables(at) != much


def test_learned_and_exact_denoiser_agree_best_without_noise() -> None:
    at = open_chapter(3)
    at.select_slider(key="level").set_value(0.1).run()
    near = number(at, text.learn_score.DISTANCE)
    at.select_slider(key="level").set_value(1.0).run()
    assert near < number(at, text.learn_score.DISTANCE) < 10


def test_samplers_differ_in_what_they_cost_and_give() -> None:
    at = open_chapter(4)
    words = text.learn_sampling
    assert (figure(at, words.VALID), figure(at, words.EVALUATIONS)) == ("100%", "15")
    at.select_slider(key="steps-learn").set_value(4).run()
    at.selectbox(key="method").set_value("euler_maruyama").run()
    assert (number(at, words.VALID) < 50, figure(at, words.EVALUATIONS)) == (True, "4")
    at.selectbox(key="method").set_value("predictor_corrector").run()
    assert figure(at, words.EVALUATIONS) == "8"


def test_guidance_raises_the_mean_and_lowers_diversity() -> None:
    at = open_chapter(5)
    words = text.learn_guidance
    found = {}
    for scale in (0.0, 2.0, 12.0):
        at.slider(key="gamma").set_value(scale).run()
        assert not at.exception
        found[scale] = [
            number(at, label) for label in (words.MEAN, words.MEAN_EXACT, words.DISTINCT, words.DISTINCT_EXACT)
        ]
    for column, rising in enumerate((True, True, False, False)):
        values = [row[column] for row in found.values()]
        assert values == sorted(values, reverse=not rising)
    assert found[2.0][0] == pytest.approx(found[2.0][1], abs=0.6)
    calibrated = found[12.0][0]
    at.segmented_control(key="form").set_value("first_order").run()
    assert number(at, words.MEAN) < calibrated


def test_only_the_noise_aware_predictor_bears_noise() -> None:
    at = open_chapter(6)
    words = text.learn_ranking
    at.select_slider(key="noise").set_value(3.0).run()
    aware, top = number(at, words.ERROR), number(at, words.TOP)
    at.segmented_control(key="predictor-kind").set_value("clean").run()
    assert number(at, words.ERROR) > 3 * aware
    assert number(at, words.TOP) > top


# --- questions --------------------------------------------------------------------------------------------------------

ANSWERS: dict[int, list[tuple[Any, Any]]] = {  # (right, wrong) of each question
    1: [(24.0, 30.0), (220.1, 150.0)],
    2: [(1.7, 0.5), (1, 0)],
    3: [(20.0, 50.0), (1, 0)],
    4: [(5.0, 9.0), (0, 2)],
    5: [(5.0, 2.0), (2, 0)],
    6: [(5.3, 0.5), (2, 1)],
}


def answer(at: AppTest, index: int, value: Any) -> None:
    inputs: list[Any] = [*at.number_input, *at.radio]
    asked = next(item for item in inputs if item.key.startswith("answer-") and item.key.endswith(f"-{index}"))
    asked.set_value(value).run()
    assert not at.exception


@pytest.mark.parametrize("chapter", NUMBERS)
def test_answers_are_judged_at_once_with_a_reason(chapter: int) -> None:
    at = open_chapter(chapter)
    for position, (right, wrong) in enumerate(ANSWERS[chapter]):
        answer(at, position, wrong)
        assert verdicts(at) == [True] * position + [False]
        answer(at, position, right)
        assert verdicts(at) == [True] * (position + 1)
    reasons = [item.value for item in at.markdown if item.value.startswith(text.learn.RIGHT)]
    assert all(len(words) > len(text.learn.RIGHT) + 20 and "{" not in words for words in reasons)


# --- glossary ---------------------------------------------------------------------------------------------------------


def test_every_term_has_a_meaning_and_a_known_source() -> None:
    for key, term in glossary.terms().items():
        assert term.term and term.meaning.endswith("."), key
        assert term.source in {"", *glossary.sources()}, key
        assert term.meaning in glossary.entry(term)
    assert all(source.address.startswith("https://") for source in glossary.sources().values())
    assert "](https://arxiv.org/abs/2305.16943)" in glossary.cite("paper")


def test_a_term_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="flux"):
        glossary.meaning("flux")


def test_the_glossary_shows_all_terms_and_finds_some() -> None:
    at = open_page(ROOT / "pages" / "glossary.py")
    assert not at.exception
    assert len(at.subheader) == len(glossary.terms()) + 1
    at.text_input(key="term").set_value("langevin").run()
    shown = [item.value for item in at.subheader]
    assert any("Predictor–corrector" in words for words in shown) and len(shown) < 5
    at.text_input(key="term").set_value("nothing like it").run()
    assert at.info[0].value == "No term contains 'nothing like it'."
