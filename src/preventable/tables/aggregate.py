"""Figures: exact inside (`indicator_values`), protected outside (`released`)."""

from preventable.codes import allowed
from preventable.tables.schema import Column, Sensitivity, Table

_WHAT = (
    Column("figure", "text", "Name of the figure: definition, version, area, period, breakdown, measure, joined by '/'.", nullable=False),
    Column("definition", "text", "Definition in policy/definitions.", nullable=False),
    Column("definition_version", "integer", "Its version.", nullable=False),
    Column("source", "text", "Kind of source.", allowed=allowed("source"), nullable=False),
    Column("measure", "text", "What is measured.", allowed=allowed("measure"), nullable=False),
    Column("area_type", "text", "Level of the area.", allowed=allowed("area_type"), nullable=False),
    Column("area", "text", "Area code, or venue id.", nullable=False),
    Column("period_type", "text", "Length of the period.", allowed=allowed("period_type"), nullable=False),
    Column("period_start", "text", "First month, YYYY-MM.", nullable=False),
    Column("period_end", "text", "Last month, YYYY-MM.", nullable=False),
    Column("dimension", "text", "Breakdown: 'all', or the column broken by.", allowed=allowed("dimension"), nullable=False),
    Column("category", "text", "Value of the breakdown, 'all' where there is none.", nullable=False),
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
        Column("format", "text", "html or csv.", nullable=False),
        Column("path", "text", "Path below the released root.", nullable=False),
        Column("sha256", "text", "sha256 of the file.", nullable=False),
    ),
)
