"""The words of the app in Korean."""

from __future__ import annotations

APP = "DiffusionNAG Studio"
OVERVIEW = "개요"
GENERATE = "생성"
DATASET = "내 데이터셋"
COMPARE = "비교"
EXPLORE = "둘러보기"
GALLERY = "보관함"
LEARN = "배우기"
GLOSSARY = "용어집"
LANGUAGE = "언어"

NAMES = {
    "auto": "자동",
    "shipped": "기본 제공",
    "cpu": "CPU",
    "cuda": "GPU (CUDA)",
    "mps": "GPU (Apple)",
    "ve": "VE",
    "vp": "VP",
    "subvp": "sub-VP",
    "heun": "Heun",
    "euler_maruyama": "Euler–Maruyama",
    "reverse_diffusion": "역확산",
    "predictor_corrector": "예측기–교정기",
    "paper": "논문 방식 (1,000스텝)",
    "dpm_solver": "DPM-Solver++",
    "calibrated": "보정됨",
    "first_order": "1차 근사",
    "exact": "전수 계산 (정확)",
    "none": "없음",
    "learned": "학습됨",
}

# --- controls ---------------------------------------------------------------------------------------------------------
MISSING = "–"  # a value that is not known
MORE_SETTINGS = "추가 설정"
SHORTCUT_HELP = "G 키를 눌러도 됩니다"
SCALE_OFF = "가이던스 없음: 각 아키텍처는 확산 모델이 만드는 확률 그대로 나옵니다."
SCALE_WORDS = "정확도가 1%p 높은 아키텍처가 {factor}배 더 자주 나옵니다."
SCALE_TENTH = "정확도가 0.1%p 높은 아키텍처가 {factor}배 더 자주 나옵니다."
SCALE_PAPER = "논문의 스케일로는 {paper}입니다."
BUDGET_NONE = "제한 없음"
BUDGET_HELP = "아키텍처가 넘지 않아야 할 비용입니다. 가이던스가 이를 지키는 것을 더 자주 만들며, 넘는 것은 드뭅니다."
BUDGET_WORDS = "최대 {limit}. 이 공간의 범위는 {low}~{high}입니다."
BUDGET_WIDTH = "폭 {width}인 네트워크입니다."
BUDGET_ERROR = "예측값이며, 학습에 쓰지 않은 측정 네트워크에서 평균 오차는 {error} %입니다."
BUDGET_RANGE = "{name}: {limit}; 허용 범위: {low}~{high}"
LATENCY = "지연 시간, {device}"
COSTS = {"macs_m": "MAC 수", "params_m": "파라미터 수"}
COST_LATENCY = "{device}의 지연 시간"
LIMITS = {"macs_m": "{limit:g} M MACs", "params_m": "파라미터 {limit:g} M"}
LIMIT_LATENCY = "{device}에서 {limit:g} ms"

# --- a run under way --------------------------------------------------------------------------------------------------
SECONDS = "{seconds}초"
MINUTES = "{minutes}분 {seconds}초"
STARTING = "시작하는 중 …"
QUEUED = "대기 중: 앞에 {ahead}개"
RUNNING = "{total}스텝 중 {step} · {elapsed} 경과"
RUNNING_ETA = "{total}스텝 중 {step} · {elapsed} 경과 · 약 {remaining} 남음"
CANCEL = "취소"
CANCELLED = "{total}스텝 중 {step}에서 취소했습니다. 설정을 바꾸거나 **{button}** 버튼을 눌러 다시 실행하세요."
CANCELLED_QUEUED = "시작 전에 취소했습니다. **{button}** 버튼을 눌러 다시 실행하세요."
LAPSED = "보고 있는 사람이 없어 실행을 멈췄습니다. **{button}** 버튼을 눌러 다시 실행하세요."
FAILED = "실행이 오류로 끝났습니다: {error}"
FAILED_DETAILS = "자세히"
LINK_BAD = "링크가 없는 값을 요청하여 기본값을 대신 씁니다:"
LINK_BAD_ITEM = "{name}: {value}; 허용: {allowed}"
LINK_BAD_TEXT = "{name}: {allowed}"
LINK_DELETED = "이 링크의 실행은 직접 지운 것입니다. **생성**을 누르면 그 설정으로 다시 만듭니다."
LINK_RERUN = "이 실행은 메모리에 없어 링크의 설정으로 다시 만들었습니다. 결과는 같습니다."
SETTINGS_BAD = "이 설정으로는 실행할 수 없습니다: {error}"
CHANGED = "이 실행 뒤에 설정이 바뀌었습니다. **{button}** 버튼을 누르면 적용됩니다."

# --- nothing yet ------------------------------------------------------------------------------------------------------
EMPTY_TITLE = "아직 아키텍처가 없습니다"
EMPTY = """
데이터셋과 정확도로 이끄는 세기를 고른 뒤 **생성** (또는 **G** 키)을 누르세요.

노이즈가 한 스텝씩 아키텍처 그래프로 바뀝니다. 순위가 매겨진 후보, 각 후보가 만들어진 과정, 그리고 이끌지 않은 묶음과의
비교를 볼 수 있습니다.
"""
EMPTY_BUTTON = "첫 실행 시작"

