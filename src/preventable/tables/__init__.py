"""What passes between stages: one declaration a table, in order of the flow."""

from preventable.tables.aggregate import (
    DEFINITION_VERSIONS,
    INDICATOR_VALUES,
    KNOWN_TO_POLICE,
    LINK_MODELS,
    LINK_QUALITY,
    PARTNER_PACKS,
    POPULATION_BASES,
    RELEASE_REGISTER,
    RELEASED,
    RELEASED_ESTIMATES,
    RELEASED_SIGNALS,
    SIGNALS,
    VENUE_SHARES,
    WEEKLY_COUNTS,
)
from preventable.tables.linkage import (
    INCIDENT_ESTIMATES,
    LINK_AUDITS,
    LINK_DIAGNOSTICS,
    LINK_WINDOWS,
    LINKAGE_AUDITS,
)
from preventable.tables.pseudonymous import (
    INCIDENTS,
    LINKS,
    LOCATED_RECORDS,
    PLACE_CANDIDATES,
    PLACE_DECISIONS,
    PLACE_MATCHES,
    PLACE_PHRASES,
    PSEUDONYMOUS_RECORDS,
    SHARED_RECORDS,
)
from preventable.tables.records import COVERAGE, FINDINGS, LISTINGS, OUTCOMES
from preventable.tables.region import REGION_TABLES
from preventable.tables.schema import Column, Sensitivity, Table
from preventable.tables.submissions import INTAKE_PROBLEMS, PLACE_TEXTS, SUBMISSIONS

#: Tables of the flow, in the order in which they come into being.
FLOW_TABLES: tuple[Table, ...] = (
    SUBMISSIONS, INTAKE_PROBLEMS, PLACE_TEXTS,
    OUTCOMES, FINDINGS, COVERAGE, LISTINGS,
    PSEUDONYMOUS_RECORDS,
    PLACE_MATCHES, PLACE_CANDIDATES, PLACE_PHRASES, SHARED_RECORDS, LOCATED_RECORDS,
    LINKS, INCIDENTS, LINK_MODELS, LINK_QUALITY, KNOWN_TO_POLICE,
    LINK_WINDOWS, INCIDENT_ESTIMATES, LINK_DIAGNOSTICS, LINK_AUDITS,
    DEFINITION_VERSIONS, POPULATION_BASES, INDICATOR_VALUES, VENUE_SHARES, WEEKLY_COUNTS,
    SIGNALS,
    RELEASED, RELEASED_ESTIMATES, RELEASED_SIGNALS, RELEASE_REGISTER, PARTNER_PACKS,
)
#: Lists that a home keeps beside its tables and hands to a step as a table.
HOME_LISTS: tuple[Table, ...] = (PLACE_DECISIONS, LINKAGE_AUDITS)
TABLES: dict[str, Table] = {table.name: table for table in (*REGION_TABLES, *FLOW_TABLES, *HOME_LISTS)}

__all__ = ["FLOW_TABLES", "HOME_LISTS", "REGION_TABLES", "TABLES", "Column", "Sensitivity", "Table"]
