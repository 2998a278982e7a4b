"""What is estimated beyond counts: risks of small areas, how past predictions did, premises beside their kind."""

from preventable.tables.estimate_rules import AREA_LEVELS, NOT_TOLD_APART, WELL_ABOVE
from preventable.tables.schema import Column, Sensitivity, Table

_DEFINITION = (
    Column("definition", "text", "Definition in policy/definitions.", nullable=False),
    Column("definition_version", "integer", "Its version.", nullable=False),
    Column("source", "text", "Kind of source.", nullable=False),
)
_DRIFT = (
    Column("drift_variance", "number", "Variance of the log of an area's real change from one period to the next; null where nothing was predicted."),
    Column("drift_basis", "text", "measured: from two halves of the history; assumed: stages/estimates/rules.toml; empty where nothing was predicted.", allowed=("", "measured", "assumed"), nullable=False),
)
_STATUS = ("estimated", "not_enough_history", "incomplete", "few_events", "one_area")

AREA_ESTIMATES = Table(
    name="area_estimates",
    description="Relative risk of each middle and small area over the last twelve months, smoothed, with what the next twelve are likely to bring. Exact; never leaves the restricted side.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "area_type", "area"),
    source="stages/estimates; docs/methods/smoothing.md",
    columns=(
        *_DEFINITION,
        Column("area_type", "text", "Middle or small area.", allowed=AREA_LEVELS, nullable=False),
        Column("area", "text", "Area code.", nullable=False),
        Column("period_start", "text", "First month, YYYY-MM.", nullable=False),
        Column("period_end", "text", "Last month.", nullable=False),
        Column("months", "integer", "Months of it whose providers have sent in the area's district: the others are gaps.", unit="months", nullable=False),
        Column("count", "integer", "Exact count of these months.", unit="records", nullable=False),
        Column("expected", "number", "Count at the region's rate; null where there is no estimate.", unit="records"),
        Column("risk", "number", "Smoothed relative risk: 1 is the region's."),
        Column("lower_80", "number", "Lower 80 % limit of the risk."),
        Column("upper_80", "number", "Upper 80 % limit."),
        Column("lower_95", "number", "Lower 95 % limit."),
        Column("upper_95", "number", "Upper 95 % limit."),
        Column("above_region", "number", "Probability that the risk is above the region's."),
        Column("predicted_start", "text", "First month of what is predicted.", nullable=False),
        Column("predicted_end", "text", "Last month.", nullable=False),
        Column("predicted", "number", "Mean of the predicted count of twelve complete months.", unit="records"),
        Column("predicted_variance", "number", "Variance of the predicted count: negative binomial.", optional=True),
        Column("predicted_lower", "integer", "Lower 95 % limit of the predicted count.", unit="records"),
        Column("predicted_upper", "integer", "Upper 95 % limit.", unit="records"),
        Column("method", "text", "leroux: neighbours tell; poisson_gamma: the larger area tells; empty where there is no estimate.", allowed=("", "leroux", "poisson_gamma"), nullable=False),
        Column("covariate", "text", "deprivation: its rank tells too; none: it is not held of every area, or the method has none.", allowed=("deprivation", "none"), nullable=False),
        Column("exposure", "text", "residents: expected in proportion to residents and days; areas: to days alone, as residents are not held of every area.", allowed=("residents", "areas"), nullable=False),
        *_DRIFT,
        Column("status", "text", "estimated, or why not.", allowed=_STATUS, nullable=False),
        Column("reason", "text", "Why not, in words; empty otherwise.", nullable=False),
    ),
)

PREDICTION_SCORES = Table(
    name="prediction_scores",
    description="What the same method would have predicted from the months up to an earlier one alone, held to what came; and the raw rate beside it.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "area_type", "method"),
    source="stages/estimates; docs/methods/smoothing.md",
    columns=(
        *_DEFINITION,
        Column("area_type", "text", "Middle or small area.", allowed=AREA_LEVELS, nullable=False),
        Column("method", "text", "smoothed: that of area_estimates; raw_rate: the area's own rate, Poisson.", allowed=("smoothed", "raw_rate"), nullable=False),
        Column("made_to", "text", "Last month that the prediction knew, YYYY-MM; empty where there is none.", nullable=False),
        Column("period_start", "text", "First month that was predicted.", nullable=False),
        Column("period_end", "text", "Last month.", nullable=False),
        Column("areas", "integer", "Areas scored.", unit="areas", nullable=False),
        Column("events", "integer", "What came in them.", unit="records", nullable=False),
        Column("log_score", "number", "Mean log probability of what came: higher is better."),
        Column("covered", "number", "Share of areas inside their 95 % interval."),
        Column("caught", "number", "Share of what came in the areas predicted to be the top share."),
        Column("best_caught", "number", "The same of the areas that turned out to be the top share: the most that can be caught."),
        Column("top_share", "number", "Share of areas that is the top."),
        *_DRIFT,
        Column("status", "text", "estimated, or why not.", allowed=_STATUS, nullable=False),
        Column("reason", "text", "Why not, in words; empty otherwise.", nullable=False),
    ),
)

