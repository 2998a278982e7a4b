"""Whether the records of a district are of another kind than before, and what stands out in a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.engine import Engine
from preventable.methods.false_discovery import Candidate, tree_selection
from preventable.methods.mix import MixChange, mix_change
from preventable.stages.signals.groups import Known, groups
from preventable.stages.signals.rules import mix_rules
from preventable.stages.signals.scores import Row, cut
from preventable.tables.months import last_months

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Mix:
    """Counts of one breakdown of a district's records: months x categories, of the months that are complete.

    Attributes:
        months: YYYY-MM, ascending.
        categories: In order.
        counts: months x categories.
    """

    months: tuple[str, ...]
    categories: tuple[str, ...]
    counts: Counts

    def of(self, months: Sequence[str]) -> Counts | None:
        """Sum of some months; None where one of them is not complete."""
        if not months or not set(months) <= set(self.months):
            return None
        told: Counts = self.counts[[self.months.index(month) for month in months]].sum(axis=0)
        return told


#: By definition, district and breakdown.
Mixes = Mapping[tuple[str, str, str], Mix]


def mixes_of(engine: Engine, known: Known) -> dict[tuple[str, str, str], Mix]:
    """Every mix of `mix_counts`; months that are not complete, or lie before a cut, are left out."""
    found: dict[tuple[str, str, str], Mix] = {}
    for one in groups(engine, known, area_type="district", unit="month"):
        rows = engine.fetch(
            "SELECT area, month, dimension, category, count FROM mix_counts WHERE definition = $definition"
            " ORDER BY area, dimension, category, month",
            {"definition": one.definition},
        ).to_pylist()
        cells = {(r["area"], r["dimension"], r["category"], r["month"]): r["count"] for r in rows}
        words: dict[str, set[str]] = {}
        for row in rows:
            words.setdefault(row["dimension"], set()).add(row["category"])
        for place, area in enumerate(one.areas):
            months = tuple(f"{start:%Y-%m}" for at, start in enumerate(one.starts) if one.usable[place, at])
            for dimension, categories in sorted(words.items()):
                names = tuple(sorted(categories))
                counts = [
                    [cells.get((area, dimension, name, month), 0) for name in names] for month in months
                ]
                table = np.array(counts, dtype=np.int64).reshape(len(months), len(names))
                found[one.definition, area, dimension] = Mix(months, names, table)
    return found


def mix_rows(mixes: Mixes, known: Known) -> list[Row]:
    """Rows of `mix_changes`: the last months of each mix, and the last alone, beside the same months of earlier years.

    One family: what is looked at over two lengths is looked at twice.
    """
    rules = mix_rules()
    spans = [last_months(known.period, number) for number in rules.windows]
    rows = [
        _row(key, mix, months)
        for key, mix in sorted(mixes.items())
        if key[2] in rules.dimensions
        for months in spans
    ]
    family = [
        Candidate(str(row["area"]), _series(row), float(str(row["p"])), 0.0)
        for row in rows
        if row["p"] is not None
    ]
    selected = tree_selection(family, known.rules.false_discovery_rate)
    return [_judged(row, selected) for row in rows]


def what_stands_out(mixes: Mixes, definition: str, areas: Sequence[str], dimension: str, month: str) -> str:
    """The category that a month has more of than the other months of some districts, with its shares; or nothing."""
    rules = mix_rules()
    parts = [mix for area in areas if (mix := mixes.get((definition, area, dimension)))]
    both = set.intersection(*(set(mix.months) for mix in parts)) if parts else set()
    earlier = sorted(one for one in both if one < month)
    if month not in both or not earlier:
        return ""
    now, before = (sum(_of(mix, chosen) for mix in parts) for chosen in ([month], earlier))
    history = sum(np.stack([_of(mix, [one]) for one in earlier]) for mix in parts)
    if min(now.sum(), before.sum()) < rules.least_events:
        return ""
    told = mix_change(before, now, phi=dispersion(history), replicates=1, seed=rules.seed)
    place = int(np.argmax([part.residual for part in told.parts]))
    part = told.parts[place]
    if part.residual < rules.reason_residual:
        return ""
    return (
        f"{parts[0].categories[place]}: {part.after_share:.0%} of {now.sum()}, {part.before_share:.0%} before"
    )


def dispersion(history: Counts) -> float:
    """Variance over mean of a mix from month to month, at least 1: Pearson's statistic over its degrees of freedom.

    Args:
        history: months x categories.
    """
    table = history[history.sum(axis=1) > 0][:, history.sum(axis=0) > 0]
    degrees = (table.shape[0] - 1) * (table.shape[1] - 1)
    if degrees < 1:
        return 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    return max(1.0, float((np.square(table - expected) / expected).sum()) / degrees)


def _of(mix: Mix, months: Sequence[str]) -> Counts:
    told = mix.of(months)
    return told if told is not None else np.zeros(len(mix.categories), dtype=np.int64)


def _row(key: tuple[str, str, str], mix: Mix, months: Sequence[str]) -> Row:
    rules = mix_rules()
    years = [
        [f"{int(month[:4]) - back:04d}{month[4:]}" for month in months] for back in range(1, rules.years + 1)
    ]
    earlier = [one for year in years if (one := mix.of(year)) is not None]
    after = mix.of(months)
    head: Row = {
        "definition": key[0], "area": key[1], "dimension": key[2], "months": len(months),
        "first_month": months[0], "last_month": months[-1],
        "before": int(sum(one.sum() for one in earlier)), "after": 0 if after is None else int(after.sum()),
        "dispersion": None, "statistic": None, "p": None, "category": "", "share_before": None, "share_after": None,
    }  # fmt: skip
    if after is None or not earlier:
        return {**head, "verdict": "not_enough_history"}
    before: Counts = np.sum(earlier, axis=0)
    if min(before.sum(), after.sum()) < rules.least_events:
        return {**head, "verdict": "too_few"}
    phi = dispersion(np.stack([_of(mix, [month]) for month in mix.months if month < months[0]]))
    told = mix_change(before, after, phi=phi, replicates=rules.replicates, seed=rules.seed)
    return {**head, **_told(told, mix), "dispersion": cut(phi), "verdict": "none"}


def _told(change: MixChange, mix: Mix) -> Row:
    place = int(np.argmax([part.residual for part in change.parts]))
    part = change.parts[place]
    return {
        "statistic": cut(change.statistic),
        "p": cut(change.p),
        "category": mix.categories[place],
        "share_before": cut(part.before_share or 0.0),
        "share_after": cut(part.after_share or 0.0),
    }


def _judged(row: Row, selected: frozenset[tuple[str, str]]) -> Row:
    """The row with its verdict; what became more common is named where the mix changed, and not where it did not."""
    if (row["area"], _series(row)) in selected:
        return {**row, "verdict": "signal"}
    return {**row, "category": "", "share_before": None, "share_after": None}


def _series(row: Row) -> str:
    """What a mix is known by in the family of its district."""
    return f"{row['definition']}/{row['dimension']}/{row['months']}"
