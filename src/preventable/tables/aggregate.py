"""Figures: exact inside (`indicator_values`), protected outside (`released`)."""

from preventable.codes import allowed
from preventable.tables.pseudonymous import PAIRS
from preventable.tables.schema import Column, Sensitivity, Table

_WHAT = (
    Column("figure", "text", "Name of the figure: definition, version, area, period, breakdown, measure, joined by '/'.", nullable=False),
    Column("definition", "text", "Definition in policy/definitions.", nullable=False),
    Column("definition_version", "integer", "Its version.", nullable=False),
    Column("source", "text", "Kind of source.", nullable=False),
    Column("measure", "text", "What is measured.", allowed=allowed("measure"), nullable=False),
    Column("area_type", "text", "Level of the area.", allowed=allowed("area_type"), nullable=False),
    Column("area", "text", "Area code, or venue id.", nullable=False),
    Column("period_type", "text", "Length of the period.", allowed=allowed("period_type"), nullable=False),
    Column("period_start", "text", "First month, YYYY-MM.", nullable=False),
    Column("period_end", "text", "Last month, YYYY-MM.", nullable=False),
    Column("dimension", "text", "Breakdown: 'all', or the column broken by.", allowed=allowed("dimension"), nullable=False),
    Column("category", "text", "Value of the breakdown, 'all' where there is none.", nullable=False),
)

LINK_MODELS = Table(
    name="link_models",
    description="How two sources are compared: levels of each comparison, and how often matches and chance pairs are at each.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("model", "comparison", "level"),
    source="stages/linkage/comparisons.toml; learned from the records",
    columns=(
        Column("model", "text", "Name of the model: sha256 of its settings as Splink reads them, first 12 digits.", nullable=False, hashed=False),
        Column("pair", "text", "The two sources.", allowed=PAIRS, nullable=False),
        Column("part", "text", "Pairs that it weighs, by the way in which they fit: near each other, one of both without a place ...", nullable=False),
        Column("match_share", "number", "Share of matches among the candidate pairs.", nullable=False),
        Column("comparison", "text", "What is compared.", nullable=False),
        Column("level", "integer", "Number of the level; the first whose condition holds is taken.", nullable=False),
        Column("label", "text", "The level in words.", nullable=False),
        Column("condition", "text", "Its condition as SQL; else takes what is left.", nullable=False),
        Column("matched", "number", "Share of matches at the level (m); null where it says nothing."),
        Column("unmatched", "number", "Share of chance pairs at the level (u); null where it says nothing."),
    ),
)

LINK_QUALITY = Table(
    name="link_quality",
    description="How well two sources could be linked: pairs, chance pairs, links and how many of them are expected to be false.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("pair",),
    source="stages/linkage",
    columns=(
        Column("pair", "text", "The two sources.", allowed=PAIRS, nullable=False),
        Column("left_records", "integer", "Linkable records of the first source, later visits left out.", unit="records", nullable=False),
        Column("right_records", "integer", "Linkable records of the second source, later visits left out.", unit="records", nullable=False),
        Column("candidates", "integer", "Candidate pairs in the whole weeks that both sources have.", unit="pairs", nullable=False),
        Column("chance_candidates", "number", "As many are expected by chance: the mean over week shifts.", unit="pairs"),
        Column("shifts", "integer", "Week shifts of the null linkage.", nullable=False),
        Column("links", "integer", "Candidate pairs that stand in one incident after the merge.", unit="links", nullable=False),
        Column("expected_false", "number", "Of these, links expected to be false: the sum of 1 less the probability; of a link that a third record holds, less that of both links that hold it, where that is more.", unit="links"),
        Column("calibrated", "flag", "Whether probabilities could be calibrated.", nullable=False),
        Column("reason", "text", "Why not, in words; empty otherwise.", nullable=False),
    ),
)

BREAKDOWNS_OF_SHARES = ("all", "place_type", "age_band", "weapon", "district", "quarter")
BREAKDOWNS_TOLD = (
    *BREAKDOWNS_OF_SHARES, "window", "window_by_chance", "model", "at_most",
    "calibration", "false_links", "hidden", "no_place", "no_time", "precision", "rounded_times",
    "level", "similar", "funnel", "deprivation",
    "hour_of_week", "bank_holiday", "bank_holiday_eve", "event", "school_holiday", "top_places", "top_places_by_chance",
    "top_overlap", "top_overlap_if_same", "top_overlap_by_chance",
)  # fmt: skip

