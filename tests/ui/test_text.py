"""The words of the app: every one that is used is there, and the languages agree."""

from __future__ import annotations

import ast
import importlib
import re
import string
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from dnag.exports import exporters
from dnag.knobs import knobs
from dnag.runs import RunSettings
from dnag.trials.recipe import PRESETS, Recipe
from dnag.ui import text

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = ROOT / "dnag/ui/text/english"
FILES = sorted(path.stem for path in ENGLISH.glob("*.py"))
UI = [path for path in (ROOT / "dnag/ui").rglob("*.py") if ENGLISH.parent not in path.parents]
FORMULA = re.compile(r"\$[^$]+\$|`[^`]+`")
SOURCES = sorted([ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *UI])


def catalogue(language: str, file: str) -> ModuleType:
    tail = "" if file == "__init__" else f".{file}"
    return importlib.import_module(f"dnag.ui.text.{text.PACKAGES[language]}{tail}")


def words(module: ModuleType) -> dict[str, object]:
    return {name: value for name, value in vars(module).items() if name.isupper() and name[0] != "_"}


def used(tree: ast.Module) -> Iterator[tuple[str, ast.Attribute]]:
    """Each ``text.NAME`` and ``text.page.NAME`` of a file."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not node.attr.isupper():
            continue
        owner = node.value
        if isinstance(owner, ast.Name) and owner.id == "text":
            yield "__init__", node
        elif isinstance(owner, ast.Attribute) and isinstance(owner.value, ast.Name) and owner.value.id == "text":
            yield owner.attr, node


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_every_word_used_is_there(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    own = {"KEY", "LANGUAGES", "PACKAGES"}
    missing = [node.attr for file, node in used(tree) if node.attr not in own | set(words(catalogue("en", file)))]
    assert missing == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_word_is_kept_in_a_constant(source: Path) -> None:
    if source.name == "app.py" or source.parent.name == "pages":
        return  # run anew for everybody who looks
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    tree = ast.parse(source.read_text(encoding="utf-8"))
    inside = {id(node) for f in ast.walk(tree) if isinstance(f, functions) for node in ast.walk(f)}
    defaults = {
        id(node)
        for f in ast.walk(tree)
        if isinstance(f, functions)
        for default in [*f.args.defaults, *f.args.kw_defaults]
        if default is not None
        for node in ast.walk(default)
    }
    kept = [node.attr for _, node in used(tree) if id(node) not in inside or id(node) in defaults]
    assert kept == []


def fields(value: str) -> set[str]:
    """What is filled in; none in formulas, whose braces are of another kind."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(value) if name and name.isidentifier()}
    except ValueError:
        return set()


def shape(value: object) -> object:
    """What there is, whatever it says: keys, lengths and kinds, and the fields of every text."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [shape(item) for item in value]
    return (str, bool(value), fields(value)) if isinstance(value, str) else type(value)


def formulas(value: object) -> list[list[str]]:
    """The formulas of every text of a value, which no language changes."""
    if isinstance(value, dict):
        return [found for item in value.values() for found in formulas(item)]
    if isinstance(value, list | tuple):
        return [found for item in value for found in formulas(item)]
    return [sorted(FORMULA.findall(value))] if isinstance(value, str) else []


def test_a_word_in_english_without_a_session() -> None:
    assert text.GENERATE == "Generate"
    assert text.said("Seed") == "Seed"
    assert text.name("heun") == "Heun"


def test_an_unknown_word_says_where_it_was_looked_for() -> None:
    with pytest.raises(AttributeError, match="no text MISSPELT in english"):
        _ = text.MISSPELT


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("language", [language for language in text.LANGUAGES if language != "en"])
def test_a_language_has_every_word_with_the_same_fields(language: str, file: str) -> None:
    english, other = words(catalogue("en", file)), words(catalogue(language, file))
    assert set(other) == set(english)
    for name, value in english.items():
        assert shape(other[name]) == shape(value), name
        assert formulas(other[name]) == formulas(value), name
        if name == "FORMULA":
            assert other[name] == value


@pytest.mark.parametrize("language", [language for language in text.LANGUAGES if language != "en"])
def test_what_the_core_says_in_forms_is_translated(language: str) -> None:
    said = importlib.import_module(f"dnag.ui.text.{text.PACKAGES[language]}.core").PHRASES
    told = [
        part
        for owner in (RunSettings, Recipe)
        for knob in knobs(owner).values()
        for part in (knob.label, knob.help, knob.unit)
    ]
    told += [part for preset in PRESETS.values() for part in (preset.label, preset.help)]
    told += [part for exporter in exporters.values() for part in (exporter.label, exporter.about)]
    assert [part for part in told if part and part not in said] == []
    assert all(translation.strip() for translation in said.values())
