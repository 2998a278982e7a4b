"""What quality decided: one outcome for each row and findings by rule; what a record is made of."""

from dataclasses import replace

from preventable.codes import allowed
from preventable.tables.schema import Column, Sensitivity, Table
from preventable.tables.submissions import SUBMISSIONS

OUTCOMES = Table(
    name="outcomes",
    description="What was done with each row: accepted, quarantined or duplicate (refused files have no rows here, the ledger counts them).",
    sensitivity=Sensitivity.IDENTIFIABLE,
    key=("submission_id", "row_number"),
    partition=("provider", "month"),
    source="stages/quality",
    columns=(
        Column("submission_id", "text", "Submission of the row.", nullable=False),
        Column("provider", "text", "Provider.", nullable=False),
        Column("month", "text", "Period of the file.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("row_number", "integer", "Line of the row in the file.", nullable=False, hashed=False),
        Column("content_hash", "text", "sha256 of the row's own cells.", nullable=False),
        Column("outcome", "text", "What was done with the row.", allowed=allowed("outcome"), nullable=False),
        Column("standing", "flag", "Accepted and not superseded by a higher version nor withdrawn.", nullable=False),
    ),
)

FINDINGS = Table(
    name="findings",
    description="Row-level results of the rules: what the provider gets back. Row, rule and level, never a value.",
    sensitivity=Sensitivity.IDENTIFIABLE,
    key=("submission_id", "row_number", "rule"),
    partition=("provider", "month"),
    source="stages/quality/rules.toml",
    columns=(
        Column("submission_id", "text", "Submission of the row.", nullable=False),
        Column("provider", "text", "Provider.", nullable=False),
        Column("month", "text", "Period of the file.", nullable=False),
        Column("row_number", "integer", "Line of the row; 0 where the finding is about the whole file.", nullable=False, hashed=False),
        Column("content_hash", "text", "sha256 of the row's own cells; empty for a whole file.", nullable=False),
        Column("rule", "text", "Rule, as rules.toml names it.", nullable=False),
        Column("level", "text", "Information, warning, or error (the row is quarantined).", allowed=allowed("level"), nullable=False),
    ),
)

RULE_RESULTS = Table(
    name="rule_results",
    description="Of each submission and each rule of its source: how many rows tripped the rule, of how many that it looked at; also where none did.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("submission_id", "rule"),
    source="stages/quality/rules.toml",
    columns=(
        Column("submission_id", "text", "Submission; one without rows has no result.", nullable=False),
        Column("provider", "text", "Provider.", nullable=False),
        Column("month", "text", "Period of the file.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("rule", "text", "Rule.", nullable=False),
        Column("level", "text", "Level of the rule.", allowed=allowed("level"), nullable=False),
        Column("numerator", "integer", "Rows that tripped it; 1 or 0 of a rule on whole files.", unit="rows", nullable=False),
        Column("denominator", "integer", "Rows that it looked at: all, the live, those that no error of their own holds back, those not quarantined, or those that stand (`reads` of the rule); 1 of a rule on whole files.", unit="rows", nullable=False),
    ),
)

COVERAGE = Table(
    name="coverage",
    description="Which provider-months were received: a missing month is a gap, never a zero. Lists have the months alone in which one came.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("provider", "month"),
    source="stages/quality",
    columns=(
        Column("provider", "text", "Provider.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("month", "text", "Calendar month, from the first to the last of the whole home.", nullable=False),
        Column("received", "flag", "Whether enough of the records of that month were accepted (stages/quality/rules.toml).", nullable=False),
        Column("rows_accepted", "integer", "Records standing.", unit="records", nullable=False),
        Column("rows_quarantined", "integer", "Rows quarantined.", unit="rows", nullable=False),
    ),
)

_EVENT_COLUMNS = tuple(
    column
    for column in SUBMISSIONS.columns
    if column.name not in {"edition", "record_status", "content_hash"}
    and not column.name.startswith("subject_")
    and column.name not in {"quantity", "place_text_words", "month"}
)

#: Columns of a record: a row of an attendance, call-out, offence or admission that stands (accepted, highest version, not
#: withdrawn). No table is kept of them beside `submissions`: they are read from there on the way to the pseudonymous line.
RECORD_COLUMNS = (
    Column("month", "text", "Calendar month of the contact (local clock), YYYY-MM.", nullable=False),
    *[
        replace(c, hashed=c.hashed and c.name != "submission_id")
        for c in _EVENT_COLUMNS
    ],
)

LISTINGS = Table(
    name="listings",
    description="Lists that suppliers keep: licensed premises, termly school returns. No person in them.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("provider", "source_record_id"),
    source="stages/quality",
    columns=(
        Column("provider", "text", "Provider.", nullable=False),
        Column("source", "text", "Kind of source: a list, or counts by area.", nullable=False),
        Column("month", "text", "Period of the list.", nullable=False),
        Column("submission_id", "text", "Submission of the line.", nullable=False, hashed=False),
        Column("row_number", "integer", "Line in the file.", nullable=False, hashed=False),
        Column("source_record_id", "text", "The supplier's own number of the line.", nullable=False),
        Column("subject_name", "text", "The thing listed."),
        Column("subject_code", "text", "Its number."),
        Column("subject_type", "text", "Its type, or the measure counted."),
        Column("subject_area", "text", "Its area: a district, or of counts any area of the region, by code."),
        Column("quantity", "integer", "Capacity, or the count returned."),
        Column("postcode", "text", "Postcode."),
        Column("easting_m", "number", "Metres east.", unit="m"),
        Column("northing_m", "number", "Metres north.", unit="m"),
    ),
)
