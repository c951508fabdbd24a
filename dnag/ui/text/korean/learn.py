"""The words that the chapters of the Learn page share, in Korean."""

from __future__ import annotations

CHAPTER = "장"
CHAPTERS = "{first}장부터 {last}장까지"
BACK = "이전"
NEXT = "다음"
TRY = "해 보세요."
LEVEL = "노이즈 수준 n = σ/α"
SEED = "노이즈의 시드"
SEED_HELP = "시드가 같으면 노이즈도 같습니다."
NUMBER = "답, 숫자로"
UNANSWERED = "답하면 바로 확인합니다."
RIGHT = ":green[:material/check_circle:] **맞습니다.**"
WRONG = ":material/cancel: **조금 다릅니다.**"
