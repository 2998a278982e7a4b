"""How complete a period is: the share of an area's usual records whose providers have sent."""

from __future__ import annotations

import pyarrow as pa

from preventable.engine import Engine
from preventable.errors import PolicyError
from preventable.settings import Policy, words_given
from preventable.stages.indicators.definitions import Definition
from preventable.stages.indicators.sql import statement
from preventable.tables.condition_sql import Parameters

_WHERE = "policy/disclosure.toml"


def of_counts(policy: Policy, name: str) -> int:
    """A whole number of the rule for counts, so that a mark tells nothing that a shown count would not.

    Raises:
        PolicyError: The policy has no such number.
    """
    value = policy.file("disclosure").get("counts", {}).get(name)
    if type(value) is not int:
        raise PolicyError(_WHERE, f"{name} is not a whole number")
    return value


def providers_not_expected(policy: Policy) -> tuple[str, ...]:
    """Providers that may stay silent as long as they have never sent.

    Raises:
        PolicyError: The policy has no list of them.
    """
    given = policy.file("disclosure").get("coverage", {}).get("providers_not_expected")
    return words_given(_WHERE, "providers_not_expected", given)


def measure_coverage(engine: Engine, definitions: tuple[Definition, ...], policy: Policy) -> None:
    """Create `indicator_period_coverage`: coverage by source, area and period, between 0 and 1.

    A provider that the region lists and that has never sent counts as one missing, unless policy says that it
    is not expected. `indicator_providers` says how many have sent, are expected, and are not.
    """
    parameters = Parameters()
    parts = [_sent(source, basis, area_type, parameters) for source, basis, area_type in _wanted(definitions)]
    engine.create("indicator_sent", "\nUNION ALL\n".join([statement("no_sent"), *parts]), parameters.values)
    rule = {"minimum": of_counts(policy, "minimum_count"), "base": of_counts(policy, "rounding_base")}
    engine.create("indicator_usual", statement("usual"), rule)
    engine.create("indicator_month_coverage", statement("month_coverage"))
    engine.create("indicator_provider_coverage", statement("provider_coverage"))
    left_out = providers_not_expected(policy)
    engine.load("indicator_not_expected", pa.table({"provider": pa.array(left_out, pa.string())}))
    engine.create("indicator_providers", statement("providers"))
    engine.create(
        "indicator_frame_areas",
        "SELECT DISTINCT source, area_basis, area_type, area, district, period_type, period_end"
        " FROM indicator_frame"
        " UNION SELECT source, area_basis, area_type, area, district, 'month', month FROM indicator_weekly_frame",
    )
    engine.create("indicator_period_coverage", statement("period_coverage"))


def _wanted(definitions: tuple[Definition, ...]) -> list[tuple[str, str, str]]:
    """Source, basis and level of everything counted, with district and region to fall back upon."""
    wanted = set()
    for definition in definitions:
        if definition.area_basis != "list":
            levels = {level.area_type for level in definition.levels} | {"district", "region"}
            wanted |= {(definition.source, definition.area_basis, area_type) for area_type in levels}
    return sorted(wanted)


def _sent(source: str, basis: str, area_type: str, parameters: Parameters) -> str:
    area = "venue_id" if area_type == "venue" else f"{basis}_{area_type}"
    told = (
        f"SELECT {parameters.bind(source)} AS source, {parameters.bind(basis)} AS area_basis,"
        f" {parameters.bind(area_type)} AS area_type, {area} AS area, n.provider"
    )
    where = f"n.source = {parameters.bind(source)} AND {area} IS NOT NULL GROUP BY {area}, n.provider"
    if basis == "counts":
        return (
            f"{told}, CAST(sum(n.quantity) AS BIGINT) AS records FROM indicator_quantities n"
            " JOIN coverage k ON k.provider = n.provider AND k.month = n.month AND k.received"
            f" WHERE {where}"
        )
    return (
        f"{told}, CAST(sum(n.records) AS BIGINT) AS records FROM indicator_{basis}_received n WHERE {where}"
    )
