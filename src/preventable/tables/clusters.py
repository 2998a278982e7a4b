"""What scans, neighbourhood sums and near repeats found. Exact: none of it leaves the restricted side."""

from preventable.tables.schema import Column, Sensitivity, Table

SCANS = ("circular", "space_time", "permutation")
#: Of a scan as a whole, or of a series: it was looked at; or why it was not.
LOOKED, TOO_FEW, SHORT, INCOMPLETE, NO_OUTLINES = (
    "looked_at", "too_few", "not_enough_history", "incomplete", "no_outlines",
)  # fmt: skip
#: Of one zone: stronger than nineteen in twenty of the strongest zones of maps without a cluster, or not.
CLUSTER, BY_CHANCE = "cluster", "as_by_chance"
#: Of one area of the map.
MORE, NOT_MORE = "more_than_expected", "not_more"

_SERIES = (
    Column("series", "text", "Name of the series in policy/clusters.toml.", nullable=False),
    Column("definitions", "text", "Definitions that it counts, each with its version, joined by a space.", nullable=False),
    Column("period_start", "text", "First day that was looked at, YYYY-MM-DD.", nullable=False),
    Column("period_end", "text", "Last day: what came later was not used.", nullable=False),
)

CLUSTERS = Table(
    name="clusters",
    description="Zones with more records than expected by scan, series and month: one row for each scan (rank 0), which says what it rests on or why it was not done, and one for each of its strongest zones. Exact, for the partnership's analysts.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("scan", "series", "period_end", "rank"),
    source="stages/clusters",
    columns=(
        Column("scan", "text", "circular: circles of small areas; space_time: the same through the last weeks; permutation: single incidents, against exchanged days.", allowed=SCANS, nullable=False),
        *_SERIES,
        Column("rank", "integer", "0: the scan itself; from 1 on its zones, the strongest first.", nullable=False),
        Column("status", "text", "Of a scan: looked_at, or why not. Of a zone: cluster, or as_by_chance.", allowed=(LOOKED, TOO_FEW, SHORT, INCOMPLETE, CLUSTER, BY_CHANCE), nullable=False),
        Column("reason", "text", "Why it was not done, in words; empty otherwise.", nullable=False),
        Column("small_area", "text", "Small area in the middle of the zone."),
        Column("district", "text", "Its district."),
        Column("easting_m", "number", "Its middle.", unit="m"),
        Column("northing_m", "number", "Its middle.", unit="m"),
        Column("radius_m", "number", "From there to the middle of the farthest small area.", unit="m"),
        Column("members", "text", "Small areas of the zone, from its middle outwards, joined by a space."),
        Column("areas", "integer", "Small areas of the zone; of a scan, all that have a place.", nullable=False),
        Column("first_day", "text", "First day of the zone, YYYY-MM-DD."),
        Column("last_day", "text", "Its last day."),
        Column("observed", "integer", "Records in the zone, or in all; incidents in a permutation scan.", unit="records", nullable=False),
        Column("expected", "number", "What was expected of the zone.", unit="records"),
        Column("relative_risk", "number", "Observed over expected in the zone, over the same outside it."),
        Column("log_likelihood_ratio", "number", "Strength of the zone; of a scan: that which a cluster must exceed."),
        Column("p", "number", "Share of maps without a cluster whose strongest zone is as strong."),
        Column("gumbel_p", "number", "The same by an extreme-value curve, finer where p is small."),
        Column("recurrence_months", "number", "Once in how many months one of the month's scans finds so much by chance, if one looks every month: 1 / (1 - (1 - p)^scans).", unit="months"),
        Column("history_months", "integer", "Months of history that the expected rests on.", unit="months"),
        Column("dispersion", "number", "Variance over mean of an area's count about its own expectation, from the history; at least 1."),
        Column("expected_variance", "number", "Relative variance of an area's expected number."),
    ),
)  # fmt: skip

NEIGHBOURHOOD_SUMS = Table(
    name="neighbourhood_sums",
    description="Each small area, alone and with its neighbours, beside what was expected: the map that stands beside a scan. Where a series was not looked at it has one row, without an area, that says why.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("series", "period_end", "small_area"),
    source="stages/clusters",
    columns=(
        *_SERIES,
        Column("small_area", "text", "Small area; empty where the series was not looked at.", nullable=False),
        Column("status", "text", "more_than_expected: by the rule of false discovery over all areas and series; or why the series was not looked at.", allowed=(MORE, NOT_MORE, TOO_FEW, SHORT, INCOMPLETE, NO_OUTLINES), nullable=False),
        Column("reason", "text", "Why it was not looked at, in words; empty otherwise.", nullable=False),
        Column("areas", "integer", "Areas summed, itself included.", nullable=False),
        Column("own_observed", "integer", "Records in the area itself.", unit="records", nullable=False),
        Column("own_expected", "number", "Expected of it.", unit="records"),
        Column("observed", "integer", "Records in it and its neighbours.", unit="records", nullable=False),
        Column("expected", "number", "Expected of them.", unit="records"),
        Column("p", "number", "Mid-p of so many or more by chance. Neighbours share records: read status, not many p."),
    ),
)  # fmt: skip

NEAR_REPEATS = Table(
    name="near_repeats",
    description="Pairs of incidents by distance and days apart, beside what exchanged weeks give. Where the series was not looked at it has one row, of no band, that says why.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("series", "period_end", "distance_from_m", "distance_to_m", "days_from", "days_to"),
    source="stages/clusters",
    columns=(
        *_SERIES,
        Column("distance_from_m", "number", "Lower edge of the band; both edges 0: the same place.", unit="m", nullable=False),
        Column("distance_to_m", "number", "Upper edge, not within it.", unit="m", nullable=False),
        Column("days_from", "number", "Lower edge of the band.", unit="days", nullable=False),
        Column("days_to", "number", "Upper edge, not within it.", unit="days", nullable=False),
        Column("status", "text", "looked_at, or why not.", allowed=(LOOKED, TOO_FEW, SHORT, INCOMPLETE), nullable=False),
        Column("reason", "text", "Why it was not looked at, in words; empty otherwise.", nullable=False),
        Column("incidents", "integer", "Incidents looked at; several records of one count once.", unit="incidents", nullable=False),
        Column("observed", "integer", "Pairs.", unit="pairs", nullable=False),
        Column("expected", "number", "Mean number of pairs with exchanged weeks.", unit="pairs"),
        Column("ratio", "number", "Observed over expected; null where no exchange has a pair."),
        Column("p", "number", "Share of exchanges with as many pairs."),
        Column("holm_p", "number", "p after correction for the number of bands."),
        Column("revisit_days", "number", "For how many days after an incident the same place has more than usual; null: no longer than usual.", unit="days"),
    ),
)  # fmt: skip
