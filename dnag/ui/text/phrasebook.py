"""What the core says, in another language: whole phrases, and templates with ``{fields}`` for messages with values.

The core knows no languages, so that a message arrives as one English text. The template that it was made from is found
again, what stands in its fields is taken out, and put into the translation. A message that fits none stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter

SPOKEN = {"allowed", "classes", "error", "files", "found", "how", "images", "kind", "official", "others", "place"}
SPOKEN |= {"reason", "setting", "span", "what"}
"""Fields that hold what the core said as well, or nothing: it is translated in turn."""
NUMBERS = {"count", "high", "low", "most"}
"""Fields that hold a number, so that short templates fit nothing else."""
DEEPEST = 8
"""So many messages inside each other are translated."""


class Phrasebook:
    """Translations by what is translated: a phrase, or a template, which has ``{fields}``."""

    def __init__(self, phrases: Mapping[str, str]) -> None:
        made = [Template(phrase, translation) for phrase, translation in phrases.items()]
        self._phrases = {template.phrase: template for template in made if not template.fields}
        templates = (template for template in made if template.fields)
        self._templates = sorted(templates, key=lambda template: -sum(map(len, template.words)))

    def translate(self, message: str, *, depth: int = 0) -> str:
        """The message in this language; as it is where there is no translation."""
        template = self.template(message)
        if template is None or depth == DEEPEST:
            return message
        values = template.values(message)
        spoken = {name: self.translate(value, depth=depth + 1) for name, value in values.items() if name in SPOKEN}
        return template.translation.format_map(values | spoken)

    def template(self, message: str) -> Template | None:
        """What a message is read by, if anything: of the templates that fit, the one with the most words of its own."""
        for phrase in (message, message.replace("_", " ")):  # settings are called either way
            if phrase in self._phrases:
                return self._phrases[phrase]
        return next((template for template in self._templates if template.fits(message)), None)


class Template:
    """A phrase and its translation. ``words`` are what it says itself, between its ``fields``."""

    def __init__(self, phrase: str, translation: str) -> None:
        self.phrase, self.translation = phrase, translation
        pieces = list(Formatter().parse(phrase))
        self.words = [words for words, *_ in pieces]
        self.fields = [name for _, name, *_ in pieces if name is not None]
        self._pattern = re.compile("".join(_patterns(pieces)), re.DOTALL)

    def fits(self, message: str) -> bool:
        """Could the message have been made from it?"""
        return all(words in message for words in self.words) and self._pattern.fullmatch(message) is not None

    def values(self, message: str) -> dict[str, str]:
        """What the fields hold, of a message that fits."""
        found = self._pattern.fullmatch(message)
        return {} if found is None else found.groupdict()


def _patterns(pieces: list[tuple[str, str | None, str | None, str | None]]) -> Iterator[str]:
    for words, name, *_ in pieces:
        yield re.escape(words)
        if name is not None:
            held = r"[-+\d.,e]+" if name in NUMBERS else ".*?" if name in SPOKEN else ".+?"
            yield f"(?P<{name}>{held})"
