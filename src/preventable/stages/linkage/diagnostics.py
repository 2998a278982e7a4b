"""What linkage says of itself: false links, precision where it is busy, what is missing, and rounded times."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.engine import Engine
from preventable.methods.capture_recapture import corrected_overlap
from preventable.stages.linkage.comparisons import read_rules
from preventable.stages.linkage.merge import Merged, held_probabilities
from preventable.stages.linkage.pair import PairLinks
from preventable.stages.linkage.windows import Nearness, nearness, number_near
from preventable.tables.linkage import LINK_DIAGNOSTICS

_TIMES = ("contact_min", "from_min", "to_min")


@cache
def read_diagnostics() -> Mapping[str, Any]:
    """diagnostics.toml as it stands."""
    return tomllib.loads((files(__package__) / "diagnostics.toml").read_text(encoding="utf-8"))


def diagnostic_rows(
    engine: Engine,
    links: Sequence[PairLinks],
    merged: Merged,
    found: Sequence[Nearness],
    *,
    widest_min: int,
    audits: Sequence[Mapping[str, Any]] = (),
) -> pa.Table:
    """The table `link_diagnostics`.

    Args:
        engine: Session with linkable_records and located_records.
        links: Candidate pairs by pair of services.
        merged: Victims.
        found: The matrix of windows, with the window of diagnostics.toml among its own.
        widest_min: Police windows wider than this are not linked.
        audits: Rows of `link_audits`.
    """
    rows = [
        *(
            row
            for one, held in zip(links, held_probabilities(links, merged), strict=True)
            if not one.reason
            for row in _of_links(one, merged, held)
        ),
        *_missing(engine, widest_min),
        *_rounded(engine, found, widest_min),
        *(
            _row("hidden", one["source"], "", one["pairs"], _up(one["upper"]))
            for one in audits
            if one["used"]
        ),
    ]
    return pa.Table.from_pylist(rows, schema=LINK_DIAGNOSTICS.arrow_schema())


def _row(
    diagnostic: str, about: str, part: str, number: int, observed: float | None, expected: float | None = None
) -> dict[str, Any]:
    return {
        "diagnostic": diagnostic,
        "about": about,
        "part": part,
        "number": number,
        "expected": expected,
        "observed": observed,
    }


def _of_links(one: PairLinks, merged: Merged, probability: np.ndarray) -> list[dict[str, Any]]:
    """Expected share of false links, of all and by stratum of how busy it is around them."""
    together = merged.victim[one.left] == merged.victim[one.right]
    stratum = one.stratum[together].astype(str)
    pair = one.model.pair
    rows = [_row("false_links", pair, "", len(probability), _mean(1 - probability))]
    for name in np.unique(stratum).tolist():
        here = probability[stratum == name]
        rows.append(_row("precision", pair, name, len(here), _mean(here)))
    return rows + _calibration(one)


def _calibration(one: PairLinks) -> list[dict[str, Any]]:
    """Matches that probabilities expect in each bin beside those that the null leaves: pairs less chance pairs."""
    edges = [0.0, *read_rules()["calibration_bins"], 1.0]
    return [
        _row(
            "calibration",
            one.model.pair,
            f"{low:g} to {high:g}",
            int(pairs),
            round((pairs - chance) / pairs, 6) if pairs else None,
            round(expected / pairs, 6) if pairs else None,
        )
        for low, high, (pairs, expected, chance) in zip(edges, edges[1:], one.bins.tolist(), strict=False)
    ]


def _up(share: float) -> float:
    """To the next hundredth: an upper limit stays one when it is rounded for a release."""
    return math.ceil(round(100 * share, 6)) / 100


def _mean(values: np.ndarray) -> float | None:
    return round(float(values.mean()), 6) if len(values) else None


def _missing(engine: Engine, widest_min: int) -> list[dict[str, Any]]:
    """Share of records without a place; without a time: not stated, or a window too wide to link."""
    counted = engine.fetch(
        "SELECT source, count(*) AS records, count(*) - count(x_m) AS no_place,"
        " count(CASE WHEN time_stated = 'no' OR (source = 'police' AND to_min - from_min > $widest_min) THEN 1 END)"
        " AS no_time FROM linkable_records WHERE is_later = 0 GROUP BY source ORDER BY source",
        {"widest_min": widest_min},
    ).to_pylist()
    return [
        _row(name, row["source"], "", row["records"], row[name] / row["records"])
        for row in counted
        for name in ("no_place", "no_time")
    ]


def _rounded(engine: Engine, found: Sequence[Nearness], widest_min: int) -> list[dict[str, Any]]:
    """The plain share known to police, less chance, as sent and with the times of one supplier rounded down."""
    rules = read_diagnostics()["rounding"]
    window = (rules["minutes"], rules["metres"])
    records = engine.table("linkable_records")
    providers = engine.fetch(
        "SELECT DISTINCT source, provider FROM located_records ORDER BY source, provider"
    ).to_pylist()
    police = [row["provider"] for row in providers if row["source"] == "police"]
    as_sent = {one.source: one for one in found if one.by_chance is not None}

    def rounding(mask: pa.ChunkedArray) -> dict[str, Nearness]:
        engine.load("linkable_records", _rounded_down(records, mask, rules["to_min"]))
        again = nearness(engine, minutes=window[:1], metres=window[1:], widest_min=widest_min)
        return {one.source: one for one in again}

    health = rounding(pc.not_equal(records["source"], "police")) if as_sent else {}
    rows = []
    for source, sent in sorted(as_sent.items()):
        for provider in sorted(sent.records):
            changed = _excess_with(sent, health[source], window, provider)
            rows.append(_rounded_row(sent, provider, sent.records[provider], _excess(sent, window), changed))
    for provider in police if as_sent else []:
        of = _keys_of(engine, provider)
        again = rounding(pc.is_in(records["record_key"], value_set=of))
        rows += [
            _rounded_row(sent, provider, len(of), _excess(sent, window), _excess(again[source], window))
            for source, sent in sorted(as_sent.items())
        ]
    engine.load("linkable_records", records)
    return rows


def _rounded_row(sent: Nearness, provider: str, number: int, before: float, after: float) -> dict[str, Any]:
    return _row("rounded_times", sent.source, provider, number, round(after, 6), round(before, 6))


def _keys_of(engine: Engine, provider: str) -> pa.ChunkedArray:
    return engine.fetch(
        "SELECT k.record_key FROM linkable_records AS k JOIN located_records AS r ON k.record_key = r.record_key"
        " WHERE r.provider = $provider ORDER BY k.record_key",
        {"provider": provider},
    ).column("record_key")


def _rounded_down(records: pa.Table, mask: pa.ChunkedArray, to_min: int) -> pa.Table:
    for name in _TIMES:
        column = records[name].to_numpy()
        floored = np.where(mask.to_numpy(zero_copy_only=False), column // to_min * to_min, column)
        records = records.set_column(records.schema.get_field_index(name), name, pa.array(floored))
    return records


def _excess(of: Nearness, window: tuple[int, int]) -> float:
    """Share of the records that are near a police record, less those that would be by chance."""
    return _share(
        number_near(of.near, *window), number_near(of.by_chance or {}, *window), sum(of.records.values())
    )


def _excess_with(sent: Nearness, again: Nearness, window: tuple[int, int], provider: str) -> float:
    """The same with one supplier's records as they are `again` and the others' as sent."""
    near, by_chance = (
        number_near(before or {}, *window)
        - number_near(before or {}, *window, provider)
        + number_near(after or {}, *window, provider)
        for before, after in ((sent.near, again.near), (sent.by_chance, again.by_chance))
    )
    return _share(near, by_chance, sum(sent.records.values()))


def _share(near: float, by_chance: float, records: int) -> float:
    chance = by_chance / records
    return corrected_overlap(near, records, sensitivity=1.0, chance=chance) / records if chance < 1 else 0.0
