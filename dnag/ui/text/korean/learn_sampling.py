"""The words of chapter 4 in Korean: sampling."""

from __future__ import annotations

TITLE = "샘플링"
HEADING = "샘플링은 거꾸로 갑니다"
BEFORE = """
순수한 노이즈에서 스코어를 따라가면 아키텍처에 이릅니다. 시간을 거꾸로 하면 노이즈 과정은 다음과 같습니다(Song 외, 2021).
"""
FORMULA = r"dx = \bigl[f x - g^2 s(x,t)\bigr]\,dt + g\,d\bar{w}"
AFTER = """
*Euler–Maruyama*는 새 노이즈로 이런 스텝을 밟습니다. 논문의 **예측기–교정기**는 노이즈를 그대로 두고 스코어를 따라 움직이는
랑주뱅 스텝을 더합니다. *Heun*(Karras 외, 2022)은 스코어 항이 절반인, 노이즈 없는 방정식을 따르며 스텝 양 끝의 기울기를 평균합니다.
"""
TRY = "방법과 스텝 수를 고르고 표본을 재생해 보세요. 시드가 같으면 같은 노이즈에서 시작합니다."
METHOD = "방법"
STEPS = "스텝 수"
PLAYER = "표본 {samples}개 중 하나: {method}, {steps}스텝"
VALID = "유효"
VALID_HELP = "표본 {samples}개 가운데 고치지 않아도 아키텍처인 것의 비율입니다."
EVALUATIONS = "평가 횟수"
EVALUATIONS_HELP = "표본마다 스코어 네트워크를 평가한 횟수입니다."
DISTANCE = "거리"
DISTANCE_HELP = (
    "간선의 연산 분포와 학습 분포의 총변동 거리, 여섯 간선의 평균입니다. 완벽한 표본도 같은 수만 뽑으면 우연히 "
    "{chance:.3f}만큼 떨어집니다."
)
CHART = "유효한 표본과 평가 횟수"
CHART_ALT = "평가 횟수에 따른 유효한 표본의 비율, 방법마다 선 하나."
CHART_X = "표본마다 네트워크 평가 횟수"

ENOUGH = {
    "ask": "Heun은 표본의 95 %가 유효해질 때까지 몇 번 평가해야 합니까?",
    "right": "{answer}번: 두 번씩 세 스텝이고, 마지막 스텝은 두 번째 없이 끝납니다.",
    "wrong": "Heun의 선에서 95 %를 처음 넘는 점을 찾아보세요.",
}
SAME = {
    "ask": "왜 시드가 같으면 Heun은 6스텝에서도 10스텝에서도 같은 셀을 낼까요?",
    "options": (
        (
            "Heun은 도중에 노이즈를 더하지 않아서",
            "길은 시작점만으로 정해지고, 스텝이 많을수록 그 길을 더 잘 따를 뿐입니다. Euler–Maruyama와 견줘 보세요.",
        ),
        ("Heun은 2차 방법이어서", "그래서 정확하지만, 정확도만으로 어떤 셀이 나올지가 정해지지는 않습니다."),
        ("Heun은 평가를 더 많이 해서", "Euler–Maruyama는 그만큼 평가해도 새 노이즈를 뽑습니다."),
    ),
}
