"""The stage of release: what each partner may see, from shown counts alone, looked at once more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import Any

import pyarrow as pa

from preventable.engine import Engine
from preventable.errors import NothingToReleaseError
from preventable.settings import Policy, StepContext
from preventable.stages.disclosure.beyond_rates import beyond_rows, beyond_tables, dispersion_rows
from preventable.stages.disclosure.cells import Cell
from preventable.stages.disclosure.estimates import (
    YEARLY_CHANGE,
    released_changes,
    released_shares,
)
from preventable.stages.disclosure.guard import PartnerGrant, check_release, shown_counts
from preventable.stages.disclosure.guard_beyond_rates import check_beyond_rates
from preventable.stages.disclosure.guard_estimates import check_estimates
from preventable.stages.disclosure.guard_late import check_gaps
from preventable.stages.disclosure.guard_lines import check_lines
from preventable.stages.disclosure.guard_linkage import check_linkage
from preventable.stages.disclosure.guard_patterns import check_patterns
from preventable.stages.disclosure.guard_premises import check_premises
from preventable.stages.disclosure.linkage_told import LinkageTables, released_linkage
from preventable.stages.disclosure.pattern_tables import pattern_tables
from preventable.stages.disclosure.patterns_told import released_patterns
from preventable.stages.disclosure.premises_told import (
    PREMISES_ESTIMATES,
    PremisesTold,
    Register,
    released_premises,
)
from preventable.stages.disclosure.rates import ShownTables, bases_by_area
from preventable.stages.disclosure.recipients import Grant, Recipient, read_recipients
from preventable.stages.disclosure.rule import ReleaseRule, read_release_rule
from preventable.stages.disclosure.signal_lines import Told, judged_again, released_signals
from preventable.stages.disclosure.told_lines import lines_told, with_states
from preventable.tables import TABLES
from preventable.tables.estimate_rules import EstimateRules, read_estimate_rules
from preventable.tables.signal_rules import SignalRules, read_signal_rules, with_changes_of_region

_GRANT_COLUMNS = ("recipient", "district", "definition", "area_type", "period_type", "dimension", "measure")


def protect_indicators(engine: Engine, context: StepContext) -> None:
    """Create `dispersions`, `released`, `released_*` (estimates, signals, gaps), `told_lines`, `release_register`.

    Reads indicator_values, venue_shares, population_bases, known_to_police, link_windows, incident_estimates,
    link_diagnostics, signals, patterns, data_findings, partners, areas, small_areas, venues; carries told_lines.

    Args:
        engine: Session with the tables read.
        context: Policy; the last month to report.

    Raises:
        PolicyError: policy/disclosure.toml, recipients.toml, signals.toml or estimates.toml is not well formed, or
            grants what nobody may have.
        NothingToReleaseError: There is no figure, or no partner with an agreement that still stands.
        ReleaseRefusedError: The guard found a cell that may not leave.
    """
    rule = read_release_rule(context.policy)
    recipients = read_recipients(context.policy)
    signal_rules = with_changes_of_region(read_signal_rules(context.policy), context.region)
    estimate_rules = read_estimate_rules(context.policy)
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
    standing = _standing(engine, recipients, context.period)
    _tell_beyond_counts(engine, standing, context, rule, signal_rules, estimate_rules)
    _tell_gaps(engine)
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
            "led": rule.notes["older_areas"],
            "shared_out": rule.notes["shared_out"],
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
        "SELECT DISTINCT c.figure, c.value, c.value_note, c.note FROM release_counts c"
        " JOIN (SELECT DISTINCT definition, area_type, period_type FROM release_grants"
        " WHERE measure <> 'count') g"
        " ON g.definition = c.definition AND g.period_type = c.period_type"
        " AND (g.area_type = c.area_type OR c.area_type = 'region')"
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
        "per": rule.per if measure.endswith("_rate") else None,
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
    context: StepContext,
    rule: ReleaseRule,
    signal_rules: SignalRules,
    estimate_rules: EstimateRules,
) -> None:
    """Create `released_estimates` and `released_signals`, each looked at once more before it may leave."""
    period = context.period
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
    check_linkage(of_linkage, linkage, asked, region[0][1] if region else "", rule)
    check_estimates(
        estimates,
        known,
        scored,
        shares_to=asked,
        districts=districts,
        changes_to=told_changes,
        region=region[0][1] if region else "",
        month=period,
        rule=rule,
        rules=signal_rules,
    )
    before = engine.table("previous_told_lines").to_pylist() if engine.has("previous_told_lines") else []
    lines = _lines(scored, told, before, period, rule, signal_rules)
    check_lines(lines, scored, told, before, rule=rule, rules=signal_rules, month=period)
    patterns = pattern_tables(engine)
    of_patterns = released_patterns(patterns, standing, region[0][1] if region else "", rule)
    check_patterns(
        of_patterns,
        patterns.patterns,
        engine.table("indicator_values"),
        standing,
        region[0][1] if region else "",
        rule,
    )
    of_premises = _premises(engine, standing, rule, estimate_rules)
    beyond = _beyond_rates(engine, context.policy, standing, region[0][1] if region else "", rule)
    for name, rows in (
        ("released_estimates", [*estimates, *of_linkage, *of_premises, *beyond, *of_patterns]),
        ("released_signals", lines),
        ("told_lines", lines_told(lines, before)),
    ):
        engine.load(name, pa.Table.from_pylist(rows, schema=TABLES[name].arrow_schema()))


def _tell_gaps(engine: Engine) -> None:
    engine.create("released_gaps", _statement("gaps"))
    gaps, findings = (engine.table(name).to_pylist() for name in ("released_gaps", "data_findings"))
    marked = engine.fetch("SELECT * FROM released WHERE value_note = '[x]'").to_pylist() if gaps else []
    check_gaps(gaps, marked, findings)


def _lines(
    scored: Sequence[Mapping[str, Any]],
    told: Sequence[Told],
    before: Sequence[Mapping[str, Any]],
    period: str,
    rule: ReleaseRule,
    rules: SignalRules,
) -> list[dict[str, Any]]:
    """Lines of the month with their states, by what was told before."""
    lines = released_signals(scored, told, month=period, rule=rule, rules=rules)
    judge = partial(judged_again, scored, told, period=period, rule=rule, rules=rules)
    return with_states(lines, before, lambda month: judge(month=month), period)


def _premises(
    engine: Engine, standing: Sequence[tuple[str, str, Recipient]], rule: ReleaseRule, rules: EstimateRules
) -> list[dict[str, object]]:
    """Rows of `released_estimates` of premises, looked at once more."""
    told = [
        PremisesTold(partner, district, estimates, terms.counted_by_venue)
        for partner, district, terms in standing
        if (estimates := tuple(one for one in terms.estimates if one in PREMISES_ESTIMATES))
    ]
    shown = engine.fetch(
        "SELECT * FROM release_counts WHERE area_type = 'venue' AND period_type = 'last12' AND dimension = 'all'"
        " ORDER BY figure"
    ).to_pylist()
    if not told or not shown:
        return []
    register = {
        row["venue"]: Register(row["venue_type"], row["capacity"], row["opened_on"], row["closed_on"])
        for row in engine.fetch(
            "SELECT venue, venue_type, capacity, opened_on, closed_on FROM venues"
        ).to_pylist()
    }
    districts = {
        (row["area_type"], row["area"]): row["district"] for row in engine.table("release_areas").to_pylist()
    }
    rows = released_premises(shown, register, districts, told, rule=rule, policy=rules.premises)
    shares = {row["figure"]: row["millionths"] for row in engine.table("venue_shares").to_pylist()}
    cells = shown_counts(engine.table("indicator_values"), shares, rule)
    of_sources = engine.fetch("SELECT DISTINCT definition, source FROM indicator_values").to_pylist()
    sources = {row["definition"]: row["source"] for row in of_sources}
    check_premises(rows, cells, register, districts, told, sources=sources, rule=rule, policy=rules.premises)
    return rows


def _beyond_rates(
    engine: Engine,
    policy: Policy,
    standing: Sequence[tuple[str, str, Recipient]],
    region: str,
    rule: ReleaseRule,
) -> list[dict[str, Any]]:
    """Create `dispersions`; what is told of counts and rates beside the cells, looked at once more."""
    tables = beyond_tables(engine, policy.definitions, region)
    measured = dispersion_rows(tables, rule)
    engine.load("dispersions", pa.Table.from_pylist(measured, schema=TABLES["dispersions"].arrow_schema()))
    rows = beyond_rows(tables, measured, standing, rule)
    check_beyond_rates(rows, engine.table("indicator_values"), tables, standing, rule)
    return rows


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
    columns = (column.to_pylist() for column in told.columns)
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
