"""What stays the same: when in the week and the year, in how few places, among whom. Exact, restricted side only."""

from preventable.tables.schema import Column, Sensitivity, Table

PATTERN_NAMES = (
    "hour_of_week", "hour_intervals", "season", "special_days", "concentration", "repeats", "mix", "place_agreement",
    "association",
)  # fmt: skip
PATTERN_STATES = ("given", "too_few", "too_short", "incomplete", "not_told")

PATTERNS = Table(
    name="patterns",
    description="Patterns of a definition's records: hours of the week, season, special days, concentration, repeats, mix, agreement of two sources, association with measures of areas. A pattern that cannot be told has one row that says why. Exact; what is sent is decided by disclosure.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "area_type", "area", "pattern", "category", "second_category"),
    source="stages/patterns, for the definitions of policy/patterns.toml",
    columns=(
        Column("definition", "text", "Definition in policy/definitions.", nullable=False),
        Column("definition_version", "integer", "Its version.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("area_type", "text", "Region or district.", allowed=("region", "district"), nullable=False),
        Column("area", "text", "Area code.", nullable=False),
        Column("pattern", "text", "hour_of_week: share of the records in an hour, spread over the hours in which each may have happened. hour_intervals: records by how well their time is known. season: month beside the average month. special_days: such days beside the same weekday otherwise. concentration: how unevenly records fall on places. repeats: records of places or people that had one before. mix: share of a category, beside the rest of the region. place_agreement: whether another definition points at the same places. association: rank correlation with a measure of areas, which says nothing of causes.", allowed=PATTERN_NAMES, nullable=False),
        Column("category", "text", "Of hours the weekday, of a season the month, of special days their type, of places and people what they are, of a mix the breakdown, of an agreement the other definition, of an association the measure; empty where the pattern is not told.", nullable=False),
        Column("second_category", "text", "Of hours the hour, of special days their name or all, of places and agreements the measure, of a mix its word, or all for the test of the whole, of an association the level of the areas.", nullable=False),
        Column("value", "number", "As observed; null where it is not told."),
        Column("expected", "number", "Beside what: an even week, the average month, the same weekday, chance alone, the rest of the region."),
        Column("lower", "number", "Lower 95 % limit of the value; of concentration and agreement of what is expected."),
        Column("upper", "number", "Upper limit, likewise."),
        Column("p", "number", "Probability by chance of so much or more, of a mix of so different a one; null where nothing is tested."),
        Column("unit", "text", "share, ratio, records, units, index or rank correlation.", nullable=False),
        Column("period_start", "text", "First month, YYYY-MM.", nullable=False),
        Column("period_end", "text", "Last month.", nullable=False),
        Column("records", "number", "Records that it rests on; of hours, where time is spread, those of the hour in parts.", unit="records", nullable=False),
        Column("status", "text", "given, or why not.", allowed=PATTERN_STATES, nullable=False),
        Column("reason", "text", "Why it is not told, or what to bear in mind, in words; empty otherwise.", nullable=False),
    ),
)
