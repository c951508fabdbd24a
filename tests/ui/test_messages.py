"""Messages of the core in the interface's other languages: all that can reach a page, and no others."""

from __future__ import annotations

import ast
import importlib
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnag.cards import read_cards
from dnag.knobs import knobs
from dnag.runs import RunSettings
from dnag.trials.recipe import Recipe
from dnag.ui import text
from dnag.ui.text.phrasebook import Phrasebook, Template

ROOT = Path(__file__).resolve().parents[2] / "dnag"
OTHERS = [language for language in text.LANGUAGES if language != "en"]

#: Modules whose messages a page can show: what runs, comparisons, uploads, links, kept runs and trainings go through.
#: Not those of commands (training and fetching models, importing official files, the API), which people read elsewhere.
SOURCES = (
    *("archives.py", "bundle.py", "checkpoint.py", "comparison.py", "costs.py", "databases.py", "knobs.py"),
    *("run_archive.py", "run_store.py", "runs.py", "transfer.py", "exports/*.py", "spaces/*.py", "ui/*.py"),
    *(f"benchmarks/{name}.py" for name in ("analog", "base", "csv_table", "nats", "ofa_measured")),
    *(f"datasets/{name}.py" for name in ("base", "builtin", "class_map", "features", "images", "layouts")),
    "datasets/extractors/*.py",
    *(f"trials/{name}.py" for name in ("data", "recipe", "runner", "train")),
)
#: Calls that make a message, beside exceptions; functions that return one; and variables that hold a part of one.
MAKERS = {"error", "_check", "_index", "_of", "_ratio", "_slot_error", "lost"}
TELLERS = {"_files", "_images", "_listed", "few", "how_to_add", "missing", "problem", "what_is_missing"}
PARTS = {"allowed", "found", "grows", "how", "kind", "official", "others", "span", "wanted", "what", "where"}
PARTS |= {"lost", "replaced", "warnings"}
NAMES = re.compile(r"[a-z]+\d*(, [a-z]+\d*)*")

COMMAND = re.compile(r"(python -m dnag|pip install) [\w \[\]'-]+")
ENGLISH = re.compile(r"(?<![\w'=.-])[a-z]{2,} [a-z]{2,}(?![\w'=.-])")


def said(node: ast.AST) -> str | None:
    """The text that an expression makes, with 7 for what is filled in; None if it makes none of its own."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [said(node.left), said(node.right)]
        return None if parts == [None, None] else "".join("7" if part is None else part for part in parts)
    return None


def texts(node: ast.AST) -> Iterator[str]:
    """The texts in an expression, each as a whole."""
    found = said(node)
    if found is not None:
        yield found
        return
    for child in ast.iter_child_nodes(node):
        yield from texts(child)


def messages(tree: ast.Module) -> Iterator[str]:
    """What a module tells people, and what it puts together for that."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name.endswith("Error") or name in MAKERS:
                for argument in node.args:
                    yield from texts(argument)
        elif isinstance(node, ast.FunctionDef) and node.name in TELLERS:
            for part in ast.walk(node):
                if isinstance(part, ast.Return) and part.value is not None:
                    yield from texts(part.value)
        elif isinstance(node, ast.Assign) and any(getattr(target, "id", "") in PARTS for target in node.targets):
            yield from texts(node.value)


FOUND = sorted(
    {
        message
        for pattern in SOURCES
        for path in sorted(ROOT.glob(pattern))
        for message in messages(ast.parse(path.read_text(encoding="utf-8")))
        if re.search("[a-z]{3}", message) and " " in message and not NAMES.fullmatch(message)
    }
)


