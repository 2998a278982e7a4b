"""Shares of records whose place lies between several venues, added up beside the counts of these venues."""

from __future__ import annotations

from collections.abc import Sequence

from preventable.engine import Engine
from preventable.stages.indicators.definitions import Definition
from preventable.stages.indicators.records import records_sql, records_where
from preventable.stages.indicators.sql import statement
from preventable.tables.condition_sql import Parameters


def add_up_shares(engine: Engine, definitions: Sequence[Definition]) -> None:
    """Create `venue_shares` from `shared_records`, located_records and `indicator_values`.

    Shares are added up as whole millionths, so that no order of records changes a sum.
    """
    of_venues = [one for one in definitions if any(level.area_type == "venue" for level in one.levels)]
    parameters = Parameters()
    cells = [statement("no_shares")]
    for one in of_venues:
        name, where = parameters.bind(one.id), records_where(one, parameters)
        cells.append(
            f"SELECT {name} AS definition, shared_venue AS area, month, sum(millionths) AS millionths"
            f" FROM indicator_shared WHERE {where} GROUP BY shared_venue, month"
        )
    engine.create("indicator_shared", statement("shared").format(records=records_sql()))
    engine.create(
        "venue_shares",
        statement("venue_shares").format(cells="\nUNION ALL\n".join(cells)),
        parameters.values,
    )
    engine.drop("indicator_shared")
