"""What linkage says of itself: what plain counting would say, and how far its answers can be trusted."""

from preventable.tables.schema import Column, Sensitivity, Table

_HEALTH = ("ambulance", "ed")

LINK_WINDOWS = Table(
    name="link_windows",
    description="Health records with any police record within so many minutes and metres, and as many by chance: what plain counting would say. Later attendances of one injury and police windows too wide to link are left out.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("source", "minutes", "metres"),
    source="stages/linkage/windows.toml",
    columns=(
        Column("source", "text", "Health service.", allowed=_HEALTH, nullable=False),
        Column("period_start", "text", "First day of the whole weeks of both services, YYYY-MM-DD, in UTC.", nullable=False),
        Column("period_end", "text", "Their last day.", nullable=False),
        Column("minutes", "integer", "Most minutes between the two from-to windows.", unit="min", nullable=False),
        Column("metres", "integer", "Most metres between the two places.", unit="m", nullable=False),
        Column("records", "integer", "Health records of the whole weeks that both services have.", unit="records", nullable=False),
        Column("placed_records", "integer", "Of these, records with a place; the others have no police record near.", unit="records", nullable=False),
        Column("near_police", "integer", "Of all, records with a police record in the window.", unit="records", nullable=False),
        Column("by_chance", "number", "As many with the police records shifted by whole weeks, the mean over shifts; null where there is no other week.", unit="records"),
    ),
)