# --- results ----------------------------------------------------------------------------------------------------------
SUBTITLE = "{dataset}용 아키텍처 {samples:,}개"
SUBTITLE_OWN = "내 데이터셋"
SUBTITLE_SIZE = " ({pixels}픽셀)"
SUBTITLE_WIDTH = " (폭 {width:g})"
SUBTITLE_ACCURACY = "예측 정확도로 이끎, 가이던스 스케일 {scale:g}"
SUBTITLE_MORE = "{cost} 증가 방향 ({unit}당 {nats:g} nat)"
SUBTITLE_LESS = "{cost} 감소 방향 ({unit}당 {nats:g} nat)"
SUBTITLE_LIMIT = "최대 {limit}"
SUBTITLE_UNGUIDED = "이끌지 않음"
COPY_LINK = "링크 복사"
KEEP = "보관"
KEEP_HELP = "다른 사람의 실행입니다. 내 보관함에 넣습니다."
KEPT = "실행을 보관함에 넣었습니다."
COPY_LINK_HELP = "같은 설정과 같은 결과로 이 페이지를 엽니다."
CSV = "CSV"
CSV_HELP = "순위가 매겨진 후보의 표"
JSON = "JSON"
JSON_HELP = "설정을 포함한 전체 결과"

VALID = "유효"
VALID_HELP = "표본 {requested:,}개 가운데 고치지 않아도 아키텍처인 것의 비율입니다."
DISTINCT = "서로 다름"
DISTINCT_HELP = "유효한 표본 {valid:,}개 가운데 서로 다른 아키텍처의 수입니다."
INSIDE = "예산 안"
INSIDE_HELP = "유효한 표본 {valid:,}개 가운데 예산을 모두 지킨 것의 비율입니다."
PREDICTED_MEAN = "예측 평균"
PREDICTED_MEAN_HELP = "묶음의 예측 정확도 평균입니다. 여러 번 나온 아키텍처는 그만큼 셉니다."
UNGUIDED_MEAN = "가이던스 없을 때"
UNGUIDED_MEAN_HELP = "가이던스 없이 뽑은 아키텍처의 예측 정확도 평균입니다."
BEST = "최고 후보"
BEST_HELP = "1위 후보의 예측 정확도입니다."
EFFORT = "평가 · 시간"
EFFORT_HELP = "표본마다 네트워크를 평가한 횟수와 전체 실행 시간입니다."

NONE_VALID = "논문의 기준으로 아키텍처인 표본이 없습니다. 스텝을 늘리거나 가이던스를 줄여 보세요."
PREDICTED = "진행 중 예측값"
PLAYER_TITLE = "{rank}위 후보의 노이즈 제거 과정"
TABLE = "후보 순위"
TABLE_COUNT = "서로 다른 {all:,}개 중 {shown:,}개"
TABLE_ALT = "후보 표, 좋은 순서. 행을 고르면 그래프와 만들어진 과정을 볼 수 있습니다."
TABLE_HINT = "행을 고르면 재생기에 나타납니다. 제목을 누르면 정렬됩니다."
FILTER = "거르기"
FILTER_TEXT = "아키텍처에 들어 있는 글자"
FILTER_TEXT_EXAMPLE = "예: skip_connect~0"
FILTER_CONNECTED = "연결된 것만"
FILTER_MEASURED = "측정된 것만"
FILTER_INSIDE = "예산 안의 것만"
FILTER_EMPTY = "조건에 맞는 후보가 없습니다. 조건을 넓히면 다시 나타납니다."
COLUMNS = {
    "rank": "#",
    "cell": "연산",
    "predicted": "예측",
    "std": "±",
    "measured": "측정",
    "stages": "단계별 층",
    "macs_m": "MACs, M",
    "params_m": "파라미터, M",
    "over": "예산",
    "count": "나온 횟수",
    "disconnected": "끊김",
    "architecture": "아키텍처",
}
COLUMNS_HELP = {
    "cell": "아키텍처 문자열의 순서대로 적은 연산입니다. 글자는 재생기의 범례와 같습니다.",
    "predicted": "순위 예측기들의 평균, %.",
    "std": "순위 예측기들 사이의 차이, %p.",
    "measured": "학습 후 정확도, %: {source}.",
    "stages": "각 층의 커널과 확장 비율, 재생기의 범례와 같습니다.",
    "over": "예산보다 비용이 큰지 여부입니다.",
    "macs_m": "이미지 한 장의 곱셈-누산 연산 수입니다.",
    "count": "이 아키텍처가 나온 횟수입니다.",
    "disconnected": "입력에서 출력으로 가는 길이 없습니다.",
}
OVER = "초과"
COLUMN_LATENCY = "지연 시간, ms"
COLUMN_DEVICE = "{device}, ms"
NO_MEASURED = "{dataset}의 측정값이 설치되어 있지 않습니다. DNAG_DATA에 벤치마크 파일의 폴더를 지정하세요."
NO_MEASURED_OWN = "예측값 옆에 측정값이 없습니다: 이 이미지로 이 네트워크를 학습한 사람이 아직 없습니다."