KNOWN_TO_POLICE = Table(
    name="known_to_police",
    description="Share of the victims that a health service saw who have a police record, over the whole weeks of the home, in all and by group: estimated from the excess of pair differences, never counted from links.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("source", "measure", "breakdown", "category"),
    source="stages/linkage; docs/explanation/unknown-to-police.md",
    columns=(
        Column("source", "text", "Health service.", allowed=("ambulance", "ed"), nullable=False),
        Column("measure", "text", "Share of what. own_record: victims with a police record of their own; incident: victims of whose incident the police have recorded any victim. own_record_or_ed, of ambulances: patients with a record of their own at the police or an emergency department; incident_or_ed: of whose incident either has any victim.", allowed=("own_record", "incident", "own_record_or_ed", "incident_or_ed"), nullable=False),
        Column("breakdown", "text", "By what the victims are divided; all: not.", allowed=BREAKDOWNS_OF_SHARES, nullable=False),
        Column("category", "text", "The group; empty where they are not divided. Of a window its minutes and metres, of a model the pairs of lists that it takes as dependent, of a check the pair of services or the service.", nullable=False),
        Column("period_start", "text", "First day of the first whole week, YYYY-MM-DD; empty where there is none.", nullable=False),
        Column("period_end", "text", "Last day of the last whole week.", nullable=False),
        Column("weeks", "integer", "Whole weeks.", unit="weeks", nullable=False),
        Column("records", "integer", "Health records, later attendances of one injury left out.", unit="records", nullable=False),
        Column("police_records", "integer", "Police records.", unit="records", nullable=False),
        Column("estimate", "number", "Share known to police, of all the mean of two readings; null where it is not calibrated."),
        Column("standard_error", "number", "Its standard error."),
        Column("lower", "number", "Lower 95 % limit; where the two readings lie too far apart, of the span of both, without an estimate."),
        Column("upper", "number", "Upper 95 % limit."),
        Column("upper_if_hidden", "number", "Upper limit if some police records of these victims lie where no comparison can find them (a wrong date), the share that the stage's rules assume."),
        Column("calibrated", "flag", "Whether there is a figure.", nullable=False),
        Column("reason", "text", "Why there is none, in words; empty otherwise.", nullable=False),
        Column("own_record_part", "number", "Part of the excess pairs that are the victim's own records, not another victim's of the same incident."),
        Column("wide_share", "number", "Share of police records whose from-to window is too wide to compare."),
        Column("moments", "number", "First reading, by product-rule moments; of own records of all alone."),
        Column("moments_error", "number", "Its standard error."),
        Column("tensor", "number", "Second reading, by the excess tensor, its bias taken off."),
        Column("tensor_error", "number", "Its standard error."),
        Column("tensor_bias", "number", "The bias that was taken off: of readings of signals injected into chance pairs."),
    ),
)

DEFINITION_VERSIONS = Table(
    name="definition_versions",
    description="Every version of a definition that this home has ever counted by, and a digest of what it meant. A definition whose meaning changes without a new version is refused.",
    sensitivity=Sensitivity.PUBLIC,
    key=("definition", "version"),
    source="policy/definitions and policy/time_masks.toml; earlier versions are kept",
    columns=(
        Column("definition", "text", "Definition.", nullable=False),
        Column("version", "integer", "Its version.", nullable=False),
        Column("meaning", "text", "sha256 of what it counts: source, basis, denominator, conditions, hours of its mask.", nullable=False),
        Column("title", "text", "Its title when it was first counted.", nullable=False),
    ),
)

INDICATOR_VALUES = Table(
    name="indicator_values",
    description="Exact counts by definition, area, period and breakdown, with their denominators. Never leaves the restricted side.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("figure",),
    source="stages/indicators",
    columns=(
        *_WHAT,
        Column("count", "integer", "Exact count.", unit="records", nullable=False),
        Column("person_years", "number", "Population at risk over the period; null where a rate would mean nothing.", unit="person-years"),
        Column("coverage", "number", "Share of the usual records whose providers have sent that period, times the share of the expected providers that have ever sent.", nullable=False),
        Column("providers_not_expected", "integer", "Providers of this kind that have never sent and are not expected to (policy/disclosure.toml).", unit="providers", nullable=False),
        Column("older_areas", "text", "Of counts whose lines may name areas of an older year in the period. led: they lie whole in this area; shared_out: an area that lies in several was shared out by residents, so that the count is estimated. Null where none may.", allowed=("led", "shared_out"), optional=True),
    ),
)

