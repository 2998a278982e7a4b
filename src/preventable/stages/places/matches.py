"""Place texts of records to rows of place_matches, month by month where opening and closing matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from preventable.stages.places.candidates import Key, Shares, shares_of
from preventable.stages.places.resolver import Resolution, Resolver, Site, decide
from preventable.tables.months import month_number
from preventable.tables.pseudonymous import PLACE_MATCHES

MATCH_COLUMNS = tuple(column.name for column in PLACE_MATCHES.columns)
MONTHLY_SCHEMA = PLACE_MATCHES.arrow_schema().append(pa.field("month", pa.string()))

Match = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """A text to be resolved: for a site code and a month; `text` is None where retention deleted it."""

    place_text_id: str
    site_code: str
    month: str
    text: str | None

    @property
    def key(self) -> tuple[str, str]:
        """What place_matches holds one row for."""
        return self.place_text_id, self.site_code


def match_texts(
    resolver: Resolver,
    wanted: Sequence[Wanted],
    sites: Mapping[str, tuple[float, float]],
    previous: Mapping[tuple[str, str], Match],
    earlier: Mapping[Key, Shares],
) -> list[Match]:
    """One row for each text, site and month: columns of place_matches, `month`, `shares`, whether it is `gone`.

    Args:
        resolver: Of the region's gazetteer.
        wanted: What records ask.
        sites: Positions of sites by their code.
        previous: Rows of an earlier run, used where the text is gone.
        earlier: Its shares of places that a text may mean.
    """
    kept = [ask for ask in wanted if ask.text is not None]
    answers = _resolve(resolver, kept, [sites.get(ask.site_code) for ask in kept])
    rows = [
        {
            **row_of(ask, answer, decide(answer, resolver.rules)),
            "shares": shares_of(answer, resolver.rules),
            "gone": False,
        }
        for ask, answer in zip(kept, answers, strict=True)
    ]
    return rows + carried_rows(resolver, [ask for ask in wanted if ask.text is None], previous, earlier)


def carried_rows(
    resolver: Resolver,
    gone: Sequence[Wanted],
    previous: Mapping[tuple[str, str], Match],
    earlier: Mapping[Key, Shares],
) -> list[Match]:
    """Rows of an earlier run for texts deleted since; a place not open in the month does not count."""
    open_months = resolver.index.gazetteer.open_months()
    rows = []
    for ask in gone:
        match = previous.get(ask.key)
        if match is None:
            continue
        month = month_number(ask.month)
        shut = not _is_open(open_months, match["place_id"], month)
        shares = tuple(one for one in earlier.get(ask.key, ()) if _is_open(open_months, one[0], month))
        rows.append({**(_shut(match) if shut else match), "month": ask.month, "shares": shares, "gone": True})
    return rows


def _is_open(open_months: Mapping[str, tuple[int, int]], place_id: str | None, month: int) -> bool:
    """Whether a place is open in a month; what is no place of the gazetteer never shuts."""
    opened, closed = open_months.get(place_id or "", (month, month))
    return opened <= month <= closed


def latest(
    rows: Sequence[Match], wanted: Sequence[Wanted], previous: Mapping[tuple[str, str], Match]
) -> list[Match]:
    """Rows of place_matches: of each text and site that of the last month; carried rows as they were."""
    by_key: dict[tuple[str, str], Match] = {}
    for row in sorted(rows, key=lambda row: row["month"]):
        by_key[row["place_text_id"], row["site_code"]] = {name: row[name] for name in MATCH_COLUMNS}
    has_text = {ask.key for ask in wanted if ask.text is not None}
    for key in by_key.keys() - has_text:
        by_key[key] = {name: previous[key][name] for name in MATCH_COLUMNS}
    return [by_key[key] for key in sorted(by_key)]


def _resolve(resolver: Resolver, asks: Sequence[Wanted], sites: Sequence[Site]) -> list[Resolution]:
    """Without a month first; again with it where a place that opened or closed might matter."""
    texts = [ask.text or "" for ask in asks]
    answers = resolver.resolve(texts, sites)
    again = [i for i, answer in enumerate(answers) if not answer.timeless]
    months = [month_number(asks[i].month) for i in again]
    for i, answer in zip(
        again, resolver.resolve([texts[i] for i in again], [sites[i] for i in again], months), strict=True
    ):
        answers[i] = answer
    return answers


def row_of(ask: Wanted, answer: Resolution, decision: str) -> Match:
    known = (
        answer
        if decision != "none"
        else replace(answer, kind="none", place_id=None, easting_m=None, northing_m=None, sigma_m=None)
    )
    return {
        "place_text_id": ask.place_text_id,
        "site_code": ask.site_code,
        "place_kind": known.kind,
        "place_id": known.place_id,
        "easting_m": known.easting_m,
        "northing_m": known.northing_m,
        "sigma_m": known.sigma_m,
        "probability": known.probability,
        "decision": decision,
        "place_type": known.place_type,
        "place_qualifier": known.qualifier,
        "month": ask.month,
    }


def _shut(match: Match) -> Match:
    nowhere = dict.fromkeys(("place_id", "easting_m", "northing_m", "sigma_m"))
    return {**match, **nowhere, "place_kind": "none", "decision": "none", "probability": 0.0}
