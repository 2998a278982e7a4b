"""How much name, cells and order of a column say for each role: sums of logarithms of odds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from preventable.stages.sources.drafting.headers import likeness
from preventable.stages.sources.drafting.profiles import Column, fit, lateness
from preventable.stages.sources.drafting.rules import (
    IGNORED,
    NUMBERED_BY,
    Role,
    all_roles,
    drafting_rules,
    usual,
)
from preventable.stages.sources.mapping import SupplierMapping
from preventable.tables.source_kinds import SourceKind

# Evidence of few cells says less: so many say half of what many would.
_CELLS_FOR = 4
_CELLS_AGAINST = 1


@dataclass(frozen=True)
class Evidence:
    """What speaks for one role of one column.

    Attributes:
        score: Sum of all that speaks for and against it.
        likeness: Of its name to the role's, 0 to 1.
        fit: Of its cells to the role's values, 0 to 1.
        is_earlier: Whether the provider's earlier mapping has the name in this role.
    """

    score: float
    likeness: float
    fit: float
    is_earlier: bool = False


def evidence_of(
    columns: Sequence[Column],
    roles: Sequence[Role],
    kind: SourceKind,
    earlier: SupplierMapping | None = None,
) -> list[list[Evidence]]:
    """The evidence for every column (rows) and role (columns).

    Args:
        columns: Of the file.
        roles: Of its kind.
        kind: The kind of source.
        earlier: The provider's nearest mapping, where there is one.
    """
    before = roles_of_mapping(earlier) if earlier is not None else {}
    late = lateness(columns)
    return [[_evidence(one, role, kind, late.get(one.header), before) for role in roles] for one in columns]


def roles_of_mapping(mapping: SupplierMapping) -> Mapping[str, str]:
    """Header -> the name of its role in a mapping, `ignored` where it is dropped."""
    found = dict.fromkeys(mapping.ignored, IGNORED) | dict.fromkeys(mapping.number_columns, NUMBERED_BY)
    # A number made of other fields' columns says least of what these are: it is overwritten.
    for field in sorted(mapping.columns, key=lambda field: field != "source_record_id"):
        found |= _parts(field, mapping.columns[field])
    periods = ("period_month",) if len(mapping.period_columns) == 1 else ("period_start", "period_end")
    return found | dict(zip(mapping.period_columns, periods, strict=False))


def _parts(field: str, headers: Sequence[str]) -> Mapping[str, str]:
    """The role of each header that fills a field: by its place for times, else by its name."""
    if len(headers) == 1:
        return {headers[0]: field}
    parts = [role for role in all_roles() if role.place and field in (role.fills, *role.instead)]
    in_two = {role.place: role.name for role in parts if not role.beside}
    if in_two:
        return {header: in_two.get(place, field) for place, header in enumerate(headers, 1)}
    beside = [*(role for role in parts if role.beside), *(role for role in all_roles() if role.name == field)]
    return {
        header: max(beside, key=lambda role: likeness(header, role).share).name if beside else field
        for header in headers
    }


def _evidence(
    column: Column, role: Role, kind: SourceKind, late: float | None, before: Mapping[str, str]
) -> Evidence:
    weights = drafting_rules()["weights"]
    like = likeness(column.header, role).share
    share = fit(column, role, kind)
    power = weights["power_of_dropped"] if role.name == IGNORED else weights["power"]
    score = weights["name"] * like**power + _of_values(column, role, share) + usual(role, kind)
    if late is not None and role.late is not None:
        score += weights["order"] * (1 - 2 * abs(role.late - late))
    if role.name == IGNORED:
        score += weights["nothing"]
    is_earlier = before.get(column.header) == role.name
    return Evidence(score + weights["earlier_name"] * is_earlier, like, share, is_earlier)


def _of_values(column: Column, role: Role, share: float) -> float:
    if not column.filled:
        return 0.0
    told = drafting_rules()["values"][role.values]
    says = told["fails"] + (told["fits"] - told["fails"]) * share
    needed = _CELLS_FOR if says > 0 else _CELLS_AGAINST
    return float(says * column.filled / (column.filled + needed))
