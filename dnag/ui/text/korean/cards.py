"""Model cards in Korean: what their figures are, what was aimed at, and what the models are."""

from __future__ import annotations

CARDS: dict[str, str] = {
    # figures
    "{what}: mean error on held-out networks": "{what}: 학습에 쓰지 않은 네트워크의 평균 오차",
    "{name}, batch {count}": "{name}, 배치 {count}",
    "raw validity, {count} unguided samples": "가이던스 없는 표본 {count}개의 유효 비율",
    "uniqueness of {count} unguided samples": "가이던스 없는 표본 {count}개의 고유 비율",
    "novelty of the half-space network, {count} samples": "반쪽 공간 네트워크의 새로움, 표본 {count}개",
    "operation frequencies, total variation of the worst node, {count} samples": "연산 빈도, 가장 먼 노드의 총변동 거리, 표본 {count}개",
    "depth frequencies, total variation of the worst stage, {count} samples": "깊이 빈도, 가장 먼 단계의 총변동 거리, 표본 {count}개",
    "kernel frequencies, total variation of the worst stage, {count} samples": "커널 빈도, 가장 먼 단계의 총변동 거리, 표본 {count}개",
    "expansion frequencies, total variation of the worst stage, {count} samples": (
        "확장 비율 빈도, 가장 먼 단계의 총변동 거리, 표본 {count}개"
    ),
    "Spearman of the ranking ensemble, all {count}": "순위 예측기의 스피어만 상관, 전체 {count}개",
    "mean accuracy of all {count}": "전체 {count}개의 평균 정확도",
    "guided mean accuracy, {kind}, scale {scale}": "가이던스를 쓴 평균 정확도, {kind}, 스케일 {scale}",
    "best of the top {top} of {count}, scale {scale}, mean over {seeds} seeds": (
        "{count}개 중 상위 {top}개의 최고, 스케일 {scale}, 시드 {seeds}개의 평균"
    ),
    "ranking ensemble against measured top-1, {count} networks not used: Spearman": (
        "순위 예측기와 측정 top-1, 쓰지 않은 네트워크 {count}개: 스피어만 상관"
    ),
    "ranking ensemble against measured top-1, {count} networks not used: mean absolute error": (
        "순위 예측기와 측정 top-1, 쓰지 않은 네트워크 {count}개: 평균 절대 오차"
    ),
    "ranking ensemble against the teacher, {count} random architectures": "순위 예측기와 교사 예측기, 무작위 아키텍처 {count}개",
    "noise-aware predictor at the smallest noise against the teacher, {count} random architectures": (
        "노이즈를 아는 예측기(가장 작은 노이즈)와 교사 예측기, 무작위 아키텍처 {count}개"
    ),
    "mean prediction, unguided": "예측 평균, 가이던스 없음",
    "mean prediction, {kind}, scale {scale}": "예측 평균, {kind}, 스케일 {scale}",
    "best prediction of {count} guided samples, scale {scale}, mean over {seeds} seeds": (
        "가이던스를 쓴 표본 {count}개의 최고 예측, 스케일 {scale}, 시드 {seeds}개의 평균"
    ),
    "best prediction of {count} guided samples": "가이던스를 쓴 표본 {count}개의 최고 예측",
    "best prediction of regularized evolution, {count} calls, mean over {seeds} seeds": (
        "정규화 진화 {count}회의 최고 예측, 시드 {seeds}개의 평균"
    ),
    "best prediction of random search, {count} calls, mean over {seeds} seeds": (
        "무작위 탐색 {count}회의 최고 예측, 시드 {seeds}개의 평균"
    ),
    "best prediction of random search, {count} architectures inside": "무작위 탐색의 최고 예측, 예산 안의 아키텍처 {count}개",
    "share inside, {count} guided samples, mean over {seeds} seeds": "예산을 지킨 비율, 가이던스를 쓴 표본 {count}개, 시드 {seeds}개의 평균",
    "MACs at most {count} M: {what}": "MACs {count} M 이하: {what}",
    "{count} validation records: {what}": "검증 기록 {count}개: {what}",
    "{count} validation records, features of another record's dataset: {what}": (
        "검증 기록 {count}개, 다른 기록의 데이터셋 특징으로: {what}"
    ),
    "Spearman": "스피어만 상관",
    "Pearson": "피어슨 상관",
    "Spearman of all cells": "모든 셀의 스피어만 상관",
    "{name}, from the records alone: {what}": "{name}, 기록만으로: {what}",
    "{name}, left out of training: {what}": "{name}, 학습에서 제외: {what}",
    "best measured accuracy of {top} candidates of {count} samples, mean of {seeds} seeds": (
        "표본 {count}개에서 고른 후보 {top}개의 최고 측정 정확도, 시드 {seeds}개의 평균"
    ),
    "best measured accuracy of {top} candidates, worst of {seeds} seeds": "후보 {top}개의 최고 측정 정확도, 시드 {seeds}개 중 가장 나쁜 값",
    "best measured accuracy of {count} random cells, mean of {seeds} seeds": (
        "무작위 셀 {count}개의 최고 측정 정확도, 시드 {seeds}개의 평균"
    ),
    "cold start of one run from the command line": "명령줄에서 첫 실행까지",
    "loading the models": "모델 읽기",
    "guided run, {count} samples, {sampler}, {steps} steps ({evaluations} evaluations), {device}": (
        "가이던스를 쓴 실행, 표본 {count}개, {sampler}, {steps}스텝 (평가 {evaluations}회), {device}"
    ),
    "unguided run, {count} samples, {sampler}, {steps} steps ({evaluations} evaluations), {device}": (
        "가이던스 없는 실행, 표본 {count}개, {sampler}, {steps}스텝 (평가 {evaluations}회), {device}"
    ),
    "the same, per architecture": "아키텍처 하나당",
    "peak memory of this process": "프로세스의 최대 메모리",
    "calibrated": "보정됨",
    "first order": "1차 근사",
    "{count} points": "{count}%p",
    # aims
    "at least {count}": "{count} 이상",
    "at most {count}": "{count} 이하",
    "within {count} of the exact": "정확한 값에서 {count} 이내",
    "within {count} of {low}": "{low}에서 {count} 이내",
    "within {count}": "{count} 이내",
    "report": "보고",
    "evolution with {count} calls": "진화 {count}회",
    "{count} over random search": "무작위 탐색보다 {count} 위",
    # summaries
    (
        "The score network of NAS-Bench-201: a transformer over the eight nodes of the cell graph "
        "(`dnag/nets/score_network.py`), in the denoised form, which serves VE, VP and sub-VP alike "
        "(`dnag/nets/score_model.py`)."
    ): (
        "NAS-Bench-201의 스코어 네트워크: 셀 그래프의 노드 여덟 개를 보는 "
        "트랜스포머(`dnag/nets/score_network.py`)로, 노이즈를 없앤 행렬을 예측하므로 VE, "
        "VP, sub-VP에 함께 씁니다(`dnag/nets/score_model.py`)."
    ),
    (
        "The score network of MobileNetV3, the once-for-all space of 2 x 10^19 networks: a transformer over 20 "
        "slots, each of which knows its stage and its layer in it (`dnag/nets/score_network.py`), in the denoised "
        "form, which serves VE, VP and sub-VP alike (`dnag/nets/score_model.py`)."
    ): (
        "MobileNetV3(네트워크 2 x 10^19개인 once-for-all 공간)의 스코어 네트워크: 자기 "
        "단계와 층을 아는 자리 20개를 보는 트랜스포머(`dnag/nets/score_network.py`)로, "
        "노이즈를 없앤 행렬을 예측하므로 VE, VP, sub-VP에 함께 "
        "씁니다(`dnag/nets/score_model.py`)."
    ),
    (
        "Predicted test accuracy of NAS-Bench-201 cells on CIFAR-10, CIFAR-100 and ImageNet16-120: one noise-aware "
        "network for guidance and an ensemble of five clean networks for ranking, each conditioned on the dataset."
    ): (
        "NAS-Bench-201 셀의 CIFAR-10, CIFAR-100, ImageNet16-120 테스트 정확도를 "
        "예측합니다: 가이던스에는 노이즈를 아는 네트워크 하나, 순위에는 깨끗한 네트워크 다섯 개를 쓰며, 모두 "
        "데이터셋을 입력으로 받습니다."
    ),
    (
        "Predicted ImageNet top-1 of once-for-all sub-networks (width 1.0) at 160, 176, 192, 208 and 224 pixels: "
        "one noise-aware network for guidance and an ensemble of five clean networks for ranking, each conditioned "
        "on the image size."
    ): (
        "once-for-all 하위 네트워크(폭 1.0)의 160, 176, 192, 208, 224픽셀 "
        "ImageNet top-1을 예측합니다: 가이던스에는 노이즈를 아는 네트워크 하나, 순위에는 깨끗한 네트워크 "
        "다섯 개를 쓰며, 모두 이미지 크기를 입력으로 받습니다."
    ),
    (
        "Predicted test accuracy of NAS-Bench-201 cells on datasets it has never seen, which enter by features of "
        "their images: a dataset encoder, an ensemble of three clean networks for ranking, and a noise-aware "
        "network for guidance."
    ): (
        "본 적 없는 데이터셋에서 NAS-Bench-201 셀의 테스트 정확도를 예측합니다. 데이터셋은 이미지의 "
        "특징으로 들어옵니다: 데이터셋 인코더, 순위에 쓰는 깨끗한 네트워크 세 개, 가이던스에 쓰는 노이즈를 아는 "
        "네트워크."
    ),
    (
        "Latency of NAS-Bench-201 networks, one predictor per device: a number for every operation of every edge, "
        "added up (`dnag/latency.py`). Being additive it serves as a column, as a budget and as a guidance term in "
        "closed form."
    ): (
        "NAS-Bench-201 네트워크의 지연 시간, 장치마다 예측기 하나: 간선과 연산마다 정해진 수를 "
        "더합니다(`dnag/latency.py`). 합이므로 표의 열, 예산, 닫힌 형태의 가이던스로 쓸 수 있습니다."
    ),
    (
        "Latency of once-for-all MobileNetV3 networks, one predictor per device: a number for every operation of "
        "every slot, image size and width, added up (`dnag/latency.py`). Being additive it serves as a column, as "
        "a budget and as a guidance term in closed form."
    ): (
        "once-for-all MobileNetV3 네트워크의 지연 시간, 장치마다 예측기 하나: 자리, 연산, "
        "이미지 크기, 폭마다 정해진 수를 더합니다(`dnag/latency.py`). 합이므로 표의 열, 예산, 닫힌 "
        "형태의 가이던스로 쓸 수 있습니다."
    ),
}
