"""The words of the Explore page in Korean."""

from __future__ import annotations

NO_MODEL = "{space}에는 보여 줄 것이 없습니다: {error}"

# --- the architecture looked at ---------------------------------------------------------------------------------------
ARCHITECTURE = "아키텍처"
ARCHITECTURE_HELP = "공간의 문자열 형식으로 적거나 붙여 넣고 Enter를 누르세요."
ARCHITECTURE_HELP_JSON = "공간의 문자열 형식이나 once-for-all의 JSON으로 적거나 붙여 넣고 Enter를 누르세요."
UNREADABLE = "이 공간의 아키텍처가 아니어서 앞의 것을 그대로 둡니다. {error}"
RANDOM = "무작위"
RANDOM_HELP = "공간에서 아키텍처 하나를 뽑습니다"
BEST = "예측 최고"
BEST_HELP = "지도에 있는 {count:,}개 가운데 가장 정확할 것으로 예측된 아키텍처"
ABSENT = "층 없음"
EDGE = "간선 {slot}"
LAYER = "층 {slot}"
PREDICTED = "예측"
PREDICTED_HELP = "순위 예측기들의 평균이며, 예측기 사이의 차이는 {spread:.2f}%p입니다."
STANDING = "상위"
STANDING_HELP = "{of} 가운데 예측 정확도가 이보다 낮지 않은 것의 비율입니다."
ABOVE = "모두보다 위"
MEASURED = "측정"
MEASURED_HELP = "학습 후 정확도: {source}."
UNMEASURED_HELP = "{dataset}에서 잰 값이 설치되어 있지 않습니다."
MACS = "MACs"
MACS_HELP = "이미지 한 장의 곱셈-누산 연산 수입니다."
PARAMS = "파라미터"
DISCONNECTED = "입력에서 출력으로 가는 길이 없습니다: 무엇을 배우든 출력은 이미지와 상관이 없습니다."

# --- neighbours and the walk ------------------------------------------------------------------------------------------
NEIGHBOURS = "한 가지만 바꾸면"
NEIGHBOURS_COUNT = "이웃 {count}개, 예측이 더 좋은 것 {better}개"
NEIGHBOURS_HINT = "행을 고르면 그리로 갑니다. 제목을 누르면 정렬됩니다."
NEIGHBOURS_ALT = "한 가지만 다른 아키텍처의 표, 좋은 순서. 행을 고르면 그리로 갑니다."
CHANGE = "{place}: {before} → {after}"
CHANGE_WIDTH = 228
COLUMNS = {
    "change": "바꿀 것",
    "predicted": "예측",
    "difference": "Δ",
    "measured": "측정",
    "macs_m": "MACs, M",
    "params_m": "파라미터, M",
}
COLUMNS_HELP = {
    "difference": "위 아키텍처와 예측 정확도의 차이, %p.",
    "measured": "학습 후 정확도, %: {source}.",
}
BACK = "뒤로"
BACK_HELP = "앞의 아키텍처로"
WALK = "지나온 길"
WALK_STEP = "{predicted:.2f} %"

# --- the map ----------------------------------------------------------------------------------------------------------
MAP = "공간의 지도"
MAP_GRID = "아키텍처 {count:,}개가 저마다 칸 하나에 있습니다: {across}, {up}이(가) 구역을, 나머지가 칸을 정합니다."
MAP_PLANE = "공간에서 무작위로 뽑은 네트워크 {count:,}개를 크기와, 크기로 설명되지 않는 정확도로 놓았습니다."
MAP_PROPERTIES = "아키텍처 {count:,}개를 두 성질로 놓았습니다. 서로 가릴 수 있습니다."
MAP_HINT = "점을 누르면 그리로 갑니다."
AXES = "축"
AXES_KINDS = {"map": "지도", "properties": "성질"}
COLOUR = "색"
ACROSS = "가로"
UP = "세로"
ACCURACY_PREDICTED = "예측 정확도"
ACCURACY_MEASURED = "측정 정확도"
NUMBER_OF = "{op}의 수"
NUMBER_OF_LAYERS = "층의 수"
WITH_UNIT = "{name}, {unit}"
PLANE_UP = "크기로 설명되지 않는 정확도, %p"
PLANE_ACROSS = "MACs, M"
AT_MOST = "≤ {value}"
SELECTED = "보고 있는 것"
NEIGHBOUR = "한 가지 다른 것"
GENERATED = "생성된 것"
MAP_ALT = "{colour}에 따라 칠한 아키텍처 지도. 표와 입력란으로도 모든 아키텍처에 갈 수 있습니다."

# --- the generated ones -----------------------------------------------------------------------------------------------
BATCH = "생성된 것의 위치"
BATCH_WORDS = (
    "마지막 실행({run})의 **서로 다른 아키텍처 {distinct:,}개**. 가장 좋은 {best:.2f} %는 {best_standing}입니다. "
    "평균 {mean:.2f} %는 {mean_standing}입니다."
)
AMONG = "{of} 중 상위 {share}"
ABOVE_ALL = "{of}보다 위"
BEST_OF = "{of} 중 최고"
OF_ALL = "아키텍처 {count:,}개 전체"
OF_SAMPLE = "무작위 네트워크 {count:,}개"
SPACE = "공간 전체"
SPACE_SAMPLED = "무작위 네트워크"
BATCH_ALT = "예측 정확도의 히스토그램: 공간 전체와 그 위의 생성된 묶음."
BATCH_NONE = (
    "아직 생성한 것이 없습니다. 생성 페이지에서 **생성**을 누르고 돌아오면, 묶음이 지도와 공간 전체에서 어디에 있는지 볼 수 "
    "있습니다."
)

# --- code -------------------------------------------------------------------------------------------------------------
CODE = "코드로 복사"
CODE_PYTHON = "Python"
CODE_SHELL = "명령줄"