VENUE_SHARES = Table(
    name="venue_shares",
    description="What figures of venues get of records whose words leave their place between several, beside the records that they count. Never leaves the restricted side.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("figure",),
    source="stages/indicators",
    columns=(
        Column("figure", "text", "Name of the figure.", nullable=False),
        Column("millionths", "integer", "Sum of the shares.", unit="millionths of a record", nullable=False),
    ),
)

POPULATION_BASES = Table(
    name="population_bases",
    description="Person-years by area, period, age band and sex, for rates computed from shown counts. Public figures.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("area_type", "area", "period_type", "period_end", "age_band"),
    source="stages/indicators from the region's populations",
    columns=(
        Column("area_type", "text", "Level of the area.", allowed=allowed("area_type"), nullable=False),
        Column("area", "text", "Area code.", nullable=False),
        Column("period_type", "text", "Length of the period.", allowed=allowed("period_type"), nullable=False),
        Column("period_start", "text", "First month.", nullable=False),
        Column("period_end", "text", "Last month.", nullable=False),
        Column("age_band", "text", "Age band, or 'all'.", nullable=False),
        Column("person_years", "number", "Population at risk.", unit="person-years", nullable=False),
        Column("standard_weight", "number", "Weight of the band in the standard population; null for 'all'."),
    ),
)