PAST_PREDICTIONS = Table(
    name="past_predictions",
    description="What was predicted of each area at every past release: kept for good, and never made anew once a later month has come.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "definition_version", "area_type", "area", "made_to"),
    source="stages/estimates; carried from run to run",
    columns=(
        *_DEFINITION,
        Column("area_type", "text", "Middle or small area.", allowed=AREA_LEVELS, nullable=False),
        Column("area", "text", "Area code.", nullable=False),
        Column("made_to", "text", "Last month that the prediction knew, YYYY-MM.", nullable=False),
        Column("period_start", "text", "First month that is predicted.", nullable=False),
        Column("period_end", "text", "Last month.", nullable=False),
        Column("predicted", "number", "Mean of the count of its complete months.", unit="records", nullable=False),
        Column("variance", "number", "Variance of that count: negative binomial.", nullable=False),
    ),
)

PAST_SCORES = Table(
    name="past_scores",
    description="The predictions of each past release held to what came, as it stands today, once all of their months have come.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "definition_version", "area_type", "made_to"),
    source="stages/estimates; docs/methods/smoothing.md",
    columns=(
        *_DEFINITION,
        Column("area_type", "text", "Middle or small area.", allowed=AREA_LEVELS, nullable=False),
        Column("made_to", "text", "Last month that the predictions knew, YYYY-MM.", nullable=False),
        Column("period_start", "text", "First month that was predicted.", nullable=False),
        Column("period_end", "text", "Last month.", nullable=False),
        Column("areas", "integer", "Areas scored: those of which a month at least has come whole.", unit="areas", nullable=False),
        Column("events", "integer", "What came in them.", unit="records", nullable=False),
        Column("log_score", "number", "Mean log probability of what came: higher is better; null where it is not scored, as what follows."),
        Column("covered", "number", "Share of areas inside their 95 % interval."),
        Column("caught", "number", "Share of what came in the areas predicted to be the top share."),
        Column("best_caught", "number", "The same of the areas that turned out to be the top share: the most that can be caught."),
        Column("top_share", "number", "Share of areas that is the top."),
        Column("status", "text", "scored, or why not.", allowed=("scored", "waiting", "other_version", "incomplete", "few_events"), nullable=False),
        Column("reason", "text", "Why not, in words; empty otherwise.", nullable=False),
    ),
)

PREMISES_ESTIMATES = Table(
    name="premises_estimates",
    description="Premises beside others of their type and size in the region over the last twelve months. Exact; what is told of it is worked out again from shown counts by disclosure.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "venue"),
    source="stages/estimates under policy/estimates.toml; docs/methods/premises.md",
    columns=(
        *_DEFINITION,
        Column("venue", "text", "Venue id.", nullable=False),
        Column("district", "text", "Its district; empty where that is not known.", nullable=False),
        Column("venue_type", "text", "Type.", nullable=False),
        Column("size_band", "text", "Band of its capacity, persons.", nullable=False),
        Column("period_start", "text", "First month, YYYY-MM.", nullable=False),
        Column("period_end", "text", "Last month.", nullable=False),
        Column("named", "integer", "Records that name the premises alone.", unit="records", nullable=False),
        Column("observed", "integer", "These and its shares of others, to the nearest whole number.", unit="records", nullable=False),
        Column("expected", "number", "Count that its type and size let expect; null where it is not ranked.", unit="records"),
        Column("ratio", "number", "Mean of its ratio to that, drawn towards 1 where few are expected."),
        Column("p_excess", "number", "Probability that the ratio is above the excess of policy/estimates.toml."),
        Column("rank", "integer", "Place in order of that probability, 1 first. Not to be told without the interval."),
        Column("rank_lower", "integer", "Lower end of the interval of its rank by ratio, among those ranked."),
        Column("rank_upper", "integer", "Upper end."),
        Column("tier", "text", "Words that the probability carries; empty where it is not ranked.", allowed=("", WELL_ABOVE, NOT_TOLD_APART), nullable=False),
        Column("status", "text", "ranked, or why not.", allowed=("ranked", "few_events", "not_open", "incomplete", "not_enough_history", "one_premises"), nullable=False),
        Column("reason", "text", "Why not, in words; empty otherwise.", nullable=False),
    ),
)
