"""What linkage says of itself: what plain counting would say, and how far its answers can be trusted."""

from preventable.tables.pseudonymous import PAIRS
from preventable.tables.schema import Column, Sensitivity, Table

_HEALTH = ("ambulance", "ed")
_SOURCES = (*_HEALTH, "police")

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

INCIDENT_ESTIMATES = Table(
    name="incident_estimates",
    description="How many victims were injured in all, seen or not, in the whole weeks of all services: one row a model, as linked and corrected for errors of linking. The answer is the range over models, no single row.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("lists", "dependent", "corrected"),
    source="stages/linkage/totals.toml and histories.toml; docs/explanation/how-many-in-all.md",
    columns=(
        Column("lists", "text", "Services whose lists are compared.", allowed=("ambulance_ed_police", "ambulance_police", "ed_police"), nullable=False),
        Column("dependent", "text", "Pairs of lists whose dependence the model allows for, parted by a blank; empty for two lists, which it takes as independent.", nullable=False),
        Column("corrected", "flag", "Whether links that were missed or wrong are corrected for; without, to show what they do.", nullable=False),
        Column("period_start", "text", "First day of the whole weeks, YYYY-MM-DD, in UTC; empty where there is none.", nullable=False),
        Column("period_end", "text", "Last day.", nullable=False),
        Column("estimate", "number", "Victims in all, by this model; null where there is none.", unit="victims"),
        Column("lower", "number", "Lower 95 % limit.", unit="victims"),
        Column("upper", "number", "Upper 95 % limit.", unit="victims"),
        Column("upper_if_dependent", "number", "Upper limit if being on one list goes with being on both others at once, which no data show, as far as the stage's rules assume; null for two lists.", unit="victims"),
        Column("deviance", "number", "Of the log-linear model; null for two lists."),
        Column("freedom", "integer", "Its degrees of freedom."),
        Column("reason", "text", "Why there is no total, in words; empty otherwise.", nullable=False),
    ),
)

LINK_DIAGNOSTICS = Table(
    name="link_diagnostics",
    description="How far linkage can be trusted in this run: false links, calibration, precision where it is busy, records without place or time, and what rounded times of one supplier would change.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("diagnostic", "about", "part"),
    source="stages/linkage/diagnostics.toml; docs/explanation/linkage.md",
    columns=(
        Column("diagnostic", "text", "false_links: share of links expected to be false. calibration: share of candidate pairs of a bin of probability that are matches, expected and by the null. precision: share expected to be right. no_place, no_time: share of records without (of police: a window too wide to link). rounded_times: plain share known to police, less chance, if one supplier rounded its times. hidden: at most so large a share of the true pairs of an audit is shown by no comparison (upper limit).", allowed=("calibration", "false_links", "hidden", "no_place", "no_time", "precision", "rounded_times"), nullable=False),
        Column("about", "text", "Pair of services, or service.", allowed=(*PAIRS, *_SOURCES), nullable=False),
        Column("part", "text", "Bin of calibration; stratum of precision; supplier of rounded_times; empty otherwise.", nullable=False),
        Column("number", "integer", "Links, pairs or records that it rests on; of hidden, true pairs.", nullable=False),
        Column("expected", "number", "Of calibration: the share that probabilities expect; of rounded_times: the share as sent."),
        Column("observed", "number", "The share; of calibration it may be a little below 0; null where it rests on nothing."),
    ),
)

LINKAGE_AUDITS = Table(
    name="linkage_audits",
    description="True pairs that reviewers found with names, of all answers that hold. Handed to linkage by the pipeline from the home's list of audits, which keeps who answered and when.",
    sensitivity=Sensitivity.PSEUDONYMOUS,
    key=("sample", "health_record"),
    source="`linkage audit-sample`; docs/how-to/audit-linkage.md",
    columns=(
        Column("sample", "integer", "Number of the sample.", nullable=False),
        Column("source", "text", "Health service.", allowed=_HEALTH, nullable=False),
        Column("health_record", "text", "Record key of the health record.", nullable=False, hashed=False),
        Column("police_record", "text", "Record key of the police record of the same victim; the home need not hold it.", nullable=False, hashed=False),
    ),
)

LINK_AUDITS = Table(
    name="link_audits",
    description="Of the true pairs that audits found, how many no comparison shows, and why: the share by which known victims are missed.",
    sensitivity=Sensitivity.AGGREGATE,
    key=("source",),
    source="stages/linkage/audit.toml; docs/how-to/audit-linkage.md",
    columns=(
        Column("source", "text", "Health service.", allowed=_HEALTH, nullable=False),
        Column("pairs", "integer", "True pairs, those with too wide a window left out.", unit="pairs", nullable=False),
        Column("wide_windows", "integer", "True pairs left out: the police window is too wide to compare, for which the share is divided anyway.", unit="pairs", nullable=False),
        Column("not_linked", "integer", "Hidden, as the police record is not among those that may be linked.", unit="pairs", nullable=False),
        Column("far_in_time", "integer", "Hidden, as the times are too far apart.", unit="pairs", nullable=False),
        Column("other_person", "integer", "Hidden, as age and sex are another person's.", unit="pairs", nullable=False),
        Column("hidden_share", "number", "Share of the pairs that are hidden; null where there is none."),
        Column("standard_error", "number", "Its standard error."),
        Column("lower", "number", "Lower 95 % limit."),
        Column("upper", "number", "Upper 95 % limit."),
        Column("used", "flag", "Whether it corrects the share known to police: there are pairs enough.", nullable=False),
    ),
)