DISTRIBUTION = "묶음의 분포"
DISTRIBUTION_ALT = "예측 정확도의 히스토그램: 가이던스를 쓴 묶음과 쓰지 않은 묶음."
GUIDED = "가이던스 사용"
UNGUIDED = "가이던스 없음"
EXACT = "정확한 분포"
PREDICTED_AXIS = "예측 정확도, %"
MEASURED_AXIS = "측정 정확도, %"
OUTSIDE = "그림 밖에 {n}개 더"
SCATTER = "예측과 측정"
SCATTER_ALT = "예측 정확도와 측정 정확도의 산점도, 후보마다 점 하나."
SPEARMAN = "ρ {rho:.2f}"
SPEARMAN_HELP = "ρ: 측정값이 있는 후보 {n}개({source})의 스피어만 순위 상관입니다. 1이면 순서가 같습니다."
COST = "정확도와 비용"
COST_AXIS = "비용"
COST_HOVER = "%{{text}}<br>{cost}: %{{x:.4g}}, 예측 %{{y:.2f}} %"
COST_ALT = "예측 정확도와 비용({cost})의 산점도, 후보마다 점 하나, 그리고 가장 좋은 것들의 경계."

# --- a dataset of one's own -------------------------------------------------------------------------------------------
IMAGES = "이미지"
IMAGES_FROM = "가져올 곳"
IMAGES_KINDS = {"upload": "올리기", "builtin": "알려진 데이터셋", "folder": "서버의 폴더"}
IMAGES_FILE = "클래스마다 이미지 폴더가 하나씩 있는 zip 파일"
IMAGES_FILE_HELP = (
    "압축 {packed} MiB, 풀어서 {unpacked} MiB, 파일 {files:,}개, 클래스 {classes}개까지. 이미지 한 장은 "
    "{image} MiB, {pixels:g}백만 픽셀까지. PNG, JPEG, BMP, GIF, WebP, TIFF, PPM."
)
IMAGES_PRIVATE = (
    "이 이미지는 나만 볼 수 있습니다. 이 페이지가 열려 있는 동안만 서버의 디스크에 있으며, 페이지를 닫거나 다른 이미지를 고르면, "
    "또는 이미지로 하던 학습이 끝나면 지워집니다. 캐시에는 특징(이미지당 숫자 1,280개)만 남습니다."
)
IMAGES_NAME = "데이터셋"
IMAGES_NAME_NONE = "설치된 것을 고르세요"
IMAGES_FOLDER = "폴더"
IMAGES_FOLDER_HELP = "{folders} 안에서, 클래스마다 이미지 폴더가 하나씩 있는 폴더."
IMAGES_READING = "이미지를 읽는 중 …"
IMAGES_READ = "**{name}**: 클래스 {classes:,}개, 이미지 {images:,}장, 클래스당 {each}장"
IMAGES_RANGE = "{least:,}~{most:,}"
IMAGES_COUNT = "이미지 {count:,}장"
IMAGES_MORE = "그 밖에 클래스 {count:,}개"
IMAGES_ALT = "{name} 클래스의 이미지"
ENCODE = "인코딩"
ENCODE_HELP = "고정된 네트워크가 클래스마다 이미지 20장을 봅니다. 그 특징이 예측기에 이 데이터를 알려 줍니다."
ENCODE_FIRST = "먼저 이미지를 고르고 인코딩하세요"
ENCODE_FAILED = "이미지를 인코딩하지 못했습니다: {error}"
ENCODE_CANCELLED = "인코딩을 멈췄습니다. **인코딩**을 누르면 이어서 합니다."
ENCODED = ":material/check: 인코딩됨: 클래스 {classes:,}개 × {count}장 × 특징 {width:,}개. 이제 **생성**을 누르세요."
DATASET_LINK_GONE = "이 링크의 실행은 메모리에 없고, 이미지는 보관하지 않습니다. 이미지를 다시 골라 주세요."
DATASET_EMPTY = """
이미지를 골라 인코딩한 뒤 **생성** (또는 **G** 키)을 누르세요.

바로 이 이미지에서 얼마나 정확할지 예측하여 아키텍처를 이끌고 순위를 매깁니다.
"""

# --- the player -------------------------------------------------------------------------------------------------------
PLAYER = {
    "play": "재생",
    "pause": "일시 정지",
    "back": "한 스텝 뒤로",
    "next": "한 스텝 앞으로",
    "speed": "재생 속도",
    "scrubber": "노이즈 제거 스텝",
    "status": "{steps}스텝 중 {step} · 노이즈 수준 σ {sigma}",
    "graph": "아키텍처 그래프: 연산이 확실해질수록 색이 짙어집니다",
    "bars": "모든 연산의 확률",
    "slot": "{slot}: {op} {percent} %",
    "settled": "{step}스텝에서 정해짐",
    "settled_here": "여기서 정해짐: {slots}",
    "settled_count": "연산 {slots}개 중 {settled}개 정해짐",
    "absent": "없음",
    "final": "결과",
}
