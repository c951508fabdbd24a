"""Words of "Your dataset" about known data sets, mixes of classes, and where a data set lies, in Korean."""

from __future__ import annotations

# --- choosing ---------------------------------------------------------------------------------------------------------
MIX_KIND = "ImageNet 클래스"
FEATURES_ONLY = "{label}, 이미지 없이 특징만"
PROTOTYPES_ONLY = "{label}, 이미지 없이 클래스의 특징만"
MISSING = "그 밖에 쓸 수 있는 것"
MISSING_INTRO = "이 데이터셋들은 함께 배포할 수 없습니다. 서버에 있으면 여기에서 고를 수 있습니다."
MISSING_ITEM = "- **{label}**: `{command}`"
MISSING_FOLDERS = (
    "`fetch`는 데이터셋을 앱의 `data` 폴더에 둡니다. 다른 곳에 있는 것은 환경 변수 `{variable}`가 가리키는 폴더에서 찾습니다. "
    "`python -m dnag encode`가 쓴 특징만 있어도 됩니다."
)
FEATURES = (
    ":material/check: **{name}**: 클래스 {classes:,}개를 특징으로 압니다. 이미지는 없습니다. 이제 **생성**을 누르세요."
)
MIX = "클래스"
MIX_HELP = (
    "각 클래스는 그림 한 장을 열 가지로 본 특징의 평균으로, 줄인 형태로 앱에 들어 있습니다. 예측 순서는 열 가지로 볼 때만큼 "
    "좋으며, 예측 정확도는 1%p쯤 다를 수 있습니다."
)
MIX_NONE = "둘 이상 고르거나 무작위로 뽑으세요"
MIX_SEED = "뽑기 시드"
MIX_DRAW = "무작위로 {count}개"

# --- where it lies ----------------------------------------------------------------------------------------------------
TITLE = "내 클래스의 위치"
MAP_ALT = (
    "ImageNet 클래스 {imagenet:,}개의 지도. 내 클래스 {classes:,}개는 그 사이의 번호 붙은 점이고, 알려진 데이터셋의 클래스는 "
    "다른 모양입니다."
)
IMAGENET = "ImageNet 클래스"
OWN = "내 클래스"
MAP_HELP = (
    "지도에서 이웃이면 특징 추출기에 비슷하게 보입니다. 더 먼 거리와 방향에는 뜻이 없습니다. 클래스는 가장 가까운 ImageNet "
    "클래스 {nearest}개의 가중 평균 자리에 있어서, 그것들이 떨어져 있으면 그 사이에 놓입니다."
)
TABLE = "가장 가까운 ImageNet 클래스"
TABLE_ALT = "내 클래스마다 가장 가까운 ImageNet 클래스와 그 가까움을 적은 표."
TABLE_HELP = (
    "괄호 안은 가까움: 평균 특징 사이의 코사인으로, 1이면 같고 0이면 관계가 없습니다. ImageNet은 클래스마다 32픽셀 그림 한 "
    "장으로 알므로, 무엇인지가 아니라 무엇과 비슷해 보이는지를 말합니다."
)
COLUMN_CLASS = "내 클래스"
COLUMNS = ("가장 가까움", "둘째", "셋째")
NEAR = "{name} ({value:.2f})"
DATASETS = "가장 가까운 알려진 데이터셋"
DATASETS_HELP = "괄호 안은 거리: 클래스 집합 사이의 에너지 거리로, 0이면 같고 1이면 겹치는 것이 없습니다."
