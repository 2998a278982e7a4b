"""What people decided of place texts, laid over what the words alone were resolved to.

`place_matches` keeps the answer of the words: a decision that is undone leaves no trace, also where the text was
deleted meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.stages.places.gazetteer import Gazetteer
from preventable.stages.places.matches import Match
from preventable.stages.places.phrases import form
from preventable.tables.months import month_number
from preventable.tables.pseudonymous import ALL_SITES

#: What a decision may say besides a place: no place can be told; the words tell a type of place at most.
NOWHERE = ("none", "generic")


@dataclass(frozen=True)
class Decision:
    """A row of `place_decisions`; field by field the table."""

    decision: int
    form: int
    phrase_id: str
    site_code: str
    choice: str
    place_id: str | None


class Standing:
    """The decisions that hold, ready for look-up. Their order does not matter, their numbers do.

    Args:
        decisions: Rows of `place_decisions`. Those of another form of phrases are left out.
    """

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._of: dict[tuple[str, str], Decision] = {}
        for one in sorted(decisions, key=lambda one: one.decision):
            if one.form == form():
                self._of[one.phrase_id, one.site_code] = one

    def __bool__(self) -> bool:
        return bool(self._of)

    def of(self, phrase_id: str, site_code: str) -> Decision | None:
        """The decision about a phrase from a site: of that site's and that for all sites the later one."""
        found = [
            self._of[phrase_id, site] for site in (site_code, ALL_SITES) if (phrase_id, site) in self._of
        ]
        return max(found, key=lambda one: one.decision, default=None)


def with_decisions(
    rows: Sequence[Match],
    phrases: Mapping[str, str],
    standing: Standing,
    gazetteer: Gazetteer,
    rules: Mapping[str, Mapping[str, Any]],
) -> list[Match]:
    """Rows of texts, sites and months, each with what was decided of it in the place of its own answer.

    A decision for a place that the gazetteer does not hold, or that is not open in the month, changes nothing.

    Args:
        rows: As `match_texts` gives them.
        phrases: place_text_id -> phrase_id.
        standing: What holds.
        gazetteer: Of the region.
        rules: rules.toml; its [decided] says how sure a decision makes.
    """
    if not standing:
        return list(rows)
    places = _Places(gazetteer, float(rules["decided"]["probability"]))
    laid_over = []
    for row in rows:
        decision = standing.of(phrases.get(row["place_text_id"], ""), row["site_code"])
        laid_over.append(row if decision is None else {**row, **places.answer(decision, row["month"])})
    return laid_over


class _Places:
    """What decisions lead to, as columns of a match."""

    def __init__(self, gazetteer: Gazetteer, sure: float) -> None:
        self._gazetteer, self._sure = gazetteer, sure
        self._entry_of = {place: entry for entry, place in reversed(list(enumerate(gazetteer.place_id)))}
        self._months = gazetteer.open_months()

    def answer(self, decision: Decision, month: str) -> Match:
        """Empty where the decision changes nothing."""
        if decision.choice in NOWHERE:
            nowhere = dict.fromkeys(("place_id", "easting_m", "northing_m", "sigma_m"))
            return {**nowhere, "place_kind": "none", "decision": "none", "probability": 0.0}
        entry = self._entry_of.get(decision.place_id or "")
        if entry is None:
            return {}
        places = self._gazetteer
        opened, closed = self._months[places.place_id[entry]]
        if not opened <= month_number(month) <= closed:
            return {}
        return {
            "place_kind": places.kind[entry],
            "place_id": places.place_id[entry],
            "easting_m": float(places.easting_m[entry]),
            "northing_m": float(places.northing_m[entry]),
            "sigma_m": float(places.size_m[entry]),
            "probability": self._sure,
            "decision": "accept",
        }
