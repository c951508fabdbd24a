"""The words of the first page in Korean."""

from __future__ import annotations

HEADLINE = "노이즈에서 아키텍처로"
WORDS = """
확산 모델은 신경망이 어떻게 생겼는지를 연산의 그래프로 배웁니다. 순수한 노이즈에서 거꾸로 실행하면 새로운 신경망이
만들어지고, 정확도 예측기의 기울기가 매 스텝을 내 데이터에 잘 맞는 쪽으로 이끕니다. 모든 것이 이 컴퓨터에서, 속을
들여다볼 수 있는 모델로 돌아갑니다.
"""
RUN = "지금 실행"
RUN_HELP = "CIFAR-10용 아키텍처 64개를 뽑아 순위를 매깁니다."
LEARN = "작동 원리"
DATASET = "내 이미지로 해 보기"
SOURCE = "An 외, [DiffusionNAG](https://arxiv.org/abs/2305.16943), ICLR 2024."
PLAYER = "{dataset}용 셀 하나가 {steps}스텝 만에 만들어지는 과정, 가이던스 스케일 {scale:g}"
CARDS = "설치된 모델"
CARD_KINDS = {
    "score": "스코어 네트워크",
    "predictor": "정확도 예측기",
    "meta": "임의 데이터셋용 예측기",
    "latency": "지연 시간 예측기",
}
CARD_SIZE = "{size:.1f} MB"
CARD_AIM = "목표: {aim}"
CARD_EXACT = "정확한 값: {exact}"
CARD_MORE = "수치 {count}개 모두 보기"
CARD_COLUMNS = {"name": "수치", "value": "값", "exact": "정확한 값", "aim": "목표"}
CARD_NO_FIGURES = "수치는 스코어 네트워크의 카드에 있습니다."
CARDS_ALT = "{name}의 모든 수치"
MISSING = "설치되지 않은 것"
MISSING_NONE = "없음: 앱이 쓸 수 있는 것이 모두 있습니다."
MISSING_GPU = "GPU 없음: CPU로 실행하며, 한 번에 1~2초 걸립니다."
