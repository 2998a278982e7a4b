"""When records came, what may still come, and what is missing whole. What depends on when files came is in no
checksum, but that what `signals` expect of a month that is still being reported is a share of it."""

from preventable.tables.schema import Column, Sensitivity, Table

#: Months after a record's own month that are told apart; what came later counts with the last of them.
DELAYS = 6
#: Columns of `report_delays`, by delay.
RECORDS_BY_DELAY = tuple(f"records_{delay}" for delay in range(DELAYS + 1))

ARRIVALS = Table(
    name="arrivals",
    description="When each submission that counts first came. Kept by the ledger.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("submission_id",),
    source="The ledger's receipts",
    columns=(
        Column("submission_id", "text", "Submission.", nullable=False, hashed=False),
        Column("provider", "text", "Provider.", nullable=False),
        Column("month", "text", "Period of the file, YYYY-MM.", nullable=False),
        Column("arrived", "text", "Month in which it first came, YYYY-MM, in UTC.", nullable=False, hashed=False),
    ),
)

REPORT_DELAYS = Table(
    name="report_delays",
    description="How late the records of each provider-month came: the reporting triangle. A record counts when a submission first had it in order, whatever corrected it later.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("provider", "month"),
    source="stages/quality from arrivals",
    columns=(
        Column("provider", "text", "Provider.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("month", "text", "Month of the records, YYYY-MM.", nullable=False),
        Column("received", "flag", "Whether the month counts as received (coverage).", nullable=False),
        Column("age", "integer", "Months from this one to that of the provider's last submission: delays beyond it have not passed yet; null where it never sent.", unit="months", hashed=False),
        Column("first_delay", "integer", "Months from this one to that of the first submission for it; null where none came.", unit="months", hashed=False),
        *[
            Column(name, "integer", f"Records that stand and came {delay} months later{' or after that' if delay == DELAYS else ''}.", unit="records", nullable=False, hashed=False)
            for delay, name in enumerate(RECORDS_BY_DELAY)
        ],
    ),
)  # fmt: skip

NOWCASTS = Table(
    name="nowcasts",
    description="How many records the newest months will have once all of them have come, of region and districts: what was received so far, the reported fraction that the past tells, and what is expected, or why there is no estimate. A provider's month that is missing whole is a gap, not a fraction: the estimate is of what the others will have sent.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "area_type", "area", "period"),
    source="stages/indicators/nowcasts.toml, indicator_values, report_delays",
    columns=(
        Column("definition", "text", "Definition in policy/definitions.", nullable=False),
        Column("definition_version", "integer", "Its version.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("area_type", "text", "Region or district.", allowed=("region", "district"), nullable=False),
        Column("area", "text", "Area code.", nullable=False),
        Column("period", "text", "Month, YYYY-MM.", nullable=False),
        Column("reported", "integer", "Exact count received so far.", unit="records", nullable=False),
        Column("coverage", "number", "Coverage of the month, as of indicator_values.", nullable=False),
        Column("fraction", "number", "Share of the month's records that have come by now, of the providers that have sent it; null where the past does not tell.", hashed=False),
        Column("variance", "number", "Relative variance of the share that is still to come: the delays' own, from month to month, and what is not known of it; 0 of a whole month.", hashed=False, optional=True),
        Column("estimate", "number", "Records expected in the end; null where there is no estimate.", unit="records", hashed=False),
        Column("lower_80", "number", "Lower 80 % limit.", unit="records", hashed=False),
        Column("upper_80", "number", "Upper 80 % limit.", unit="records", hashed=False),
        Column("lower_95", "number", "Lower 95 % limit.", unit="records", hashed=False),
        Column("upper_95", "number", "Upper 95 % limit.", unit="records", hashed=False),
        Column("status", "text", "estimated; whole: nothing is expected any more; or why there is no estimate.", allowed=("estimated", "whole", "gap", "too_little_reported", "too_few_past_months"), nullable=False, hashed=False),
        Column("reason", "text", "Why there is none, in words; empty otherwise.", nullable=False, hashed=False),
    ),
)  # fmt: skip

DATA_FINDINGS = Table(
    name="data_findings",
    description="What is missing or changed of providers' months: who stopped, whose month has not come, who never sent, whose areas the region does not have. A finding on the data, not a fall.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("kind", "provider", "source", "first_month"),
    source="stages/indicators/data_findings.toml, coverage",
    columns=(
        Column("kind", "text", "stopped: its newest months are missing; not_yet_sent: its last month is; gap: earlier months are; never_sent: all of them; areas_changed: more than in its other months stands under areas that the region does not have.", allowed=("stopped", "not_yet_sent", "gap", "never_sent", "areas_changed"), nullable=False),
        Column("provider", "text", "Provider.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("first_month", "text", "First month concerned, YYYY-MM.", nullable=False),
        Column("last_month", "text", "Last month concerned.", nullable=False),
        Column("months", "integer", "Months concerned.", unit="months", nullable=False),
        Column("share", "number", "Share of the usual records of its kind of source that it carries, in the whole region; null where nothing is usual."),
        Column("words", "text", "The finding as a sentence.", nullable=False),
    ),
)  # fmt: skip

RELEASED_GAPS = Table(
    name="released_gaps",
    description="Which providers' missing months make counts of a partner not available ([x]): who, and which months. How much each provider carries is not told.",
    sensitivity=Sensitivity.PARTNER,
    key=("recipient", "figure"),
    source="stages/disclosure from released and data_findings",
    columns=(
        Column("recipient", "text", "Partner that may receive it.", nullable=False),
        Column("figure", "text", "Name: gap, kind of source, provider, first missing month, joined by '/'.", nullable=False),
        Column("provider", "text", "Provider.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("kind", "text", "As of data_findings.", allowed=("stopped", "not_yet_sent", "gap", "never_sent"), nullable=False),
        Column("period_start", "text", "First missing month, YYYY-MM.", nullable=False),
        Column("period_end", "text", "Last missing month.", nullable=False),
    ),
)  # fmt: skip
