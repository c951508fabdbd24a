"""The words of the architecture editor in Korean."""

from __future__ import annotations

TITLE = "바꿀 아키텍처"
WORDS = {
    "graph": "아키텍처 그래프. 탭 키로 연산 사이를 옮기고 화살표 키로 연산을 바꿉니다.",
    "slot": "{slot}의 연산",
}
