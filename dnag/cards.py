"""Cards of checkpoints: the Markdown file beside each, with what it is, and figures that a command printed.

A score network and the predictor of its space are measured together, in one table beside the score network. What that
says of a dataset ("CIFAR-10: ...") is due to the predictor, so it is shown on the predictor's card.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from dnag.checkpoint import DIRECTORY, installed
from dnag.spaces.base import spaces

_TABLE = re.compile(r"<!-- ([a-z-]+):begin -->\n(.*?)<!-- \1:end -->", re.DOTALL)


@dataclass(frozen=True)
class CardFigure:
    """A row of a card's table, as it stands there; ``exact`` and ``aim`` may be empty."""

    name: str
    value: str
    exact: str
    aim: str


@dataclass(frozen=True)
class Card:
    """An installed checkpoint.

    Attributes:
        name: of its file, without the ending.
        kind, space: as its header says.
        size_mb: of its file.
        summary: the card's first paragraph, empty if it has no card.
        figures: all rows of the tables that are about it.
    """

    name: str
    kind: str
    space: str
    size_mb: float
    summary: str
    figures: tuple[CardFigure, ...]

    @property
    def chief(self) -> tuple[CardFigure, ...]:
        """The figures that something was aimed at; all of them if there is none such."""
        aimed = tuple(figure for figure in self.figures if re.search(r"\d", figure.aim))
        return aimed or self.figures


def read_figures(text: str) -> tuple[CardFigure, ...]:
    """Rows of the tables between marks in a Markdown text."""
    rows = []
    for _, table in _TABLE.findall(text):
        for line in table.strip().splitlines()[2:]:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if len(cells) == 4:
                rows.append(CardFigure(*cells))
    return tuple(rows)


def read_cards(directory: Path = DIRECTORY) -> list[Card]:
    """The card of every readable checkpoint of a directory, by name."""
    found = []
    for name, header in installed(directory).items():
        path = directory / f"{name}.md"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
        summary = next((part for part in paragraphs if part and part[0] not in "#|<!"), "")
        size = (directory / f"{name}.safetensors").stat().st_size / 1e6
        found.append(Card(name, header["kind"], header["space"], size, summary, read_figures(text)))
    return [replace(card, figures=_about(card, found)) for card in found]


def _about(card: Card, cards: list[Card]) -> tuple[CardFigure, ...]:
    """What is measured of a card's checkpoint, in its own table or in that of the score network."""
    named = {other.name: other for other in cards}
    score, predictor = named.get(f"{card.space}-score"), named.get(f"{card.space}-predictor")
    if score is None or predictor is None or card not in (score, predictor):
        return card.figures
    labels = tuple(f"{dataset.label}:" for dataset in spaces[card.space].datasets.values())
    guided = tuple(figure for figure in score.figures if figure.name.startswith(labels))
    if card is predictor:
        return card.figures + guided
    return tuple(figure for figure in card.figures if figure not in guided)
