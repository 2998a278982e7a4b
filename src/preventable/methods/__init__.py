"""Arithmetic from the literature, usable alone: no files, no web, no table names.

Every result is a frozen dataclass that carries its unit. Each function names its source, and
`tests/methods` holds it to the numbers of another program and of published papers.
"""

from preventable.methods.changes import (
    Change,
    LevelDispersion,
    change_between,
    change_between_bands,
    level_dispersion,
)
from preventable.methods.false_discovery import (
    Candidate,
    Line,
    benjamini_hochberg,
    excess_harm,
    line_states,
    signal_lines,
    simes_p,
    tree_selection,
)
from preventable.methods.funnels import (
    Funnel,
    FunnelLimit,
    proportion_funnel,
    proportion_funnel_limit,
    rate_funnel,
    rate_funnel_limit,
    standardised_person_years,
    winsorised_dispersion,
)
from preventable.methods.inequality import Inequality, inequality_of_rates
from preventable.methods.limits import (
    Limits,
    byar_limits,
    exact_poisson_limits,
    poisson_limits,
    widened_poisson_limits,
)
from preventable.methods.means import Mean, mean_of, quantile_groups
from preventable.methods.negative_binomial import (
    combined_p,
    count_quantile,
    detectable_excess,
    normal_score,
    upper_mid_p,
)
from preventable.methods.proportions import (
    MatchedDifference,
    Proportion,
    matched_difference,
    proportion_from_rounded,
    wilson_proportion,
)
from preventable.methods.quasi_poisson import LearningRules, QuasiPoissonFit, fit_quasi_poisson
from preventable.methods.rates import (
    Rate,
    crude_rate,
    crude_rate_from_rounded,
    directly_standardised_rate,
    directly_standardised_rate_from_rounded,
)
from preventable.methods.ratios import Ratio, expected_events, indirectly_standardised_ratio
from preventable.methods.rounding import counts_shown_as, round_half_up
from preventable.methods.similar_areas import SimilarArea, similar_areas
from preventable.methods.weekly_excess import (
    Baseline,
    ExcessRules,
    Prediction,
    WeeklySeries,
    YearlyChange,
    detectable_change,
    fit_baseline,
    others_offsets,
    predict_window,
    yearly_changes,
)
from preventable.methods.words import (
    ChangeEvidence,
    PositionEvidence,
    ProgrammeEvidence,
    SignalEvidence,
    Verdict,
    WordRules,
    Words,
    change_sentence,
    verdict,
)

__all__ = [
    "Baseline",
    "Candidate",
    "Change",
    "ChangeEvidence",
    "ExcessRules",
    "Funnel",
    "FunnelLimit",
    "Inequality",
    "LearningRules",
    "LevelDispersion",
    "Limits",
    "Line",
    "MatchedDifference",
    "Mean",
    "PositionEvidence",
    "Prediction",
    "ProgrammeEvidence",
    "Proportion",
    "QuasiPoissonFit",
    "Rate",
    "Ratio",
    "SignalEvidence",
    "SimilarArea",
    "Verdict",
    "WeeklySeries",
    "WordRules",
    "Words",
    "YearlyChange",
    "benjamini_hochberg",
    "byar_limits",
    "change_between",
    "change_between_bands",
    "change_sentence",
    "combined_p",
    "count_quantile",
    "counts_shown_as",
    "crude_rate",
    "crude_rate_from_rounded",
    "detectable_change",
    "detectable_excess",
    "directly_standardised_rate",
    "directly_standardised_rate_from_rounded",
    "exact_poisson_limits",
    "excess_harm",
    "expected_events",
    "fit_baseline",
    "fit_quasi_poisson",
    "indirectly_standardised_ratio",
    "inequality_of_rates",
    "level_dispersion",
    "line_states",
    "matched_difference",
    "mean_of",
    "normal_score",
    "others_offsets",
    "poisson_limits",
    "predict_window",
    "proportion_from_rounded",
    "proportion_funnel",
    "proportion_funnel_limit",
    "quantile_groups",
    "rate_funnel",
    "rate_funnel_limit",
    "round_half_up",
    "signal_lines",
    "simes_p",
    "similar_areas",
    "standardised_person_years",
    "tree_selection",
    "upper_mid_p",
    "verdict",
    "widened_poisson_limits",
    "wilson_proportion",
    "winsorised_dispersion",
    "yearly_changes",
]