#: Breakdowns that a mix is told by.
_MIX = ("weapon_class", "place_type", "age_band", "weekday_hour")
#: Levels of weekly and monthly series.
_SERIES_AREAS = ("region", "district", "neighbourhood", "ward", "middle_area")
AREA_MONTHS = Table(
    name="area_months",
    description="Exact counts of middle and small areas by month, of the definitions that count these levels: a row where there is any record. Never leaves the restricted side.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "area_type", "area", "month"),
    source="stages/indicators",
    columns=(
        Column("definition", "text", "Definition in policy/definitions.", nullable=False),
        Column("definition_version", "integer", "Its version.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("area_type", "text", "Middle or small area.", allowed=("middle_area", "small_area"), nullable=False),
        Column("area", "text", "Area code.", nullable=False),
        Column("month", "text", "Month, YYYY-MM.", nullable=False),
        Column("count", "integer", "Exact count, 1 or more.", unit="records", nullable=False),
    ),
)

WEEKLY_COUNTS = Table(
    name="weekly_counts",
    description="Exact counts by whole week (Monday to Sunday, by date of contact) and by month, of region, districts and what policy names below them, for signals. Never leaves the restricted side.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "area_type", "area", "unit", "week"),
    source="stages/indicators, for the definitions of policy/signals.toml",
    columns=(
        Column("definition", "text", "Definition in policy/definitions.", nullable=False),
        Column("definition_version", "integer", "Its version.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("area_type", "text", "Level of the area.", allowed=_SERIES_AREAS, nullable=False),
        Column("area", "text", "Area code.", nullable=False),
        Column("unit", "text", "Whether it is a week or a calendar month.", allowed=("week", "month"), nullable=False),
        Column("week", "text", "First day of the week or month, YYYY-MM-DD.", nullable=False),
        Column("count", "integer", "Exact count; 0 where nothing came.", unit="records", nullable=False),
        Column("coverage", "number", "Least coverage of the months that it lies in, as of indicator_values.", nullable=False),
    ),
)

MIX_COUNTS = Table(
    name="mix_counts",
    description="What the records of a district and month were: exact counts by weapon, place type, age and hour, for signals. Never leaves the restricted side.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "area", "month", "dimension", "category"),
    source="stages/indicators, for the definitions of policy/signals.toml",
    columns=(
        Column("definition", "text", "Definition in policy/definitions.", nullable=False),
        Column("area", "text", "District.", nullable=False),
        Column("month", "text", "Month, YYYY-MM.", nullable=False),
        Column("dimension", "text", "Breakdown.", allowed=_MIX, nullable=False),
        Column("category", "text", "Its category.", nullable=False),
        Column("count", "integer", "Exact count; a category without any has no row.", unit="records", nullable=False),
    ),
)

SIGNALS = Table(
    name="signals",
    description="What each weekly or monthly series was expected to be and what it was: every scored week or month of every series, found or not. Exact; what is sent is decided by disclosure.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "area_type", "area", "unit", "kind", "weeks", "week"),
    source="stages/signals",
    columns=(
        Column("definition", "text", "Definition in policy/definitions.", nullable=False),
        Column("definition_version", "integer", "Its version.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("area_type", "text", "Level of the area; below the district only against the rest of the region.", allowed=_SERIES_AREAS, nullable=False),
        Column("area", "text", "Area code.", nullable=False),
        Column("unit", "text", "Whether the series is of weeks or, where too few events are usual, of calendar months.", allowed=("week", "month"), optional=True),
        Column("method", "text", "How it was scored: our kernel, or farringtonFlexible.", allowed=("kernel", "farrington"), optional=True),
        Column("kind", "text", "level: did it change; relative: did it change against the rest of the region.", allowed=("level", "relative"), nullable=False),
        Column("weeks", "integer", "Length of the window that is scored, in its unit: 1, 2, or 4 for slow rises; 1 month.", unit="weeks or months", nullable=False),
        Column("week", "text", "First day of the window's last week or month, YYYY-MM-DD.", nullable=False),
        Column("observed", "integer", "Exact count in the window; null where it was not scored.", unit="records"),
        Column("expected", "number", "Mean of the predicted count.", unit="records"),
        Column("variance", "number", "Variance of the predicted count.", unit="records^2"),
        Column("lower_80", "number", "Lower 80 % limit of the predicted count.", unit="records"),
        Column("upper_80", "number", "Upper 80 % limit.", unit="records"),
        Column("lower_95", "number", "Lower 95 % limit.", unit="records"),
        Column("upper_95", "number", "Upper 95 % limit.", unit="records"),
        Column("z", "number", "Normal quantile of 1 less p."),
        Column("p", "number", "Mid-p of a count so large by chance, of this window alone (farrington: p of so many or more); null where it was not scored."),
        Column("combined_z", "number", "Normal quantile of 1 less combined_p."),
        Column("combined_p", "number", "p of the newest week and the last two together (policy/signals.toml), at least 0.5 where the newest week has none: in the row of two weeks alone, where both are scored."),
        Column("yearly_change", "number", "Change a year of the log of the mean over the whole baseline, season and special days apart: in the row of the longest window alone, with enough history."),
        Column("yearly_change_se", "number", "Its standard error."),
        Column("yearly_change_p", "number", "Probability of a change so far above 0, were there none."),
        Column("history_weeks", "integer", "Usable weeks or months of the baseline.", unit="weeks or months", nullable=False),
        Column("dispersion", "number", "Variance over mean, at least 1."),
        Column("fraction", "number", "Least share of the records of a period of the window that has come by now, of which what is expected is the expectation; 1 where no more is expected to come. The second method takes no account of it.", hashed=False, optional=True),
        Column("status", "text", "scored, or why not.", allowed=("scored", "not_enough_history", "incomplete"), nullable=False),
    ),
)

SIGNAL_LINES = Table(
    name="signal_lines",
    description="Series that stand out, by exact counts, for the partnership's analyst: at most five of each level, with all that is known of them. Never leaves the restricted side.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("area_type", "line"),
    source="stages/signals under policy/signals.toml",
    columns=(
        Column("area_type", "text", "Level of the area.", allowed=_SERIES_AREAS, nullable=False),
        Column("line", "integer", "Rank among the lines of its level, the one to look at first being 1.", nullable=False),
        Column("verdict", "text", "signal, or worth_watching.", allowed=("signal", "worth_watching"), nullable=False),
        Column("definition", "text", "Definition in policy/definitions.", nullable=False),
        Column("definition_version", "integer", "Its version.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("area", "text", "Area code.", nullable=False),
        Column("area_name", "text", "Its name; its code where it has none.", nullable=False),
        Column("unit", "text", "Whether the series is of weeks or months.", allowed=("week", "month"), nullable=False),
        Column("method", "text", "How it was scored.", allowed=("kernel", "farrington"), nullable=False),
        Column("kind", "text", "level: did it change; relative: did it change against the rest of the region.", allowed=("level", "relative"), nullable=False),
        Column("first_day", "text", "First day of the window, YYYY-MM-DD.", nullable=False),
        Column("last_day", "text", "Its last day.", nullable=False),
        Column("observed", "integer", "Exact count.", unit="records", nullable=False),
        Column("expected", "number", "Mean of the predicted count.", unit="records", nullable=False),
        Column("lower_80", "number", "Lower 80 % limit of the predicted count.", unit="records", nullable=False),
        Column("upper_80", "number", "Upper 80 % limit.", unit="records", nullable=False),
        Column("lower_95", "number", "Lower 95 % limit.", unit="records", nullable=False),
        Column("upper_95", "number", "Upper 95 % limit.", unit="records", nullable=False),
        Column("ratio", "number", "Observed over expected.", nullable=False),
        Column("p", "number", "p of the series over all its windows (Simes).", nullable=False),
        Column("history_weeks", "integer", "Usable weeks or months of the baseline.", unit="weeks or months", nullable=False),
        Column("fraction", "number", "Least share of the records of a period of the window that has come by now; 1 where no more is expected to come.", hashed=False, optional=True),
        Column("reported", "number", "Least coverage of the window: share of the usual records whose providers have sent.", nullable=False),
        Column("weapon_class", "text", "Weapon that stands out in the district's month beside its history, with its shares; empty where none does.", nullable=False),
        Column("place_type", "text", "The same of the type of place.", nullable=False),
        Column("age_band", "text", "The same of the age.", nullable=False),
        Column("weekday_hour", "text", "The same of weekday and hour.", nullable=False),
        Column("known", "text", "Changes that are known and may be why, in words.", nullable=False),
        Column("acts", "text", "Partners of the area that are told of such series, by name.", nullable=False),
        Column("alarms_a_year", "number", "How often its own past gave a p of this window so small, in weeks or months a year; null where fewer than half a year can be looked at.", unit="a year"),
        Column("looked_at", "integer", "Weeks or months of the past that this was looked for in.", nullable=False),
    ),
)

MIX_CHANGES = Table(
    name="mix_changes",
    description="Whether the records of a district are of another kind than before: its last three months, and the last alone, beside the same months of earlier years. Never leaves the restricted side.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "area", "dimension", "months"),
    source="stages/signals",
    columns=(
        Column("definition", "text", "Definition in policy/definitions.", nullable=False),
        Column("area", "text", "District.", nullable=False),
        Column("dimension", "text", "Breakdown.", allowed=_MIX, nullable=False),
        Column("months", "integer", "How many months are looked at together.", unit="months", nullable=False),
        Column("first_month", "text", "First of the months looked at, YYYY-MM; empty where there are none.", nullable=False),
        Column("last_month", "text", "The last of them.", nullable=False),
        Column("before", "integer", "Records of the months that they are set beside.", unit="records", nullable=False),
        Column("after", "integer", "Records of the months looked at.", unit="records", nullable=False),
        Column("dispersion", "number", "Variance over mean of the categories from month to month, at least 1; null where it was not tested."),
        Column("statistic", "number", "Pearson's, over the dispersion."),
        Column("p", "number", "Share of mixes drawn by chance that differ as much."),
        Column("category", "text", "What became more common, where the mix changed; else empty.", nullable=False),
        Column("share_before", "number", "Its share before."),
        Column("share_after", "number", "Its share now."),
        Column("verdict", "text", "signal, none, or why it was not tested.", allowed=("signal", "none", "too_few", "not_enough_history"), nullable=False),
    ),
)

RELEASED = Table(
    name="released",
    description="What may leave: shown counts, and rates and limits computed from shown counts alone.",
    sensitivity=Sensitivity.PARTNER,
    key=("recipient", "figure"),
    source="stages/disclosure under policy/disclosure.toml and policy/recipients.toml",
    columns=(
        Column("recipient", "text", "Partner that may receive it.", nullable=False),
        *_WHAT,
        Column("value", "number", "Shown value; null where value_note says why."),
        Column("lower", "number", "Lower 95 % limit, from shown counts."),
        Column("upper", "number", "Upper 95 % limit, from shown counts."),
        Column("per", "integer", "Person-years to which a rate refers; null for counts.", unit="person-years"),
        Column("value_note", "text", "[c] confidential, [x] not available, [z] not applicable, empty otherwise.", allowed=("", "[c]", "[x]", "[z]"), nullable=False),
        Column("note", "text", "Why a value is not available or is incomplete, in words; empty otherwise.", nullable=False),
    ),
)

RELEASED_ESTIMATES = Table(
    name="released_estimates",
    description="Estimated shares and changes that may leave, with their limits; or the words why there is no figure.",
    sensitivity=Sensitivity.PARTNER,
    key=("recipient", "figure"),
    source="stages/disclosure under policy/recipients.toml",
    columns=(
        Column("recipient", "text", "Partner that may receive it.", nullable=False),
        Column("figure", "text", "Name of the figure: estimate, what it is of, last day, joined by '/'.", nullable=False),
        Column("estimate", "text", "unknown_to_police: share of victims without a police record of their own. incident_unknown_to_police: of whose incident the police have recorded no victim. seen_by_neither: share of ambulance patients without a record of their own at police or emergency department. incident_seen_by_neither: of whose incident neither has a victim. yearly_change: change of a weekly series a year, as a share: of a district against the rest of the region. plain_unknown: share of records without any police record within a window, which is no estimate of anything. injured_in_all: victims injured in all, by model. linkage_check: how far linkage can be trusted, of several parts the worst. premises_excess: probability at least, from shown counts alone, that premises have more than the excess of policy/estimates.toml over what is expected of their type and size. premises_rank: ends of the interval of its rank in the district by that ratio, which has no value. dispersion: variance over mean of the counts of a level. similar_areas: rate of the districts like one, all together. funnel: what an area would have at the rate of all, and the least and greatest count inside the limits. deprivation_rate, inequality_slope, inequality_ratio: rates of groups by deprivation, and the fitted difference and ratio of the most to the least deprived end. hour_share: share of the records in an hour of the week. special_days: ratio to the same weekday otherwise. top_places_share: share of the year's records in the top 5 % of small areas, from shown counts. place_agreement: part of the top small areas that are so of another definition too, from shown counts.", allowed=("unknown_to_police", "incident_unknown_to_police", "seen_by_neither", "incident_seen_by_neither", "yearly_change", "plain_unknown", "injured_in_all", "linkage_check", "premises_excess", "premises_rank", "dispersion", "similar_areas", "funnel", "deprivation_rate", "inequality_slope", "inequality_ratio", "hour_share", "special_days", "top_places_share", "place_agreement"), nullable=False),
        Column("definition", "text", "Definition in policy/definitions that the series counts; empty for shares of victims.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("area_type", "text", "Region or district; venue of premises; ward or middle area of a funnel.", allowed=("region", "district", "venue", "ward", "middle_area"), nullable=False),
        Column("area", "text", "Area code, or venue id.", nullable=False),
        Column("breakdown", "text", "By what the victims of a share are divided; all: not, nor is a change. window, window_by_chance: of plain_unknown, as records stand and by chance; model, at_most: of injured_in_all; types of days of special_days; of small areas as shown, if both sources had one risk, and by chance; the others are what linkage_check is of.", allowed=BREAKDOWNS_TOLD, nullable=False),
        Column("category", "text", "The group; empty where they are not divided. Of a window its minutes and metres, of a model the pairs of lists that it takes as dependent, of a check the pair of services or the service; of hours weekday and hour, of special days their name, of an agreement the other definition; of premises_excess the words that it carries; of a dispersion the level, of similar areas the kind of rate and which areas, of a funnel the level of its limits in per cent, of a deprivation_rate the group, 1 being the least deprived.", nullable=False),
        Column("period_start", "text", "First day, YYYY-MM-DD, or month of a rate, YYYY-MM; empty of a change, which is that of all usable weeks of the past.", nullable=False),
        Column("period_end", "text", "Last day.", nullable=False),
        Column("value", "number", "Estimate; null where value_note says why."),
        Column("lower", "number", "Lower limit: 95 % of a share; of a change 1 less twice watch_p of policy/signals.toml."),
        Column("upper", "number", "Upper limit."),
        Column("lower_if_hidden", "number", "Of a share: lower limit if some police records lie where no comparison can find them."),
        Column("value_note", "text", "[x] not available, [z] not applicable, empty otherwise.", allowed=("", "[x]", "[z]"), nullable=False),
        Column("note", "text", "Why it is not available or not applicable, in words; empty otherwise.", nullable=False),
    ),
)

RELEASED_SIGNALS = Table(
    name="released_signals",
    description="What a partner is told of its weekly series: a row for each, at most five of them lines on what was more than expected, judged on shown counts at their least.",
    sensitivity=Sensitivity.PARTNER,
    key=("recipient", "figure"),
    source="stages/disclosure under policy/signals.toml and policy/recipients.toml",
    columns=(
        Column("recipient", "text", "Partner that may receive it.", nullable=False),
        Column("figure", "text", "Name of the series: definition, version, area type, area, month, joined by '/'.", nullable=False),
        Column("line", "integer", "Rank of the line, the one to look at first being 1; 0 where the series is no line.", nullable=False),
        Column("definition", "text", "Definition in policy/definitions.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("area_type", "text", "Region or district.", allowed=("region", "district"), nullable=False),
        Column("area", "text", "Area code.", nullable=False),
        Column("period_end", "text", "Month whose weeks were judged, YYYY-MM.", nullable=False),
        Column("verdict", "text", "signal, worth_watching or none; or why the series was not judged.", allowed=("signal", "worth_watching", "none", "not_enough_history", "incomplete"), nullable=False),
        Column("kind", "text", "level: against its own past; relative: against the rest of the region; empty where it is no line.", allowed=("", "level", "relative"), nullable=False),
        Column("first_day", "text", "First day of the line's weeks, YYYY-MM-DD; empty where it is no line.", nullable=False),
        Column("last_day", "text", "Their last day.", nullable=False),
        Column("value", "number", "Shown count of these weeks; null where it is no line.", unit="records"),
        Column("usual_lower", "number", "Lower end of what would be usual: lower 80 % limit, down to a whole number.", unit="records"),
        Column("usual_upper", "number", "Upper end of it, up to a whole number.", unit="records"),
        Column("note", "text", "Changes that are known and may be why, in words; empty where there is none or it is no line.", optional=True),
        Column("state", "text", "Of a line: new, or continuing where the last month's release told of the series too; withdrawn where an earlier release told of it and corrected records do not uphold it (no line, no number); else empty.", allowed=("", "new", "continuing", "withdrawn"), optional=True),
    ),
)

TOLD_LINES = Table(
    name="told_lines",
    description="Lines that partners were ever told of, by month: what makes a line new, continuing or withdrawn.",
    sensitivity=Sensitivity.PARTNER,
    key=("recipient", "area_type", "area", "definition", "period_end"),
    source="stages/disclosure; carried from run to run",
    columns=(
        Column("recipient", "text", "Partner that was told.", nullable=False),
        Column("area_type", "text", "Region or district.", allowed=("region", "district"), nullable=False),
        Column("area", "text", "Area code.", nullable=False),
        Column("definition", "text", "Definition in policy/definitions.", nullable=False),
        Column("figure", "text", "Name of the series in its release.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("period_end", "text", "Month whose weeks were judged, YYYY-MM.", nullable=False),
        Column("verdict", "text", "What the line said.", allowed=("signal", "worth_watching"), nullable=False),
        Column("kind", "text", "level or relative.", allowed=("level", "relative"), nullable=False),
        Column("first_day", "text", "First day of the line.", nullable=False),
        Column("last_day", "text", "Last day.", nullable=False),
    ),
)

RELEASE_REGISTER = Table(
    name="release_register",
    description="What was released to whom: every shown cell of the last release. Each run writes it anew; earlier releases are in earlier versions of the table.",
    sensitivity=Sensitivity.PARTNER,
    key=("recipient", "figure", "release"),
    source="stages/disclosure",
    columns=(
        Column("release", "text", "Release: period end and sha256 of what was released.", nullable=False),
        Column("recipient", "text", "Partner.", nullable=False),
        Column("figure", "text", "Figure.", nullable=False),
        Column("value", "number", "Shown value."),
        Column("lower", "number", "Lower limit shown."),
        Column("upper", "number", "Upper limit shown."),
        Column("value_note", "text", "Token.", nullable=False),
    ),
)

PARTNER_PACKS = Table(
    name="partner_packs",
    description="Files made for partners.",
    sensitivity=Sensitivity.PARTNER,
    key=("path",),
    source="stages/packs",
    columns=(
        Column("release", "text", "Release it belongs to.", nullable=False),
        Column("recipient", "text", "Partner.", nullable=False),
        Column("format", "text", "html, pdf, xlsx, ods, csv or json.", nullable=False),
        Column("path", "text", "Path below the released root.", nullable=False),
        Column("sha256", "text", "sha256 of the file.", nullable=False),
    ),
)
