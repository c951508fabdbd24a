"""The words of the page Compare in Korean."""

from __future__ import annotations

# --- what to compare --------------------------------------------------------------------------------------------------
EXAMPLE = "예시"
EXAMPLES = {
    "guidance": "가이던스 없음, 보통, 강함",
    "forms": "보정됨과 1차 근사",
    "samplers": "샘플러",
    "steps": "스텝 수",
}
VARY = "다르게 할 것"
VALUES = "값, 2~4개"
VALUES_HELP = "쉼표로 나눕니다."
VALUES_TEXT_HELP = "세미콜론으로 나눕니다. 예: macs_m=100; macs_m=200"
NUMBERS_EXAMPLE = "예: 0, 2, 8"
TEXTS_EXAMPLE = "예: macs_m=100; macs_m=200"
BUTTON = "비교"
REST = "시드를 포함한 나머지는 모두 사이드바의 설정과 같습니다."
BAD = "이 값들은 비교할 수 없습니다: {error}"
LINK_BAD = "링크의 비교: {error}"
WAITING = "진행 중인 작업이 있습니다"

# --- nothing yet ------------------------------------------------------------------------------------------------------
EMPTY_TITLE = "아직 비교한 것이 없습니다"
EMPTY = """
설정 하나와 그 값 2~4개, 또는 예시 하나를 고른 뒤 **비교** (또는 **G** 키)를 누르세요.

모든 열이 같은 노이즈에서 시작하므로, 열 사이의 차이가 곧 그 설정이 하는 일입니다.
"""

# --- runs chosen in the gallery ---------------------------------------------------------------------------------------
CHOSEN = "보관함에서 고른 실행입니다."
CHOSEN_GONE = "보관함에서 고른 실행이 메모리에 없습니다. 다시 실행하면 비교할 수 있습니다."
CHOSEN_LEAVE = "대신 설정을 바꿔 비교"

# --- results ----------------------------------------------------------------------------------------------------------
SUBTITLE = "{samples}개씩 묶음 {runs}개, 시드 {seed}"
COUNT_RANGE = "{least:,}~{most:,}"
TABLE_CSV = "표"
TABLE_CSV_HELP = "아래 표를 CSV로"
CANDIDATES_CSV = "후보"
CANDIDATES_CSV_HELP = "모든 열의 모든 후보를 CSV로: 분포의 데이터입니다"
JSON_HELP = "모든 실행의 설정과 후보, 그리고 표"

PLAYERS = "만들어지는 과정"
FOLLOW = "하나를 재생하거나 멈추거나 옮기면(스페이스와 화살표 키도 됩니다) 나머지가 따라갑니다."
SHOW = "재생할 것"
NOISE, BEST = "같은 노이즈", "각각의 최고"
SAMPLE = "표본"
SAMPLE_HELP = "표본 {first}~{last}: 모든 열에서 같은 노이즈로 시작합니다."
NO_SAMPLE = "이 열에는 유효한 아키텍처가 없습니다."

TABLE = "수치"
TABLE_ALT = "열 A~D의 표: 유효율, 고유율, 새로움, 다양성, 정확도, 평가 횟수와 시간."
TOP = "상위 몇 개 중 최고"
COLUMNS = {
    "column": "",
    "validity": "유효, %",
    "uniqueness": "고유, %",
    "novelty": "새로움, %",
    "outside_training": "못 본 것, %",
    "diversity": "다양성",
    "predicted_mean_pct": "평균, %",
    "predicted_best_pct": "예측 최고, %",
    "measured_best_pct": "측정 최고, %",
    "nfe": "평가",
    "seconds": "시간, 초",
}
COLUMNS_HELP = {
    "validity": "고치지 않아도 아키텍처인 표본의 비율입니다.",
    "uniqueness": "유효한 표본 가운데 서로 다른 아키텍처의 비율입니다.",
    "novelty": "서로 다른 아키텍처 가운데 다른 열에는 나오지 않은 것의 비율입니다. 내장 모델은 공간 전체의 표본으로 배웠으므로, "
    "학습 집합과 견준 새로움은 의미가 없습니다.",
    "outside_training": "서로 다른 아키텍처 가운데 확산 모델이 학습하지 않은 것의 비율입니다.",
    "diversity": "유효한 두 표본이 평균 몇 개의 연산에서 다른지입니다.",
    "predicted_mean_pct": "유효한 표본의 예측 정확도 평균입니다.",
    "predicted_best_pct": "상위 후보 {top}개 중 가장 높은 예측 정확도입니다.",
    "measured_best_pct": "상위 후보 {top}개 중 가장 높은 측정 정확도: {source}.",
    "nfe": "표본마다 네트워크를 평가한 횟수입니다.",
    "seconds": "이 컴퓨터에서 전체 실행에 걸린 시간입니다.",
}
DISTRIBUTION = "묶음들의 분포"
DISTRIBUTION_HELP = "유효한 표본의 비율입니다. 가장 넓은 묶음의 아래 10 %는 왼쪽 끝에 모았습니다."
DISTRIBUTION_ALT = "예측 정확도의 분포. {means}"
DISTRIBUTION_MEAN = "{column}, {about}: 평균 {mean:.1f} %."

# --- quality against diversity ----------------------------------------------------------------------------------------
SWEEP = "품질과 다양성"
SWEEP_WORDS = (
    "가이던스가 강할수록 더 좋지만 서로 더 닮은 아키텍처를 찾습니다. 0~{largest:g}의 가이던스 스케일 {scales}개를 두 방식으로, "
    "같은 노이즈에서: {samples:,}개씩 묶음 {runs}개."
)
SWEEP_EXACT = "점선은 가이던스가 목표로 하는 정확한 분포입니다."
SWEEP_NO_EXACT = "정확한 곡선은 공간을 모두 셀 수 있고 정확도만으로 이끌 때만 알 수 있습니다."
SWEEP_BUTTON = "가이던스 훑기"
SWEEP_CHANGED = "이 훑기 뒤에 설정이 바뀌었습니다."
SWEEP_CSV_HELP = "점들과 정확한 곡선을 CSV로"
SWEEP_HOVER = "가이던스 스케일 %{text}<br>다양성 %{x:.2f}, 평균 %{y:.2f} %"
SWEEP_ALT = "가이던스 스케일에 따른 예측 정확도 평균과 다양성. {ends}"
SWEEP_END = "{name}: 다양성 {wide:.1f}에서 {first:.1f} %부터, {narrow:.1f}에서 {last:.1f} %까지."
DIVERSITY_AXIS = "다양성: 서로 다른 연산 수"
QUALITY_AXIS = "예측 정확도 평균, %"
