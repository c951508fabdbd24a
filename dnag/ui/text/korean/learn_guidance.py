"""The words of chapter 5 in Korean: guidance."""

from __future__ import annotations

TITLE = "가이던스"
HEADING = "가이던스는 확률을 기울입니다"
BEFORE = """
가이던스를 쓴 샘플링은 기울인 분포에서 뽑습니다. 정확도가 1%p 높은 셀이 $e^\\gamma$배 더 자주 나옵니다:
"""
FORMULA = r"""
\begin{aligned}
p_\gamma(a) &\propto p(a)\,e^{\gamma\,\mathrm{acc}(a)} \\
s_\gamma(x,t) &= s(x,t) + \gamma\,\nabla_x m_\gamma(x_t)
\end{aligned}
"""
AFTER = """
논문은 예측 평균 $m_0$을 올라가며(**1차 근사**), γ가 작을 때 맞습니다. **보정된** 가이던스는
$m_\\gamma = \\frac{1}{\\gamma} \\log \\mathbb{E}\\bigl[e^{\\gamma\\,\\mathrm{acc}} \\mid x_t\\bigr]$를 올라가며 어떤 γ에서도
맞습니다. 셀 15,625개를 모두 셀 수 있으므로 정확한 $p_\\gamma$를 압니다.
"""
TRY = "γ를 옮기며 생성된 것을 정확한 분포와 견줘 보세요."
SCALE = "가이던스 스케일 γ"
FORM = "방식"
MEAN = "평균, 생성"
MEAN_HELP = "가이던스를 쓴 표본 {samples}개의 예측 정확도 평균입니다."
MEAN_EXACT = "평균, 정확"
MEAN_EXACT_HELP = "모든 셀에 걸친 기울인 분포의 평균입니다."
DISTINCT = "서로 다름, 생성"
DISTINCT_HELP = "표본 {samples}개 가운데 서로 다른 셀의 수입니다."
DISTINCT_EXACT = "서로 다름, 정확"
DISTINCT_EXACT_HELP = "정확한 분포에서 {samples}개를 뽑을 때의 기댓값입니다."
BATCH = "묶음의 분포"
BATCH_ALT = "예측 정확도의 분포: 가이던스를 쓴 것, 쓰지 않은 것, 그리고 정확한 기울인 분포."
CHART_MEAN = "γ에 따른 평균 정확도"
CHART_MEAN_ALT = "가이던스 스케일에 따른 정확한 평균의 선과 생성된 묶음의 표시."
CHART_DISTINCT = "γ에 따른 서로 다른 셀"
CHART_DISTINCT_ALT = "가이던스 스케일에 따른 서로 다른 셀의 기대 비율의 선과 묶음의 표시."
GENERATED = "생성"

REACH = {
    "ask": "정확한 평균이 처음 94 %에 이르는 γ는 얼마입니까?",
    "right": "약 {answer}입니다. 그 뒤로는 0.1%p마다 다양성을 많이 잃습니다.",
    "wrong": "정확한 평균이 94 %가 될 때까지 γ를 옮겨 보세요.",
}
TOO_MUCH = {
    "ask": "γ가 아주 크면 어떻게 됩니까?",
    "options": (
        ("표본이 무효가 된다", "여기서는 아닙니다: 스코어가 여전히 간선마다 연산 하나로 이끕니다."),
        ("평균이 계속 그만큼 오른다", "대부분 γ = 2 전에 오르고, 가장 좋은 셀이 천장입니다."),
        ("같은 셀 몇 개만 거듭 나온다", "다양성이 떨어집니다: 기울이면 맨 위의 셀들밖에 남지 않습니다."),
    ),
}
