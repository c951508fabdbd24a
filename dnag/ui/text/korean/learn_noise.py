"""The words of chapter 2 in Korean: adding noise."""

from __future__ import annotations

TITLE = "노이즈"
HEADING = "노이즈가 행렬을 지웁니다"
BEFORE = """
확산 모델은 노이즈를 되돌리는 법을 배우므로, 먼저 노이즈를 더합니다. 깨끗한 행렬에 α를 곱하고, 모든 칸에 표준편차 σ인 정규
노이즈를 더합니다:
"""
FORMULA = r"x_t = \alpha\,x_0 + \sigma\,z,\quad z \sim \mathcal{N}(0, I)"
AFTER = """
논문이 고른 **분산 폭발**(VE)은 α = 1을 두고 σ를 키웁니다. **분산 보존**(VP)은 α² + σ² = 1이 되도록 데이터를 줄입니다. 무엇을 아직 읽을
수 있는지는 노이즈 수준 n = σ/α만이 정합니다.
"""
TRY = "노이즈 수준을 옮겨 보세요. 참 연산은 테두리로 표시했고, 행에서 가장 큰 값이 가장 그럴듯한 추측입니다."
VE = "VE: α = {alpha:.2f}, σ = {sigma:.2f}"
VP = "VP: α = {alpha:.2f}, σ = {sigma:.2f}"
READABLE = "아직 맞는 간선"
READABLE_HELP = "다섯 연산 가운데 가장 큰 값이 아직 참 연산인 간선의 수입니다."
SIZE_VE = "α² + σ², VE"
SIZE_VP = "α² + σ², VP"
SIGNAL = "신호 대 노이즈"
SIGNAL_HELP = "α² / σ² = 1 / n², 두 과정에서 같습니다."
CHART = "두 과정의 신호와 노이즈"
CHART_ALT = "VE와 VP의 α와 σ를 노이즈 수준에 따라 그린 선, 고른 수준을 표시했습니다."
SERIES = {"ve_sigma": "VE의 σ", "vp_alpha": "VP의 α", "vp_sigma": "VP의 σ"}

HALF = {
    "ask": "VP가 신호의 절반, α = 0.5를 남기는 노이즈 수준은 얼마입니까?",
    "right": "α = 1/√(1 + n²)은 n = √3 ≈ {answer}에서 절반입니다.",
    "wrong": "VP의 α가 0.5가 될 때까지 옮기고, 그때의 노이즈 수준을 답하세요.",
}
DIFFERENCE = {
    "ask": "노이즈 수준이 같을 때 두 노이즈 행렬은 어떻게 다릅니까?",
    "options": (
        ("VP에 노이즈가 더 적다", "노이즈가 적지만 신호도 그만큼 적습니다: σ/α는 같습니다."),
        ("모든 칸이 같은 배수만큼 다르다", "VP는 VE에 α를 곱한 것입니다. 행 안에서 값의 순서는 같습니다."),
        ("다른 연산이 가장 커진다", "행마다 가장 큰 값을 보세요: 둘에서 같습니다."),
    ),
}
