"""How much more counts vary than chance alone, measured with each release."""

from preventable.codes import allowed
from preventable.tables.schema import Column, Sensitivity, Table

DISPERSIONS = Table(
    name="dispersions",
    description="Variance over mean of the counts of each definition and level, from equal months (else quarters) a year apart, on shown counts alone; or why it could not be measured.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("definition", "definition_version", "area_type"),
    source="stages/disclosure from shown counts",
    columns=(
        Column("definition", "text", "Definition in policy/definitions.", nullable=False),
        Column("definition_version", "integer", "Its version.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("area_type", "text", "Level.", allowed=allowed("area_type"), nullable=False),
        Column("period_type", "text", "Periods that are compared.", allowed=("month", "quarter"), nullable=False),
        Column("period_start", "text", "First month of the earliest period, YYYY-MM.", nullable=False),
        Column("period_end", "text", "Last month of the latest period.", nullable=False),
        Column("areas", "integer", "Areas of the level with a count shown in every complete period.", unit="areas", nullable=False),
        Column("pairs", "integer", "Pairs of their equal periods a year apart.", unit="pairs", nullable=False),
        Column("measured", "number", "Dispersion before it is cut off at 1; null where it could not be measured."),
        Column("dispersion", "number", "What intervals take: at least 1, rounded upwards; null where it could not be measured."),
        Column("status", "text", "measured, or why not.", allowed=("measured", "few_areas", "short_history"), nullable=False),
    ),
)
