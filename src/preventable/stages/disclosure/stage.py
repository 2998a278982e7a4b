"""The stage of release: what each partner may see, from shown counts alone, looked at once more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files

import pyarrow as pa

from preventable.engine import Engine
from preventable.errors import NothingToReleaseError
from preventable.settings import StepContext
from preventable.stages.disclosure.cells import Cell
from preventable.stages.disclosure.estimates import (
    YEARLY_CHANGE,
    released_changes,
    released_shares,
)
from preventable.stages.disclosure.guard import PartnerGrant, check_release
from preventable.stages.disclosure.guard_estimates import check_estimates
from preventable.stages.disclosure.guard_lines import check_lines
from preventable.stages.disclosure.guard_linkage import check_linkage
from preventable.stages.disclosure.linkage_told import LinkageTables, released_linkage
from preventable.stages.disclosure.rates import ShownTables, bases_by_area
from preventable.stages.disclosure.recipients import Grant, Recipient, read_recipients
from preventable.stages.disclosure.rule import ReleaseRule, read_release_rule
from preventable.stages.disclosure.signal_lines import Told, released_signals
from preventable.tables import TABLES
from preventable.tables.signal_rules import SignalRules, read_signal_rules

_GRANT_COLUMNS = ("recipient", "district", "definition", "area_type", "period_type", "dimension", "measure")


def protect_indicators(engine: Engine, context: StepContext) -> None:
    """Create `released`, `released_estimates`, `released_signals` and `release_register` under the policy.

    Reads indicator_values, venue_shares, population_bases, known_to_police, link_windows, incident_estimates,
    link_diagnostics, signals, partners, areas, small_areas, venues.

    Args:
        engine: Session with the tables read.
        context: Policy; the last month to report.

    Raises:
        PolicyError: policy/disclosure.toml, policy/recipients.toml or policy/signals.toml is not well formed, or
            grants what nobody may have.
        NothingToReleaseError: There is no figure, or no partner with an agreement that still stands.
        ReleaseRefusedError: The guard found a cell that may not leave.
    """
    rule = read_release_rule(context.policy)
    recipients = read_recipients(context.policy)
    signal_rules = read_signal_rules(context.policy)
    if not context.period or engine.table("indicator_values").num_rows == 0:
        raise NothingToReleaseError("disclosure", "no figure has been counted")
    grants = _partner_grants(engine, recipients, context.period)
    if not grants:
        raise NothingToReleaseError("disclosure", "no partner has an agreement that stands in this period")

    engine.load("release_grants", _columns(_GRANT_COLUMNS, grants))
    engine.create("release_areas", _statement("areas"))
    _show_counts(engine, rule)
    engine.load("release_rates", _rates(engine, rule))
    engine.create("release_cells", "SELECT * FROM release_counts UNION ALL SELECT * FROM release_rates")
    engine.create("released", _statement("released"))
    _guard(engine, rule, grants)
    _tell_beyond_counts(
        engine, _standing(engine, recipients, context.period), context.period, rule, signal_rules
    )
    _register(engine, context.period)
    for name in ("grants", "areas", "counted_sources", "counts", "rates", "cells", "told"):
        engine.drop(f"release_{name}")


def _standing(
    engine: Engine, recipients: Sequence[Recipient], period: str
) -> list[tuple[str, str, Recipient]]:
    """Each partner of the region with its district and terms, where its kind has an agreement that stands."""
    standing = {one.partner_type: one for one in recipients if one.may_receive(period)}
    partners = engine.fetch(
        "SELECT partner, partner_type, district FROM partners ORDER BY partner"
    ).to_pylist()
    return [
        (one["partner"], one["district"], standing[one["partner_type"]])
        for one in partners
        if one["partner_type"] in standing
    ]


def _partner_grants(engine: Engine, recipients: Sequence[Recipient], period: str) -> list[PartnerGrant]:
    """What each partner may receive of counts, rates and shares."""
    return [
        (partner, district, grant.definition, grant.area_type, period_type, grant.dimension, grant.measure)
        for partner, district, terms in _standing(engine, recipients, period)
        for grant in terms.grants
        for period_type in _period_types(grant)
    ]


def _period_types(grant: Grant) -> tuple[str, ...]:
    """A home with fewer than twelve months has `to_date` in the place of `last12`."""
    return ("last12", "to_date") if grant.period_type == "last12" else (grant.period_type,)


def _show_counts(engine: Engine, rule: ReleaseRule) -> None:
    incomplete, words = _by_source("incomplete", rule.incomplete)
    not_expected, more_words = _by_source("not_expected", rule.not_expected)
    counted = pa.table({"source": pa.array(sorted(rule.counted_sources), pa.string())})
    engine.load("release_counted_sources", counted)
    engine.create(
        "release_counts",
        _statement("shown_counts").format(incomplete=incomplete, not_expected=not_expected),
        {
            "minimum": rule.minimum_count,
            "base": rule.rounding_base,
            "month_coverage": rule.least_coverage("month"),
            "longer_coverage": rule.least_coverage("last12"),
            "confidential": rule.notes["confidential"],
            "nearly_complete": rule.notes["nearly_complete"],
            **words,
            **more_words,
        },
    )


def _by_source(name: str, notes: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """CASE of the words for each kind of source, and the kinds and words to bind."""
    of_sources = sorted((source, note) for source, note in notes.items() if source != "other")
    bound = {name: notes["other"]}
    cases = ""
    for place, (source, note) in enumerate(of_sources):
        bound |= {f"{name}_source_{place}": source, f"{name}_{place}": note}
        cases += f" WHEN ${name}_source_{place} THEN ${name}_{place}"
    return (f"CASE source{cases} ELSE ${name} END" if cases else f"${name}"), bound


def _rates(engine: Engine, rule: ReleaseRule) -> pa.Table:
    """Rates and shares that somebody is granted, each computed from shown counts and public denominators."""
    needed = engine.fetch(
        "SELECT c.figure, c.value, c.value_note, c.note FROM release_counts c"
        " JOIN (SELECT DISTINCT definition, area_type, period_type FROM release_grants"
        " WHERE measure <> 'count') g"
        " ON g.definition = c.definition AND g.area_type = c.area_type AND g.period_type = c.period_type"
    ).to_pylist()
    shown = {_stem(row["figure"]): Cell(row["value"], row["value_note"], row["note"]) for row in needed}
    tables = ShownTables(shown, bases_by_area(engine.table("population_bases").to_pylist()), rule)
    wanted = engine.fetch(
        "SELECT c.*, g.measure AS wanted FROM release_counts c JOIN (SELECT DISTINCT definition, area_type,"
        " period_type, dimension, measure FROM release_grants WHERE measure <> 'count') g"
        " ON g.definition = c.definition AND g.area_type = c.area_type AND g.period_type = c.period_type"
        " AND g.dimension = c.dimension ORDER BY c.figure, g.measure"
    ).to_pylist()
    rows = [_computed(row, tables, rule) for row in wanted]
    schema = engine.fetch("SELECT * FROM release_counts WHERE 1 = 0").schema
    return pa.Table.from_pylist(rows, schema=schema)


def _computed(row: Mapping[str, object], tables: ShownTables, rule: ReleaseRule) -> dict[str, object]:
    stem, measure = _stem(str(row["figure"])), str(row["wanted"])
    cell = tables.compute(stem, measure)
    return {
        **row,
        "figure": f"{stem}/{measure}",
        "measure": measure,
        "value": cell.value,
        "lower": cell.lower,
        "upper": cell.upper,
        "per": None if measure == "share" else rule.per,
        "value_note": cell.token,
        "note": cell.note,
    }


def _guard(engine: Engine, rule: ReleaseRule, grants: Iterable[PartnerGrant]) -> None:
    areas = engine.table("release_areas").to_pylist()
    check_release(
        engine.table("released"),
        engine.table("indicator_values"),
        engine.table("population_bases"),
        shares=engine.table("venue_shares"),
        rule=rule,
        grants=grants,
        districts={(row["area_type"], row["area"]): row["district"] for row in areas},
    )


def _tell_beyond_counts(
    engine: Engine,
    standing: Sequence[tuple[str, str, Recipient]],
    period: str,
    rule: ReleaseRule,
    signal_rules: SignalRules,
) -> None:
    """Create `released_estimates` and `released_signals`, each looked at once more before it may leave."""
    known = engine.table("known_to_police").to_pylist()
    linkage = LinkageTables(
        *(
            engine.table(name).to_pylist()
            for name in ("link_windows", "incident_estimates", "link_diagnostics")
        )
    )
    scored = engine.table("signals").to_pylist()
    regions = engine.fetch("SELECT area FROM areas WHERE area_type = 'region' ORDER BY area").column("area")
    region = tuple(("region", area) for area in regions.to_pylist())
    asked = {partner: terms.estimates for partner, _district, terms in standing}
    districts = {partner: district for partner, district, _terms in standing}
    told = [
        Told(partner, (*region, ("district", district)), terms.signals)
        for partner, district, terms in standing
    ]
    asked_changes = {partner for partner, _district, terms in standing if YEARLY_CHANGE in terms.estimates}
    told_changes = [one for one in told if one.recipient in asked_changes]
    estimates = [
        *released_shares(known, asked, region[0][1] if region else "", rule, districts),
        *released_changes(scored, told_changes, month=period, rule=rule, rules=signal_rules),
    ]
    of_linkage = released_linkage(linkage, asked, region[0][1] if region else "", rule)
    check_linkage(of_linkage, linkage, asked, rule)
    check_estimates(
        estimates, known, scored, shares_to=asked, districts=districts, changes_to=told_changes, rule=rule
    )
    lines = released_signals(scored, told, month=period, rule=rule, rules=signal_rules)
    check_lines(lines, scored, told, rule=rule, most_lines=signal_rules.most_lines)
    for name, rows in (("released_estimates", [*estimates, *of_linkage]), ("released_signals", lines)):
        engine.load(name, pa.Table.from_pylist(rows, schema=TABLES[name].arrow_schema()))


def _register(engine: Engine, period: str) -> None:
    engine.create("release_told", _statement("told"))
    engine.create(
        "release_register",
        "SELECT CAST($release AS VARCHAR) AS release, recipient, figure, value, lower, upper, value_note"
        " FROM release_told ORDER BY recipient, figure",
        {"release": f"{period}-{_fingerprint(engine.table('release_told'))}"},
    )


def _fingerprint(told: pa.Table) -> str:
    """First 12 hexadecimal digits of the sha256 of everything that is told, sorted."""
    names = ("recipient", "figure", "value", "lower", "upper", "value_note")
    columns = (told.column(name).to_pylist() for name in names)
    lines = sorted("\t".join(map(str, row)) for row in zip(*columns, strict=True))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}
    )


def _stem(figure: str) -> str:
    return figure.rpartition("/")[0]


def _statement(name: str) -> str:
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")
