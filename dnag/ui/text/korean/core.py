"""What the core says, in Korean: phrase -> translation."""

from __future__ import annotations

PHRASES: dict[str, str] = {
    # labels and help of the settings of a run
    "Search space": "탐색 공간",
    "Dataset": "데이터셋",
    "What the architectures are meant for. Default: the first of the space.": (
        "아키텍처를 쓸 데이터셋입니다. 기본값은 공간의 첫 데이터셋입니다."
    ),
    "Guidance scale": "가이던스 스케일",
    "At 1, an architecture one point of accuracy better is e times as likely. At 0 accuracy steers nothing.": (
        "1이면 정확도가 1%p 높은 아키텍처가 e배 더 자주 나옵니다. 0이면 정확도로 이끌지 않습니다."
    ),
    "Image size": "이미지 크기",
    "Height and width of the images. Default: the dataset's own.": "이미지의 높이와 너비입니다. 기본값은 데이터셋의 크기입니다.",
    "Budget": "예산",
    "Costs to stay under, NAME=LIMIT, such as macs_m=300 or latency_ms@note10=30.": (
        "넘지 않을 비용, 이름=한도. 예: macs_m=300, latency_ms@note10=30."
    ),
    "Samples": "표본 수",
    "How many architectures are drawn.": "뽑을 아키텍처의 수입니다.",
    "Steps": "스텝 수",
    "Solver steps from noise to architecture.": "노이즈에서 아키텍처까지의 풀이 스텝 수입니다.",
    "Sampler": "샘플러",
    "The numerical method.": "수치 해법입니다.",
    "Seed": "시드",
    "The same seed and settings give the same architectures.": "시드와 설정이 같으면 같은 아키텍처가 나옵니다.",
    "Guidance": "가이던스",
    "Calibrated: the predictor knows the scale. First order: the paper's form. Exact: by enumeration.": (
        "보정됨: 예측기가 스케일을 압니다. 1차 근사: 논문의 방식입니다. 정확: 모든 아키텍처를 세어 계산합니다."
    ),
    "SDE": "SDE",
    "The noise process that is run backwards.": "거꾸로 실행할 노이즈 과정입니다.",
    "Values for exact guidance": "정확한 가이던스의 값",
    "Accuracies that exact guidance steers by: the shipped predictor's, or the measured ones where installed.": (
        "정확한 가이던스가 따르는 정확도: 내장 예측기의 값, 또는 설치된 측정값입니다."
    ),
    "Maximize": "최대화",
    "What to steer towards: accuracy at the guidance scale, and costs with NAME=NATS per unit.": (
        "늘릴 것: 가이던스 스케일의 정확도, 그리고 비용은 이름=단위당 nat."
    ),
    "Minimize": "최소화",
    "Costs to steer away from, NAME=NATS per unit, such as macs_m=0.02.": "줄일 비용, 이름=단위당 nat. 예: macs_m=0.02.",
    "Width": "폭",
    "Multiplier of the numbers of channels, for the costs. Default: 1, or the one that all tables have.": (
        "비용 계산에 쓸 채널 수의 배율입니다. 기본값은 1, 또는 모든 표에 있는 값입니다."
    ),
    "Score network": "스코어 네트워크",
    "What denoises, if not the shipped network: a name, on the command line also a path.": (
        "기본 제공 대신 노이즈를 없앨 네트워크입니다. 이름으로, 명령줄에서는 경로로도 고릅니다."
    ),
    "Device": "장치",
    "Where the networks run.": "네트워크가 돌아갈 장치입니다.",
    "Batch size": "배치 크기",
    "Changes speed and memory only.": "속도와 메모리만 바뀝니다.",
    # training a candidate
    "Epochs": "에폭",
    "Learning rate": "학습률",
    "The largest; it falls to 0 by a cosine.": "가장 큰 값이며, 코사인을 따라 0으로 줄어듭니다.",
    "Momentum": "모멘텀",
    "Weight decay": "가중치 감쇠",
    "Warm-up": "워밍업",
    "Over so many epochs the rate rises from 0.": "이만큼의 에폭 동안 학습률이 0에서 올라갑니다.",
    "Label smoothing": "레이블 스무딩",
    "Clipping": "기울기 자르기",
    "Largest norm of the gradient; 0 does not clip.": "기울기의 최대 노름이며, 0이면 자르지 않습니다.",
    "Crop": "자르기",
    "Images are shifted by up to so many pixels; 0 does not.": "이미지를 이만큼까지 옮깁니다. 0이면 옮기지 않습니다.",
    "Cutout": "컷아웃",
    "Side of a square that is blanked out; 0 blanks none.": "지울 정사각형의 한 변이며, 0이면 지우지 않습니다.",
    "Multiplier of the numbers of channels.": "채널 수의 배율입니다.",
    "Cells": "셀 수",
    "Cells in a stage of NAS-Bench-201; 0: the benchmark's five.": (
        "NAS-Bench-201 한 단계의 셀 수입니다. 0이면 벤치마크의 5개입니다."
    ),
    "Images are scaled to it; 0 leaves them.": "이미지를 이 크기로 맞춥니다. 0이면 그대로 둡니다.",
    "Precision": "정밀도",
    "auto: bfloat16 or float16 on a GPU, float32 elsewhere.": "auto: GPU에서는 bfloat16 또는 float16, 그 밖에는 float32.",
    "Quick": "빠르게",
    "Half the channels and one cell a stage: a ranking in minutes on a CPU, not the network's accuracy.": (
        "채널은 절반, 단계마다 셀 하나: CPU에서 몇 분 만에 순위를 봅니다. 네트워크 본래의 정확도는 아닙니다."
    ),
    "Paper, NAS-Bench-201": "논문, NAS-Bench-201",
    "200 epochs of the whole network, 3 seeds. For a GPU.": "전체 네트워크를 200에폭, 시드 3개. GPU용입니다.",
    "Paper, MobileNetV3": "논문, MobileNetV3",
    "20 epochs at 224 pixels, 3 seeds. For a GPU.": "224픽셀로 20에폭, 시드 3개. GPU용입니다.",
    # what a candidate can be taken home as
    "Citation": "인용",
    "BibTeX entries of the method, the search space and this software.": "방법, 탐색 공간, 이 소프트웨어의 BibTeX 항목입니다.",
    "Graphviz DOT": "Graphviz DOT",
    "The graph as text, for Graphviz and other programs that lay out graphs.": (
        "Graphviz처럼 그래프를 배치하는 프로그램을 위한 글자 형식의 그래프입니다."
    ),
    "GIF film": "GIF 동영상",
    "The denoising as a film, for slides and chats.": "노이즈 제거 과정의 동영상으로, 발표와 대화에 씁니다.",
    "HTML player": "HTML 재생기",
    "The denoising with the player, in one file that plays offline.": "노이즈 제거 과정과 재생기를 담은, 오프라인에서 도는 파일 하나입니다.",
    "JSON record": "JSON 기록",
    "The architecture and its figures, for other programs.": "아키텍처와 그 수치로, 다른 프로그램에서 씁니다.",
    "ONNX": "ONNX",
    "The network for other runtimes, to time it or to run it; its weights are fresh unless you give some.": (
        "다른 실행 환경에서 재거나 돌릴 네트워크입니다. 가중치를 주지 않으면 새것입니다."
    ),
    "PNG picture": "PNG 그림",
    "The picture in pixels, for slides.": "픽셀로 된 그림으로, 발표에 씁니다.",
    "PyTorch module": "PyTorch 모듈",
    "The network as Python to read, train and change; needs PyTorch only.": (
        "읽고 학습하고 바꿀 수 있는 Python 네트워크로, PyTorch만 있으면 됩니다."
    ),
    "SVG picture": "SVG 그림",
    "Sharp at any size, for papers and pages; dark where the reader's system is.": (
        "크기와 상관없이 또렷하며, 논문과 페이지에 씁니다. 읽는 이의 시스템이 어두우면 어둡게 나옵니다."
    ),
    # operations, and where they are
    "input": "입력",
    "output": "출력",
    "in": "입력",
    "out": "출력",
    "skip": "건너뛰기",
    "1×1 conv": "1×1 합성곱",
    "3×3 conv": "3×3 합성곱",
    "avg pool": "평균 풀링",
    "{kernel}, expand {expansion}": "{kernel}, 확장 {expansion}",
    "stage {number}": "{number}단계",
    # spaces, datasets and costs
    "Your dataset": "내 데이터셋",
    "parameters": "파라미터 수",
    # units
    "nats per point": "%p당 nat",
    "pixels": "픽셀",
    "px": "픽셀",
    "images": "이미지",
    # settings and other words, as messages call them
    "search space": "탐색 공간",
    "space": "탐색 공간",
    "dataset": "데이터셋",
    "guidance scale": "가이던스 스케일",
    "resolution": "이미지 크기",
    "under": "한도",
    "samples": "표본 수",
    "steps": "스텝 수",
    "sampler": "샘플러",
    "seed": "시드",
    "guidance": "가이던스",
    "sde": "SDE",
    "checkpoint": "스코어 네트워크",
    "exact values": "정확한 가이던스의 값",
    "maximize": "최대화",
    "minimize": "최소화",
    "width": "폭",
    "device": "장치",
    "batch size": "배치 크기",
    "recipe": "레시피",
    "epochs": "에폭",
    "lr": "학습률",
    "momentum": "모멘텀",
    "weight decay": "가중치 감쇠",
    "warmup": "워밍업",
    "label smoothing": "레이블 스무딩",
    "clip": "기울기 자르기",
    "crop": "자르기",
    "cutout": "컷아웃",
    "cells": "셀 수",
    "image size": "이미지 크기",
    "precision": "정밀도",
    "seeds": "시드 수",
    "{name}: {error}": "{name}: {error}",
    "files": "파일 수",
    "folders": "폴더 수",
    "memory": "메모리",
    "none": "없음",
    "nothing": "없음",
    "all": "전부",
}
