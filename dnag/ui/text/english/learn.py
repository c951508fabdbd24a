"""The words that the chapters of the Learn page share."""

from __future__ import annotations

CHAPTER = "Chapter"
CHAPTERS = "a chapter from {first} to {last}"
BACK = "Back"
NEXT = "Next"
TRY = "Try it."
LEVEL = "Noise level n = σ/α"
SEED = "Seed of the noise"
SEED_HELP = "The same seed gives the same noise."
NUMBER = "Your answer, a number"
UNANSWERED = "Checked as soon as you answer."
RIGHT = ":green[:material/check_circle:] **Right.**"
WRONG = ":material/cancel: **Not quite.**"
