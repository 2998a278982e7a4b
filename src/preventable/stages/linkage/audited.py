"""What true pairs that were found with names say of the share known to police: how many no comparison shows."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.engine import Engine
from preventable.methods.hidden_share import HiddenShare, hidden_share, share_with_hidden
from preventable.methods.pair_excess_pairs import OTHER_PERSON, gaps_min, health_times, person_classes
from preventable.methods.pair_excess_records import TimeRule
from preventable.stages.linkage.known import HEALTH_SOURCES, health_records, pair_rules, police_records
from preventable.tables import TABLES
from preventable.tables.linkage import LINK_AUDITS

_FIRST = dt.date(1970, 1, 5)
#: Measures of `known_to_police` that hidden police records lower.
_AUDITED = ("own_record", "incident")


@cache
def read_audit_rules() -> Mapping[str, Any]:
    """audit.toml as it stands."""
    return tomllib.loads((files(__package__) / "audit.toml").read_text(encoding="utf-8"))


def audit_rows(engine: Engine, rules: Mapping[str, Any]) -> pa.Table:
    """The table `link_audits`: of the true pairs of each health service, those that no comparison shows, and why.

    A pair whose police window is too wide to compare is left out: such windows are divided for.

    Args:
        engine: Session with located_records, linkable_records and linkage_audits.
        rules: Contents of known.toml (`known.read_known_rules`).
    """
    by_source: dict[str, list[dict[str, Any]]] = {}
    for row in engine.fetch(
        "SELECT DISTINCT source, health_record, police_record FROM linkage_audits ORDER BY source, health_record"
    ).to_pylist():
        by_source.setdefault(row["source"], []).append(row)
    rows = [
        _judged(engine, source, by_source[source], rules) for source in HEALTH_SOURCES if source in by_source
    ]
    return pa.Table.from_pylist(rows, schema=LINK_AUDITS.arrow_schema())


def _judged(
    engine: Engine, source: str, pairs: Sequence[Mapping[str, Any]], rules: Mapping[str, Any]
) -> dict[str, Any]:
    health = _records(engine, source, [row["health_record"] for row in pairs])
    police = _records(engine, "police", [row["police_record"] for row in pairs])
    # A health record that the home does not hold any more says nothing; a police record that it never held is hidden.
    held = [row for row in pairs if row["health_record"] in health]
    both = [row for row in held if police.get(row["police_record"], {}).get("injury_start_local") is not None]
    wide, far, other = _differences(
        [health[row["health_record"]] for row in both], [police[row["police_record"]] for row in both], rules
    )
    kept = ~wide
    not_linked = len(held) - len(both)
    number = not_linked + int(kept.sum())
    hidden = not_linked + int((kept & (far | other)).sum())
    told = read_audit_rules()
    share = hidden_share(hidden, number, level=told["level"]) if number else None
    return {
        "source": source,
        "pairs": number,
        "wide_windows": int(wide.sum()),
        "not_linked": not_linked,
        "far_in_time": int((kept & far).sum()),
        "other_person": int((kept & ~far & other).sum()),
        "hidden_share": share.share if share else None,
        "standard_error": share.standard_error if share else None,
        "lower": share.lower if share else None,
        "upper": share.upper if share else None,
        "used": number >= told["fewest_pairs"] and hidden < number,
    }


def _records(engine: Engine, source: str, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Located records by key, of those that may be linked."""
    engine.load("audited_keys", pa.table({"record_key": pa.array(sorted(set(keys)), pa.string())}))
    found = engine.fetch(
        "SELECT r.* FROM located_records AS r JOIN audited_keys AS a ON r.record_key = a.record_key"
        " JOIN linkable_records AS k ON r.record_key = k.record_key WHERE r.source = $source",
        {"source": source},
    )
    engine.drop("audited_keys")
    return {row["record_key"]: row for row in found.to_pylist()}


def _differences(
    health: Sequence[Mapping[str, Any]], police: Sequence[Mapping[str, Any]], rules: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each pair: whether the window is too wide, the times are too far apart, age and sex are another person's."""
    none = np.zeros(0, dtype=bool)
    if not health:
        return none, none, none
    pair = pair_rules(rules)
    one = health_records(_table(health), _FIRST, rules["place"]["sigma_m"])
    other = police_records(_table(police), _FIRST)
    at = np.arange(len(one))
    begin, end = health_times(one)
    gap = gaps_min(begin, end, at, other, at)
    far = np.array(
        [
            not _admissible(pair.times[kind], minutes)
            for kind, minutes in zip(one.time_class, gap, strict=True)
        ]
    )
    person = person_classes(one, at, other, at, pair) == OTHER_PERSON
    return other.width_min > pair.longest_window_min, far, person


def _admissible(rule: TimeRule, gap: float) -> bool:
    """Whether a gap, below 0 where the police window is before, is one that the estimate reads."""
    near, ranges = (rule.near_before, rule.far_before) if gap < 0 else (rule.near_after, rule.far_after)
    return abs(gap) <= near or any(above < abs(gap) <= to for above, to in ranges)


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in rows], schema=TABLES["located_records"].arrow_schema())


def with_audit(row: Mapping[str, Any], audit: Mapping[str, Any] | None) -> dict[str, Any]:
    """A row of `known_to_police` that takes in what an audit found; as it is where none is used.

    The upper limit for records that are assumed to be hidden is then that of the share itself: they are measured.
    """
    if audit is None or not audit["used"] or not row["calibrated"] or row["measure"] not in _AUDITED:
        return dict(row)
    level = read_audit_rules()["level"]
    hidden = HiddenShare(*(audit[name] for name in ("hidden_share", "standard_error", "lower", "upper")))
    share = share_with_hidden(row["estimate"], row["lower"], row["upper"], hidden, level=level)
    if share is None:
        return dict(row)
    return dict(row) | {
        "estimate": share.estimate,
        "standard_error": share.standard_error,
        "lower": share.lower,
        "upper": share.upper,
        "upper_if_hidden": share.upper,
    }
