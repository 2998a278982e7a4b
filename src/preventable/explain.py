"""Trace a released figure back to the rows of the submissions it counts. For the restricted side alone.

The rows are found again from `located_records` (or `listings`) by the definition's own conditions, not copied from
the count, and the two must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from preventable.counted import counted
from preventable.engine import Engine
from preventable.engine.choose import embedded_engine
from preventable.errors import StaleFiguresError, UnknownFigureError
from preventable.intake.reports import receipt_id
from preventable.settings import Policy
from preventable.stages.disclosure.estimates import SHARE_OF
from preventable.stages.disclosure.patterns_told import PATTERN_ESTIMATES
from preventable.stages.disclosure.premises_told import PREMISES_ESTIMATES
from preventable.stages.indicators.definitions import Definition, read_definitions
from preventable.stages.indicators.records import (
    area_column,
    prepare_areas,
    prepare_quantities,
    prepare_records,
    records_where,
    region_code,
)
from preventable.store.earlier import EarlierTables, tables_of_release
from preventable.store.home import Home
from preventable.store.session import HomeTables, reading
from preventable.tables.condition_sql import Parameters

_ROWS_PRINTED = 12


@dataclass(frozen=True)
class CountedSubmission:
    """Rows of one submission that a figure counts: lines of the file, the header being line 1.

    `quantities` are what each row adds, of a list or of counts; None of records, each of which is one.
    """

    submission_id: str
    provider: str
    month: str
    file_sha256: tuple[str, ...]
    rows: tuple[int, ...]
    quantities: tuple[int, ...] | None = None

    @property
    def first_rows(self) -> str:
        """The first lines in words, with what they add where that is not one each."""
        lines = [str(row) for row in self.rows[:_ROWS_PRINTED]]
        if self.quantities is not None:
            lines = [f"{row} ({adds:,})" for row, adds in zip(lines, self.quantities, strict=False)]
        more = f" and {len(self.rows) - _ROWS_PRINTED} more" if len(self.rows) > _ROWS_PRINTED else ""
        return ", ".join(lines) + more


@dataclass(frozen=True)
class Explanation:
    """A figure, what was shown of it, and what it counts.

    Attributes:
        figure: Its name.
        shown: Value, limits and notes as released, by recipient.
        definition: Title, version and conditions of the definition.
        count: Exact count of the figure, or of the count that a rate is computed from.
        person_years: Population at risk; None where a rate would mean nothing.
        coverage: Share of the usual records whose providers have sent the period.
        shares: What it gets besides of records whose words leave their place between several venues.
        submissions: Where each counted row stands.
    """

    figure: str
    shown: tuple[dict[str, Any], ...]
    definition: dict[str, Any]
    count: int
    person_years: float | None
    coverage: float
    shares: float
    submissions: tuple[CountedSubmission, ...]

    def as_dict(self) -> dict[str, Any]:
        """The explanation as plain values."""
        return asdict(self)

    def as_text(self) -> str:
        """The explanation in lines for a person."""
        lines = [self.figure, f"  {self.definition['title']} (version {self.definition['version']})"]
        lines += [f"  {line}" for line in self.definition["conditions"]]
        for shown in self.shown:
            value = shown["value_note"] or _number(shown["value"])
            limits = (
                "" if shown["lower"] is None else f" ({_number(shown['lower'])} to {_number(shown['upper'])})"
            )
            lines.append(f"  shown to {shown['recipient']}: {value}{limits} {shown['note']}".rstrip())
        lines.append(
            f"  exact count {self.count:,}, coverage {self.coverage:.3f}. Restricted: not to be passed on."
        )
        if self.shares:
            lines.append(f"  shares of records that may mean other venues as well: {self.shares:,.2f} in all")
        for one in self.submissions:
            receipt, rows = receipt_id(one.submission_id, ""), counted(len(one.rows), "row")
            lines.append(f"  {one.provider} {one.month} {receipt}: {rows}: {one.first_rows}")
        return "\n".join(lines)


@dataclass(frozen=True)
class EstimateExplanation:
    """What is told besides counts: an estimate or a weekly series, and what it rests on.

    Attributes:
        figure: Its name.
        shown: What each recipient was told.
        rests_on: Rows of `known_to_police` or `signals`: exact, restricted.
        submissions: Submissions of the services and months that it rests on.
    """

    figure: str
    shown: tuple[dict[str, Any], ...]
    rests_on: tuple[dict[str, Any], ...]
    submissions: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """The explanation as plain values."""
        return asdict(self)

    def as_text(self) -> str:
        """The explanation in lines for a person."""
        lines = [self.figure]
        for shown in self.shown:
            told = {name: value for name, value in shown.items() if name != "recipient"}
            lines.append(f"  told to {shown['recipient']}: {_filled(told)}")
        lines.append("  rests on (exact. Restricted: not to be passed on):")
        for row in self.rests_on:
            lines.append(f"    {_filled(row)}")
        lines.append(f"  from {len(self.submissions)} submissions:")
        lines += [
            f"    {one['provider']} {one['month']} {one['submission_id'][:12]}" for one in self.submissions
        ]
        return "\n".join(lines)


def explain_figure(
    home: Home, policy: Policy, figure: str, *, release: str | None = None
) -> Explanation | EstimateExplanation:
    """Find the rows that a released figure counts, or what an estimate or a weekly series rests on.

    Args:
        home: A home whose flow has run.
        policy: The policy of that run.
        figure: Name of a released figure of any measure, of an estimate, or of a weekly series.
        release: An earlier release whose figure is meant; None for what is released now.

    Raises:
        UnknownFigureError: It was not released to anybody.
        UnknownReleaseError: The home made no packs of that release.
        StaleFiguresError: Figures were counted anew and not released, or the definition is another one since.
    """
    with reading(home) as opened:
        tables = opened if release is None else tables_of_release(opened, release)
        shown = _told(tables, "released", figure)
        if not shown:
            told = _told(tables, "released_estimates", figure) or _told(tables, "released_signals", figure)
            if told:
                return _explain_beyond(tables, figure, told)
            raise UnknownFigureError("explain", "the name is not that of a released figure")
        count_of_it = f"{figure.rsplit('/', 1)[0]}/count"
        exact = _exact(tables, count_of_it)
        definition = _definition(policy, exact)
        rows = _counted_rows(home, tables, definition, exact)
        submissions = _by_submission(tables, rows, quantities=definition.kind.form != "events")
        shares = _shares(tables, count_of_it)
    found = sum(rows.column("records").to_pylist())
    if found != exact["count"]:
        raise StaleFiguresError(
            "explain",
            f"the policy or the code finds {counted(found, 'row')} of it, and {exact['count']} were counted",
        )
    kept = ("recipient", "value", "lower", "upper", "per", "value_note", "note")
    return Explanation(
        figure,
        tuple({name: row[name] for name in kept} for row in shown),
        _in_words(definition),
        exact["count"],
        exact["person_years"],
        exact["coverage"],
        shares,
        submissions,
    )


_OF_SERIES = ("signals", ("definition", "area_type", "area"))
#: What is told besides counts -> the exact table that it rests on, and the columns that both have.
_RESTS_ON = {
    **dict.fromkeys(
        SHARE_OF.values(),
        ("known_to_police", ("source", "breakdown", "category", "period_start", "period_end")),
    ),
    "yearly_change": _OF_SERIES,
    "plain_unknown": ("link_windows", ("source", "period_start", "period_end")),
    "injured_in_all": ("incident_estimates", ("period_start", "period_end")),
    "linkage_check": ("link_diagnostics", ()),
    "dispersion": ("dispersions", ("definition",)),
    **dict.fromkeys(
        ("similar_areas", "funnel"), ("indicator_values", ("definition", "area_type", "area", "period_end"))
    ),
    **dict.fromkeys(
        ("deprivation_rate", "inequality_slope", "inequality_ratio"),
        ("indicator_values", ("definition", "period_end")),
    ),
    **dict.fromkeys(PATTERN_ESTIMATES, ("patterns", ("definition", "area_type", "area"))),
    **dict.fromkeys(PREMISES_ESTIMATES, ("indicator_values", ("definition", "area_type", "area"))),
}
#: What a person wants to read first of a released row.
_TOLD = (
    "recipient", "value", "lower", "upper", "lower_if_hidden", "verdict", "first_day", "last_day", "usual_lower",
    "usual_upper", "value_note", "note",
)  # fmt: skip


def _told(tables: HomeTables | EarlierTables, table: str, figure: str) -> list[dict[str, Any]]:
    return [dict(row) for row in tables.read(table).to_pylist() if row["figure"] == figure]


def _explain_beyond(
    tables: HomeTables | EarlierTables, figure: str, told: list[dict[str, Any]]
) -> EstimateExplanation:
    table, shared = _RESTS_ON.get(told[0].get("estimate", ""), _OF_SERIES)
    last = tables.run_log.last_step("disclosure")
    versions = {} if last is None else {**last.versions_written, **last.versions_read}
    if versions.get(table) != tables.version(table):
        raise StaleFiguresError("explain", "figures were counted since the last release")
    rows = [
        dict(row)
        for row in tables.read(table).to_pylist()
        if all(row[c] == told[0][c] for c in shared)
        and SHARE_OF.get(row.get("measure", "")) in (None, told[0].get("estimate"))
    ]
    sources = {told[0]["source"]} | ({"police"} if table == "known_to_police" else set())
    if told[0].get("estimate", "").endswith("seen_by_neither"):
        sources.add("ed")
    months = {"from": told[0].get("period_start", "")[:7], "to": told[0]["period_end"][:7]}
    submissions = [
        {"submission_id": entry.submission_id, "provider": entry.provider, "month": entry.month}
        for entry in tables.restricted.ledger.standing_submissions()
        if entry.source in sources and months["from"] <= entry.month <= months["to"]
    ]
    return EstimateExplanation(
        figure,
        tuple({name: row[name] for name in _TOLD if name in row} for row in told),
        tuple(rows),
        tuple(submissions),
    )


def _filled(row: Mapping[str, object]) -> str:
    """Columns of a row that hold something, with their values."""
    return ", ".join(f"{name} {_plain(value)}" for name, value in row.items() if value not in (None, ""))


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _exact(tables: HomeTables | EarlierTables, figure: str) -> dict[str, Any]:
    """Row of `indicator_values` that the release rests on."""
    last = tables.run_log.last_step("disclosure")
    if last is None or last.versions_read["indicator_values"] != tables.version("indicator_values"):
        raise StaleFiguresError("explain", "figures were counted since the last release")
    for row in tables.read("indicator_values").to_pylist():
        if row["figure"] == figure:
            return dict(row)
    raise StaleFiguresError("explain", "the figure is not counted any more")


def _shares(tables: HomeTables | EarlierTables, figure: str) -> float:
    rows = tables.read("venue_shares").to_pylist()
    return sum(row["millionths"] for row in rows if row["figure"] == figure) / 1_000_000


def _definition(policy: Policy, exact: dict[str, Any]) -> Definition:
    for one in read_definitions(policy):
        if (one.id, one.version) == (exact["definition"], exact["definition_version"]):
            return one
    raise StaleFiguresError("explain", "policy has no longer the definition that it was counted by")


def _counted_rows(
    home: Home, tables: HomeTables | EarlierTables, definition: Definition, exact: dict[str, Any]
) -> pa.Table:
    """submission_id, row_number and what each row adds to the count."""
    engine = embedded_engine()
    parameters = Parameters()
    where = records_where(definition, parameters)
    span = (
        f"month BETWEEN {parameters.bind(exact['period_start'])} AND {parameters.bind(exact['period_end'])}"
    )
    _prepare(engine, home, tables, definition.kind.form)
    source, area, adds = {
        "list": ("listings", "subject_area", "coalesce(quantity, 0)"),
        "counts": ("indicator_quantities", area_column(definition, exact["area_type"]), "quantity"),
        "events": ("indicator_records", area_column(definition, exact["area_type"]), "1"),
    }[definition.kind.form]
    category = (
        ""
        if exact["dimension"] == "all"
        else f" AND {exact['dimension']} = {parameters.bind(exact['category'])}"
    )
    return engine.fetch(
        f"SELECT submission_id, row_number, {adds} AS records FROM {source}"
        f" WHERE {area} = {parameters.bind(exact['area'])} AND {span} AND {where}{category}"
        " ORDER BY submission_id, row_number",
        parameters.values,
    )


def _prepare(engine: Engine, home: Home, tables: HomeTables | EarlierTables, form: str) -> None:
    region = home.region_tables()
    for name in ("areas", "small_areas", "venues", "populations"):
        engine.load(name, region[name])
    region = region_code(engine)
    prepare_areas(engine, region)
    if form == "events":
        engine.load("located_records", tables.read("located_records"))
        prepare_records(engine, region)
        return
    engine.load("listings", tables.read("listings"))
    if form == "counts":
        prepare_quantities(engine, region, home.region_about())


def _by_submission(
    tables: HomeTables | EarlierTables, rows: pa.Table, *, quantities: bool = False
) -> tuple[CountedSubmission, ...]:
    ledger = tables.restricted.ledger
    files: dict[str, list[str]] = {}
    for receipt in ledger.receipts():
        if receipt.submission_id and receipt.outcome == "loaded":
            files.setdefault(receipt.submission_id, []).append(receipt.file_sha256)
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        lines.setdefault(row["submission_id"], []).append(row)
    return tuple(
        CountedSubmission(
            entry.submission_id,
            entry.provider,
            entry.month,
            tuple(sorted(set(files.get(entry.submission_id, ())))),
            tuple(row["row_number"] for row in lines[entry.submission_id]),
            tuple(row["records"] for row in lines[entry.submission_id]) if quantities else None,
        )
        for entry in ledger.submissions()
        if entry.submission_id in lines
    )


_COUNTED = {
    "residence": "counted by residence",
    "place": "counted by place",
    "counts": "numbers of areas added up",
    "list": "numbers of a list added up",
}


def _in_words(definition: Definition) -> dict[str, Any]:
    conditions = [f"source is {definition.source}, {_COUNTED[definition.area_basis]}"]
    conditions += [one.in_words for one in definition.conditions]
    return {
        "id": definition.id,
        "version": definition.version,
        "title": definition.title,
        "plain": definition.plain,
        "conditions": conditions,
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}".removesuffix(".0")