class Recorder(Phrasebook):
    """Remembers what it was asked for."""

    def __init__(self, language: str) -> None:
        package = f"dnag.ui.text.{text.PACKAGES[language]}"
        self.messages: dict[str, str] = importlib.import_module(f"{package}.messages").MESSAGES
        self.cards: dict[str, str] = importlib.import_module(f"{package}.cards").CARDS
        super().__init__(importlib.import_module(f"{package}.core").PHRASES | self.messages | self.cards)
        self.used: set[str] = set()

    def template(self, message: str) -> Template | None:
        found = super().template(message)
        self.used |= {found.phrase} if found is not None else set()
        return found


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_that_can_reach_a_page_is_translated_and_no_other(language: str) -> None:
    book = Recorder(language)
    made = {message: book.translate(message) for message in FOUND}
    assert len(made) > 200
    assert [message for message, shown in made.items() if shown == message] == []
    left = {message: found for message, shown in made.items() if (found := ENGLISH.findall(COMMAND.sub("", shown)))}
    assert left == {}
    assert set(book.messages) - book.used == set()


def carded() -> set[str]:
    """What the cards of the installed models say on the first page."""
    cards = [card for card in read_cards() if card.kind in text.overview.CARD_KINDS and not card.name.endswith("-half")]
    figures = [figure for card in cards for figure in card.figures]
    said = {card.summary for card in cards} | {part for figure in figures for part in (figure.name, figure.aim)}
    return {part for part in said | {figure.value for figure in figures} if re.search("[a-z]{3}", part)}


@pytest.mark.parametrize("language", OTHERS)
def test_what_cards_say_is_translated(language: str) -> None:
    book = Recorder(language)
    made = {part: book.translate(part) for part in carded()}
    assert len(made) > 100
    assert [part for part, shown in made.items() if shown == part] == []
    assert {part: found for part, shown in made.items() if (found := ENGLISH.findall(shown))} == {}
    assert set(book.cards) - book.used == set()


def fields(template: str) -> set[str]:
    return {name for _, name, *_ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_in_a_message_arrives_in_its_translation(language: str) -> None:
    book = Recorder(language)
    for template, translation in (book.messages | book.cards).items():
        assert fields(translation) == fields(template)
        values = {name: str(10 + number) for number, name in enumerate(sorted(fields(template)))}
        assert book.translate(template.format(**values)) == translation.format(**values)


@pytest.mark.parametrize("language", OTHERS)
def test_settings_have_a_name_in_messages(language: str) -> None:
    book = Recorder(language)
    names = [*knobs(RunSettings), *knobs(Recipe)]
    assert [name for name in names if book.template(name) is None] == []


def test_a_message_inside_a_message_is_translated_too() -> None:
    book = Phrasebook(
        {
            "{setting} is {value}; allowed: {allowed}": "{setting}: {value}; 허용: {allowed}",
            "{count} or more": "{count} 이상",
            "batch size": "배치 크기",
            "{file}: {error}": "{file}: {error}",
        }
    )
    shown = book.translate("runs.zip: batch_size is 0; allowed: 1 or more")
    assert shown == "runs.zip: 배치 크기: 0; 허용: 1 이상"
    assert book.translate("something else") == "something else"
    assert book.translate("{count} or more") == "{count} or more"


def test_the_template_with_the_most_words_of_its_own_is_taken() -> None:
    book = Phrasebook({"{name} has {what}": "A {name} {what}", "{name} has {count} classes": "B {name} {count}"})
    assert book.translate("pets has 37 classes") == "B pets 37"
    assert book.translate("pets has many classes") == "A pets many classes"


def test_messages_inside_each_other_without_end_are_given_up() -> None:
    book = Phrasebook({"no {error}": "아님 {error}"})
    assert book.translate("no " * 50 + "end").startswith("아님 아님 ")


def test_english_is_what_the_core_says(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ValueError("batch size is 0; allowed: a whole number from 1 to 8,192")
    assert text.said(error) == str(error)
    monkeypatch.setattr(text, "language", lambda: "ko")
    assert text.said(error) == "배치 크기: 0; 허용: 1~8,192 범위의 정수"
    assert text.said("no such words") == "no such words"
