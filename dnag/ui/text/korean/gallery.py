"""The words of the gallery of runs in Korean."""

from __future__ import annotations

KEPT_MEMORY = (
    "내 실행은 서버의 메모리에 이 브라우저만을 위해 보관하며, 마지막 페이지를 닫고 {minutes:.0f}분이 지나면 지웁니다. {runs}개, "
    "{size:g} MiB까지이며, 넘으면 이름 없는 오래된 것부터 지웁니다. 중요한 것은 내보내세요."
)
KEPT_FILE = (
    "내 실행은 서버의 파일에 이 브라우저만을 위해 보관하며, 이 브라우저의 쿠키에 든 무작위 열쇠로 다시 찾습니다. {runs}개, "
    "{size:g} MiB까지이며, 넘으면 이름 없는 오래된 것부터 지웁니다."
)
UNUSABLE = "실행을 보관할 수 없습니다: {error}"
NOT_KEPT = "이 실행은 보관하지 않았습니다: {error}"
EMPTY_TITLE = "아직 실행이 없습니다"
EMPTY = "끝난 실행은 모두 여기에 보관합니다. 생성 페이지에서 **생성**을 누르거나, 아래에서 실행을 가져오세요."
TABLE_ALT = "실행의 표, 새것부터. 하나 이상 골라 열거나 비교하거나 내보내거나 지울 수 있습니다."
TABLE_HINT = "네모를 눌러 실행을 고릅니다. 제목을 누르면 정렬됩니다."
WHEN = "M월 D일 HH:mm"
COLUMNS = {
    "picture": "그래프",
    "name": "이름",
    "when": "시각",
    "space": "공간",
    "dataset": "데이터셋",
    "scale": "가이던스",
    "solver": "샘플러 × 스텝",
    "samples": "표본",
    "valid": "유효, %",
    "mean": "평균, %",
    "best": "최고, %",
    "architecture": "최고 아키텍처",
    "size": "MiB",
}
COLUMNS_HELP = {
    "picture": "가장 좋은 후보입니다. 연산의 색은 재생기와 같습니다.",
    "scale": "정확도 1%p당 nat.",
    "valid": "고치지 않아도 아키텍처인 표본의 비율입니다.",
    "mean": "유효한 표본의 예측 정확도 평균입니다.",
    "best": "가장 좋은 후보의 예측 정확도입니다.",
    "size": "보관함에서 차지하는 크기입니다.",
}
UNNAMED = "실행 {number}"
OPEN = "열기"
OPEN_HELP = "실행을 만든 페이지에서 설정과 함께 보여 줍니다. 하나를 고르세요."
COMPARE = "비교"
COMPARE_HELP = "실행 2~4개를 나란히 보여 줍니다."
EXPORT = "내보내기"
EXPORT_HELP = "고른 실행을 zip 하나로: 각각의 설정, 후보, 과정을 담습니다."
NAME = "이름"
NAME_HELP = "이름 있는 실행은 가장 나중에 지워집니다."
NAME_WHICH = "실행 하나를 고르세요"
DELETE = "지우기"
DELETE_HELP = "고른 실행을 완전히 지웁니다."
DELETE_SURE = "실행 {count}개를 완전히 지울까요?"
DELETE_YES = "네, 지웁니다"
IMPORT = "가져오기"
IMPORT_FILE = "이 앱이 내보낸 실행의 zip"
IMPORT_BUTTON = "실행 가져오기"
IMPORTED = "실행 {count}개를 가져왔습니다."
IMPORT_FAILED = "아무것도 가져오지 않았습니다. {error}"
GONE = "그 실행은 이제 보관하고 있지 않습니다."
