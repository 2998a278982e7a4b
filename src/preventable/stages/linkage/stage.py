"""The stage of linkage: records of emergency departments, ambulance and police to links and incidents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.linkage.audited import audit_rows, with_audit
from preventable.stages.linkage.co_victims import Together, bring_together, link_one_source
from preventable.stages.linkage.comparisons import read_models, read_rules
from preventable.stages.linkage.diagnostics import diagnostic_rows
from preventable.stages.linkage.known import estimate_known, read_known_rules
from preventable.stages.linkage.merge import Merged, first_visits, held_probabilities, merge_links
from preventable.stages.linkage.pair import PairLinks
from preventable.stages.linkage.policy import LinkagePolicy, read_linkage_policy
from preventable.stages.linkage.prepare import prepare_records
from preventable.stages.linkage.third_source import link_sources
from preventable.stages.linkage.totals import Known, total_rows
from preventable.stages.linkage.windows import nearness, read_windows, window_rows
from preventable.tables.aggregate import KNOWN_TO_POLICE, LINK_MODELS, LINK_QUALITY
from preventable.tables.pseudonymous import INCIDENTS, LINKS

_OWN_TABLES = ("linkable_records", "linkage_left", "linkage_right")


def link_records(engine: Engine, context: StepContext) -> None:
    """Create what the step of linkage writes (pipeline.STEPS).

    The share known to police is estimated from the same records, beside the links and not from them.

    Args:
        engine: Session with located_records, small_areas and linkage_audits.
        context: Policy with linkage.toml and the definitions it names; its `progress`, where set, is called with
            the share done.

    Raises:
        PolicyError: policy/linkage.toml or a definition that it names is missing or not well formed.
    """
    policy = read_linkage_policy(context.policy)
    prepare_records(engine, policy)
    _progress(context, 0.1)
    links = link_sources(
        engine,
        read_models(),
        widest_min=policy.widest_window_hours * 60,
        progress=lambda share: _progress(context, 0.1 + 0.6 * share),
    )
    records = engine.fetch(
        "SELECT number, record_key, source, age_from, age_to, sex, dispatch_key FROM linkable_records ORDER BY number"
    )
    first_visit = first_visits(engine, records.num_rows)
    merged = _merge(records, first_visit, links, policy)
    engine.load("links", _link_rows(records, links, merged, policy))
    together = bring_together(
        records,
        first_visit,
        merged,
        links,
        link_one_source(engine, policy),
        report=policy.report_probability,
    )
    engine.load("incidents", _incident_rows(records, together))
    engine.load("link_models", _model_rows(links))
    engine.load("link_quality", _quality_rows(engine, links, merged))
    engine.load("link_audits", audit_rows(engine, read_known_rules(policy)))
    _load_checks(engine, links, merged, widest_min=policy.widest_window_hours * 60)
    _progress(context, 0.75)
    known = _known_rows(engine, policy, context)
    engine.load("known_to_police", known)
    engine.load("incident_estimates", _totals(engine, together, known, links))
    for name in _OWN_TABLES:
        engine.drop(name)
    _progress(context, 1.0)


def _merge(
    records: pa.Table, first_visit: np.ndarray, links: Sequence[PairLinks], policy: LinkagePolicy
) -> Merged:
    rules = read_rules()["merge"]
    _, source = np.unique(np.array(records.column("source").to_pylist(), dtype=str), return_inverse=True)
    return merge_links(
        source,
        first_visit,
        links,
        report=policy.report_probability,
        least=rules["least_probability"],
        missing=rules["missing_logit"],
        busiest=policy.busiest,
    )


def _together(one: PairLinks, merged: Merged) -> np.ndarray:
    return np.asarray(merged.victim[one.left] == merged.victim[one.right])


def _link_rows(
    records: pa.Table, links: Sequence[PairLinks], merged: Merged, policy: LinkagePolicy
) -> pa.Table:
    """Pairs that are probable enough to keep, and all that stand in one incident."""
    keys = records.column("record_key")
    parts = []
    for one in links:
        together = _together(one, merged)
        kept = np.flatnonzero((one.probability >= policy.kept_probability) | together)
        names = [model.name if model else "" for model in one.models]
        parts.append(
            pa.table(
                {
                    "pair": pa.array([one.model.pair] * len(kept), pa.string()),
                    "left_record": keys.take(pa.array(one.left[kept])),
                    "right_record": keys.take(pa.array(one.right[kept])),
                    "match_weight": one.weight[kept],
                    "stratum": pa.array(one.stratum[kept].tolist(), pa.string()),
                    "probability": one.probability[kept],
                    "one_to_one": together[kept],
                    "model": pa.array([names[part] for part in one.part[kept].tolist()], pa.string()),
                }
            )
        )
    return LINKS.conform(pa.concat_tables(parts))


def _incident_rows(records: pa.Table, together: Together) -> pa.Table:
    keys = records.column("record_key")
    records_of = np.bincount(together.victim, minlength=records.num_rows)
    victims_of = np.bincount(together.incident[np.unique(together.victim)], minlength=records.num_rows)
    return INCIDENTS.conform(
        pa.table(
            {
                "record_key": keys,
                "source": records.column("source"),
                "victim": keys.take(pa.array(together.victim)),
                "incident": keys.take(pa.array(together.incident)),
                "counted_by": keys.take(pa.array(together.counted_by)),
                "records": records_of[together.victim],
                "victims": victims_of[together.incident],
                "probability": together.probability,
                "incident_probability": together.incident_probability,
            }
        )
    )


def _model_rows(links: Sequence[PairLinks]) -> pa.Table:
    """The models, a row a level."""
    rows = []
    for trained in (model for one in links for model in one.models if model):
        comparisons = next(one.model.comparisons for one in links if one.model.pair == trained.pair)
        for at, comparison in enumerate(comparisons):
            for number, level in enumerate(comparison.levels):
                told = not level.null
                rows.append(
                    {
                        "model": trained.name,
                        "pair": trained.pair,
                        "part": trained.part,
                        "match_share": trained.agreement.match_share,
                        "comparison": comparison.name,
                        "level": number,
                        "label": level.label,
                        "condition": level.condition,
                        "matched": float(trained.agreement.matched[at][number]) if told else None,
                        "unmatched": float(trained.agreement.unmatched[at][number]) if told else None,
                    }
                )
    return pa.Table.from_pylist(rows, schema=LINK_MODELS.arrow_schema())


def _quality_rows(engine: Engine, links: Sequence[PairLinks], merged: Merged) -> pa.Table:
    counted = engine.fetch(
        "SELECT source, count(*) AS records FROM linkable_records WHERE is_later = 0 GROUP BY source"
    ).to_pylist()
    records = {row["source"]: row["records"] for row in counted}
    rows = []
    for one, held in zip(links, held_probabilities(links, merged), strict=True):
        false = 1 - held
        calibrated = not one.reason
        rows.append(
            {
                "pair": one.model.pair,
                "left_records": records.get(one.model.left, 0),
                "right_records": records.get(one.model.right, 0),
                "candidates": one.candidates,
                "chance_candidates": one.chance_candidates,
                "shifts": one.shifts,
                "links": len(false),
                "expected_false": round(float(false.sum()), 3) if calibrated else None,
                "calibrated": calibrated,
                "reason": one.reason,
            }
        )
    return pa.Table.from_pylist(rows, schema=LINK_QUALITY.arrow_schema())


def _known_rows(engine: Engine, policy: LinkagePolicy, context: StepContext) -> pa.Table:
    """Share of the victims of each health service who have a police record."""
    records = engine.fetch(
        "SELECT r.* FROM located_records AS r JOIN linkable_records AS k ON k.record_key = r.record_key"
    )
    audits = {row["source"]: row for row in engine.table("link_audits").to_pylist()}
    rows = estimate_known(
        records,
        rules=read_known_rules(policy),
        progress=lambda share: _progress(context, 0.75 + 0.25 * share),
    )
    rows = [with_audit(row, audits.get(row["source"])) for row in rows]
    for row in rows:
        row |= {name: row[name] or "" for name in ("period_start", "period_end")}
    return pa.Table.from_pylist(rows, schema=KNOWN_TO_POLICE.arrow_schema())


def _load_checks(engine: Engine, links: Sequence[PairLinks], merged: Merged, *, widest_min: int) -> None:
    """Create `link_windows` and `link_diagnostics`."""
    rules = read_windows()
    found = nearness(engine, minutes=rules["minutes"], metres=rules["metres"], widest_min=widest_min)
    engine.load("link_windows", window_rows(found))
    audits = engine.table("link_audits").to_pylist()
    rows = diagnostic_rows(engine, links, merged, found, widest_min=widest_min, audits=audits)
    engine.load("link_diagnostics", rows)


def _totals(engine: Engine, together: Together, known: pa.Table, links: Sequence[PairLinks]) -> pa.Table:
    """How many were injured in all."""
    shares = {
        row["source"]: Known(row["estimate"], row["standard_error"])
        for row in known.to_pylist()
        if row["calibrated"] and (row["measure"], row["breakdown"]) == ("own_record", "all")
    }
    return total_rows(engine, together.victim, shares, reasons=[one.reason for one in links])


def _progress(context: StepContext, share: float) -> None:
    if context.progress is not None:
        context.progress(share)
