"""Words of the panel that trains candidates for real, in Korean."""

from __future__ import annotations

TITLE = "고른 후보 학습"
INTRO = "후보를 {dataset}의 이미지로 학습하고, 그 정확도를 예측 정확도와 나란히 보여 줍니다."
MISSING = (
    "후보를 실제로 학습하려면 {dataset}의 이미지가 필요한데 이 컴퓨터에 없습니다. {folders}가 가리키는 폴더에, 클래스마다 이미지 "
    "폴더가 하나씩 있는 폴더 `{name}` 또는 `{name}.npz`로 넣어 주세요."
)
MISSING_FETCH = (
    "후보를 실제로 학습하려면 {dataset}의 이미지가 필요한데 이 컴퓨터에 없습니다. `{command}`로 가져오거나, 이미지가 있는 폴더를 "
    "{folders}로 알려 주세요."
)
FEATURES_ONLY = "이 데이터셋은 특징만 있습니다. 후보를 실제로 학습하려면 이미지가 필요합니다."
IMAGES_GONE = "이 실행의 이미지는 이제 여기에 없습니다. 위에서 골라 인코딩하면 후보를 학습할 수 있습니다."
CANDIDATES = "후보"
CANDIDATES_HELP = "표의 후보이며, 순위와 예측 정확도를 적었습니다. 한 번에 {most}개까지입니다."
CANDIDATES_NONE = "학습할 후보를 고르세요"
OPTION = "{name} · {predicted:.2f} %"
RECIPE = "학습 방법"
EPOCHS = "에폭"
SEEDS = "시드 수"
SEEDS_HELP = "후보마다 학습할 횟수입니다. 둘부터 95 % 구간이 나옵니다."
DEVICE = "장치"
START = "학습"
PLAN = "{epochs}에폭 학습 {trainings}번. {about}"
START_NONE = "먼저 후보를 고르세요"

QUEUED = "이 서버의 다른 학습을 기다리는 중: 앞에 {ahead}개"
STARTING = "이미지를 읽는 중 …"
RUNNING = "{total}에폭 중 {step} · {elapsed} 경과"
RUNNING_ETA = "{total}에폭 중 {step} · {elapsed} 경과 · 약 {remaining} 남음"
STOPPING = "멈추는 중 …"
CANCEL = "학습 취소"
CANCELLED = "{total}에폭 중 {step}에서 멈췄습니다. 학습한 것은 이 페이지가 열려 있는 동안 남아 있습니다."
RESUME = "이어서 하기"
FAILED = "학습이 오류로 끝났습니다: {error}"
FAILED_TRIAL = "{name}을(를) 학습하지 못했습니다: {error}"
GONE = "이 링크의 학습은 메모리에 없습니다."

SUBTITLE = "{dataset}에서 **{candidates}** · 학습 방법 {recipe}, {epochs}에폭, 시드 {seeds}개씩"
EPOCH_AXIS = "에폭"
ACCURACY = "시험 정확도"
LOSS = "학습 손실"
ACCURACY_ALT = "에폭마다의 시험 정확도, 학습마다 선 하나."
LOSS_ALT = "에폭마다의 평균 학습 손실, 학습마다 선 하나."
HOVER = "{name}, 시드 {seed}<br>에폭 %{{x}}: {label} %{{y:.4g}} {unit}<extra></extra>"
COLUMNS = {
    "candidate": "후보",
    "predicted": "예측, %",
    "trained": "학습, %",
    "interval": "± 95 %",
    "done": "학습 수",
    "seeds": "시드별, %",
    "architecture": "아키텍처",
}
COLUMNS_HELP = {
    "predicted": "예측기가 말하는, 전체 네트워크를 끝까지 학습했을 때의 정확도입니다.",
    "trained": "마지막 에폭 뒤 시험 이미지의 정확도, 시드들의 평균입니다.",
    "interval": "시드 평균의 95 % 구간 폭의 절반(스튜던트 t)이며, 시드가 하나면 없습니다.",
    "done": "고른 것 가운데 끝난 학습 수입니다.",
}
DONE = "{all} 중 {done}"
TABLE_ALT = "후보마다 예측 정확도와 학습 정확도, 학습이 좋은 순서."
SPEARMAN = "예측과 학습 정확도의 순위 상관(스피어만): 후보 {n}개에서 **{rho:.2f}**."
SPEARMAN_FEW = "순위 상관에는 정확도가 서로 다른 후보 셋이 필요합니다."
CSV_HELP = "예측 정확도와 학습 정확도의 표"
JSON_HELP = "학습 방법, 표와 곡선"
