"""What patterns are told from: exact patterns, the counts that they must not narrow, and counts as shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.engine import Engine

#: "Nearly complete" is said of every area of a source alike: of one alone it would tell who is treated where.
_OF_SOURCE = """(
    SELECT source, period_type, period_end, min(coverage) AS source_coverage FROM indicator_values
    GROUP BY source, period_type, period_end
)"""
_BANDS = f"""
SELECT v.definition, v.area_type, v.area, v.category, v.count, v.coverage, s.source_coverage FROM indicator_values v
JOIN {_OF_SOURCE} s ON s.source = v.source AND s.period_type = v.period_type AND s.period_end = v.period_end
WHERE v.dimension = 'weekday_hour' AND v.period_type IN ('last12', 'to_date') AND v.area_type IN ('region', 'district')
    AND v.definition IN (SELECT definition FROM patterns)
"""
_SHOWN_AREAS = f"""
SELECT c.definition, c.definition_version, c.source, c.area, c.period_start, c.period_end, c.value, s.source_coverage
FROM release_counts c
JOIN {_OF_SOURCE} s ON s.source = c.source AND s.period_type = c.period_type AND s.period_end = c.period_end
JOIN (
    SELECT definition, max(period_end) AS period_end FROM release_counts
    WHERE area_type = 'small_area' AND period_type = 'year' GROUP BY definition
) l ON l.definition = c.definition AND l.period_end = c.period_end
WHERE c.area_type = 'small_area' AND c.period_type = 'year' AND c.dimension = 'all' AND c.measure = 'count'
    AND c.definition IN (SELECT definition FROM patterns)
ORDER BY c.definition, c.area
"""
_SHOWN_MONTHS = """
SELECT definition, period_end, value FROM release_counts
WHERE area_type = 'region' AND period_type = 'month' AND dimension = 'all' AND measure = 'count'
    AND definition IN (SELECT definition FROM patterns)
"""


_SOURCE_MONTHS = """
SELECT source, period_end AS month, min(coverage) AS coverage FROM indicator_values
WHERE period_type = 'month' GROUP BY source, period_end
"""


@dataclass(frozen=True)
class PatternTables:
    """What patterns are told from.

    Attributes:
        patterns: Rows of `patterns`, exact.
        bands: Rows of `indicator_values` by weekday and hour, of the long period, exact; with the least coverage that
            an area of the source has.
        shown_areas: Shown counts of small areas in the latest year, 0 to 7 and what is not complete without value;
            with the same coverage.
        shown_months: Shown counts of the region by month.
        source_months: Least coverage that an area of a source has in a month.
    """

    patterns: Sequence[Mapping[str, Any]]
    bands: Sequence[Mapping[str, Any]]
    shown_areas: Sequence[Mapping[str, Any]]
    shown_months: Sequence[Mapping[str, Any]]
    source_months: Sequence[Mapping[str, Any]]


def pattern_tables(engine: Engine) -> PatternTables:
    """Read them from a session with `patterns`, `indicator_values` and `release_counts`."""
    read = (engine.fetch(sql).to_pylist() for sql in (_BANDS, _SHOWN_AREAS, _SHOWN_MONTHS, _SOURCE_MONTHS))
    return PatternTables(engine.table("patterns").to_pylist(), *read)
