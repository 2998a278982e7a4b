"""How good the months of each site are, beside its own past and its peers'. `score_sites` is the stage."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from preventable.engine import Engine
from preventable.stages.scorecards.groups import GroupLack, group_lacks
from preventable.stages.scorecards.rules import ScoreRules
from preventable.stages.scorecards.scores import Came, MonthScore, Trips, month_score
from preventable.stages.scorecards.tallies import Group, Tally, added_up, count_up
from preventable.stages.scorecards.volume import expected_records
from preventable.tables.lateness import DELAYS, RECORDS_BY_DELAY
from preventable.tables.months import last_months

Key = tuple[str, str]


@dataclass(frozen=True)
class ScoredMonth:
    """A month of a site.

    Attributes:
        month: YYYY-MM.
        received: Whether it was received; a month that was not has no score, not even one of 0.
        days_late: Days after the day it was due; None where it has not come.
        records: Records that stand.
        score: None where it was not received, or has too few records.
    """

    month: str
    received: bool
    days_late: int | None
    records: int
    score: MonthScore | None


@dataclass(frozen=True)
class Trend:
    """The newest months beside those before.

    Attributes:
        newer, older: Mean score of each.
        verdict: better, worse, or unclear.
    """

    newer: float
    older: float
    verdict: str


@dataclass(frozen=True)
class Rank:
    """Where a site stands among its peers: it shares all ranks with those whose limits overlap with its own.

    Attributes:
        first: Best rank that it may have, one more than the peers that are better beyond chance.
        last: Worst rank that it may have.
        of: Sites that have a score, itself among them.
    """

    first: int
    last: int
    of: int


@dataclass(frozen=True)
class SiteCard:
    """What is told of one site.

    Attributes:
        provider: Its provider.
        site_code: Its code.
        source: Kind of source.
        fields: Fields that the kind is asked for.
        months: Newest last, that of the card.
        trend: None where a month of either side has no score.
        rank: None where the month has no score, or no peer has one.
        groups: Groups of patients over the months that policy looks at.
        tallied: All records of these months.
    """

    provider: str
    site_code: str
    source: str
    fields: tuple[str, ...]
    months: tuple[ScoredMonth, ...]
    trend: Trend | None
    rank: Rank | None
    groups: tuple[GroupLack, ...]
    tallied: Tally

    @property
    def newest(self) -> ScoredMonth:
        """The month of the card."""
        return self.months[-1]


def score_sites(
    engine: Engine, rules: ScoreRules, days_late: Mapping[Key, int | None], month: str
) -> list[SiteCard]:
    """The score card of every site of the kinds of source that have one.

    Reads `located_records`, `rule_results`, `coverage` and `report_delays`.

    Args:
        engine: Session with these tables.
        rules: What counts how much.
        days_late: Provider and month -> days from the due day to the day it came.
        month: The newest month to tell, YYYY-MM.

    Returns:
        Cards by source, provider and site.
    """
    received = {
        (row["provider"], row["month"])
        for row in engine.fetch("SELECT provider, month FROM coverage WHERE received").to_pylist()
    }
    trips = _trips(engine)
    came = _came(engine, days_late)
    cards = []
    for source, fields in rules.fields.items():
        of_sites: dict[Key, dict[Group, Tally]] = defaultdict(dict)
        for group, tally in count_up(engine, source, rules).items():
            of_sites[group.provider, group.site_code][group] = tally
        sites = {
            site: _scored_months(site[0], tallies, trips, received, came, month, rules, fields)
            for site, tallies in sorted(of_sites.items())
        }
        newest = {site: months[-1].score for site, months in sites.items()}
        for site, months in sites.items():
            looked_at = _looked_at(of_sites[site], received, month, rules)
            cards.append(
                SiteCard(
                    *site,
                    source,
                    fields,
                    tuple(months),
                    _trend(months, rules),
                    _rank(site, newest),
                    group_lacks(looked_at, rules, fields),
                    added_up(looked_at.values()),
                )
            )
    return cards


def _trips(engine: Engine) -> dict[Key, dict[str, Trips]]:
    """Provider and month -> rule -> rows that it found, of all submissions of the month."""
    rows = engine.fetch(
        "SELECT provider, month, rule, CAST(sum(numerator) AS BIGINT) AS found,"
        " CAST(sum(denominator) AS BIGINT) AS looked_at FROM rule_results GROUP BY provider, month, rule"
    ).to_pylist()
    found: dict[Key, dict[str, Trips]] = defaultdict(dict)
    for row in rows:
        found[row["provider"], row["month"]][row["rule"]] = Trips(row["found"], row["looked_at"])
    return found


def _came(engine: Engine, days_late: Mapping[Key, int | None]) -> dict[Key, Came]:
    """When the first file of each month came, and how many records with it."""
    delays = {(row["provider"], row["month"]): row for row in engine.table("report_delays").to_pylist()}
    found = {}
    for key, days in days_late.items():
        row = delays.get(key)
        counts = [0] if row is None else [row[name] for name in RECORDS_BY_DELAY]
        first = 0 if row is None or row["first_delay"] is None else min(row["first_delay"], DELAYS)
        found[key] = Came(days, counts[max(0, first)], sum(counts))
    return found


def _looked_at(
    tallies: Mapping[Group, Tally], received: set[Key], month: str, rules: ScoreRules
) -> dict[Group, Tally]:
    """Records of the received months that groups of patients are compared over."""
    months = set(last_months(month, rules.groups["months"]))
    return {
        group: tally
        for group, tally in tallies.items()
        if group.month in months and (group.provider, group.month) in received
    }


def _scored_months(
    provider: str,
    tallies: Mapping[Group, Tally],
    trips: Mapping[Key, Mapping[str, Trips]],
    received: set[Key],
    came: Mapping[Key, Came],
    month: str,
    rules: ScoreRules,
    fields: Sequence[str],
) -> list[ScoredMonth]:
    """The last twelve months of a site, each judged by what came before it alone."""
    by_month: dict[str, list[Tally]] = defaultdict(list)
    for group, tally in tallies.items():
        by_month[group.month].append(tally)
    sums = {name: added_up(several) for name, several in by_month.items()}
    # A month that was not received is no zero: earlier years are told of those alone that came.
    counts = {one: sums.get(one, Tally()).records for other, one in received if other == provider}
    found = []
    for name in last_months(month, 12):
        key = (provider, name)
        tally = sums.get(name, Tally())
        score = None
        if key in received:
            expected = expected_records(counts, name, rules.volume)
            when = came.get(key, Came(None))
            score = month_score(tally, trips.get(key, {}), expected, when, rules, fields)
        late = came[key].days_late if key in came else None
        found.append(ScoredMonth(name, key in received, late, tally.records, score))
    return found


def _trend(months: Sequence[ScoredMonth], rules: ScoreRules) -> Trend | None:
    """Mean score of the newest months beside that of as many before; the limits of each month say how sure it is."""
    number = int(rules.trend["months"])
    scores = [one.score for one in months[-2 * number :]]
    known = [score for score in scores if score is not None]
    if len(known) < 2 * number:
        return None
    older, newer = (statistics.fmean(one.score for one in part) for part in (known[:number], known[number:]))
    half = [(one.upper - one.lower) / 2 for one in known]
    spread = math.hypot(*half) / number
    more = newer - older
    told = abs(more) > spread and abs(more) >= rules.trend["least_points"]
    return Trend(newer, older, ("better" if more > 0 else "worse") if told else "unclear")


def _rank(site: Key, scores: Mapping[Key, MonthScore | None]) -> Rank | None:
    own = scores[site]
    peers = [score for other, score in scores.items() if other != site and score is not None]
    if own is None or not peers:
        return None
    better = sum(peer.lower > own.upper for peer in peers)
    worse = sum(peer.upper < own.lower for peer in peers)
    return Rank(1 + better, 1 + len(peers) - worse, 1 + len(peers))
