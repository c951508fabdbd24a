"""The words of chapter 1 in Korean: an architecture as a graph and as a matrix."""

from __future__ import annotations

TITLE = "그래프"
HEADING = "아키텍처는 그래프이자 행렬입니다"
BEFORE = """
NAS-Bench-201의 셀에는 간선이 여섯 개 있고, 간선마다 다섯 연산 가운데 하나가 있습니다. 셀 열다섯 개를 쌓아 네트워크를 만들므로,
여섯 번의 선택이 모든 것을 정합니다.

확산 모델에는 숫자가 필요합니다: 그래프의 연산마다 행 하나, 그 연산의 열에는 +1, 나머지 열에는 −1을 적습니다.
"""
FORMULA = r"x_0 \in \{-1,+1\}^{N\times F},\quad N=8,\ F=7"
AFTER = "간선 여섯 개에 연산 다섯 가지면 셀은 $5^6 = 15{,}625$개로, 모두 셀 수 있을 만큼 적습니다."
TRY = "간선을 고르고 다른 연산으로 바꿔 보세요. 나머지는 모두 따라옵니다."
RANDOM = "무작위 셀"
BEST = "예측 최고"
MATRIX = "깨끗한 행렬 x₀"
MACS = "MACs"
PARAMS = "파라미터"
ACCURACY = "{dataset} 예측 정확도"
ACCURACY_HELP = "순위 예측기들의 평균과 차이입니다."
TEXT = "문자열 형식"

NEIGHBOURS = {
    "ask": "이 셀과 간선 하나만 다른 셀은 몇 개입니까?",
    "right": "간선 6개가 저마다 다른 연산 4가지로 바뀔 수 있습니다: {answer}개.",
    "wrong": "모든 간선은 다른 연산 네 가지로 바뀔 수 있습니다. 간선은 몇 개입니까?",
}
COST = {
    "ask": "모든 간선이 3×3 합성곱인 셀은 MAC이 몇백만 개 필요합니까?",
    "right": "{answer}백만: 셀 열다섯 개마다 합성곱 여섯 개, 그리고 나머지가 조금.",
    "wrong": "여섯 간선을 모두 3×3 conv로 바꾸고 MACs를 읽어 보세요.",
}
