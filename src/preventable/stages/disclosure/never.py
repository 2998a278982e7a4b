"""What nobody may be granted: `never` and `about` of policy/disclosure.toml, every word of them checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.codes import allowed
from preventable.errors import PolicyError
from preventable.settings import Policy, refuse_unknown_keys, words_given
from preventable.tables import TABLES
from preventable.tables.conditions import LIST_COLUMNS, MASK_COLUMN, RECORD_COLUMNS, words_of

_WHERE = "policy/disclosure.toml"
#: Periods that a grant or a rule may name; `last12` stands for `to_date` too.
PERIODS = ("month", "quarter", "year", "last12")
#: Key of a rule -> the part of a grant that it is held against.
_PARTS = {
    "partner_types": "partner_type",
    "area_types": "area_type",
    "period_types": "period_type",
    "dimensions": "dimension",
    "measures": "measure",
}
#: `values` are words of our own, `codes` and `endings` the first and last characters of codes that are not.
_ABOUT_KEYS = ("subject", "column", "values", "codes", "endings")


@dataclass(frozen=True)
class Grant:
    """One kind of figure that one kind of partner may receive."""

    partner_type: str
    definition: str
    area_type: str
    period_type: str
    dimension: str
    measure: str


@dataclass(frozen=True)
class NeverRule:
    """One rule: it hits a grant where every part that it names fits."""

    reason: str
    parts: Mapping[str, tuple[str, ...]]
    about: tuple[str, ...]

    def hits(self, grant: Grant, subjects: frozenset[str]) -> bool:
        """Whether the rule forbids a grant of a definition about some subjects."""
        if self.about and not subjects & set(self.about):
            return False
        return all(getattr(grant, part) in words for part, words in self.parts.items())


@dataclass(frozen=True)
class Mark:
    """What makes a definition one about a subject: a condition on the column, or on some words of it.

    Attributes:
        values: Words of our own; None where any condition on the column will do.
        codes: First characters of codes that are not our own.
        endings: Last characters of such codes.
    """

    subject: str
    column: str
    values: tuple[str, ...] | None
    codes: tuple[str, ...]
    endings: tuple[str, ...]

    def fits(self, condition: Mapping[str, Any]) -> bool:
        """Whether a condition singles the subject out, or leaves it out: the rest tells it by subtraction.

        A list of codes is about the subject where all of them are: the codes of every assault are not about
        one kind of it. Where codes are left out, one of the subject's is enough.
        """
        if condition.get("column") != self.column:
            return False
        operator, named = condition.get("operator"), tuple(condition.get("values", ()))
        if self.codes or self.endings:
            codes, endings = _plain(self.codes), _plain(self.endings)
            if operator == "not_ends_with":
                return any(part.endswith(endings) for part in _plain(named))
            # What begins with a part of a code ("weap") picks what begins with the code.
            ours = [
                word.startswith(codes)
                or word.endswith(endings)
                or (operator == "starts_with" and any(code.startswith(word) for code in codes))
                for word in _plain(named)
            ]
            return any(ours) if operator == "not_in" else all(ours)
        if self.values is None:
            return True
        if operator == "starts_with":
            return any(word.startswith(named) for word in self.values)
        if operator == "not_ends_with":
            return any(word.endswith(named) for word in self.values)
        return bool(set(self.values) & set(named))


def _plain(words: Sequence[str]) -> tuple[str, ...]:
    """Words without regard to case, and to what stands between their parts: a source may write its own as it likes."""
    return tuple(" ".join(word.casefold().replace("_", " ").replace("-", " ").split()) for word in words)


def read_never_rules(policy: Policy) -> tuple[NeverRule, ...]:
    """Every rule of what nobody may be granted.

    Raises:
        PolicyError: There is none, or one lacks a reason or names a key, a word or a subject that we do not
            know: a misspelt rule would forbid nothing.
    """
    entries = policy.file("disclosure").get("never", [])
    if not entries:
        raise PolicyError(_WHERE, "it says of nothing that it may never leave")
    subjects = {mark.subject for mark in read_marks(policy)}
    return tuple(_rule(entry, subjects) for entry in entries)


def _rule(entry: Mapping[str, Any], subjects: set[str]) -> NeverRule:
    known = {
        "partner_types": TABLES["partners"].column("partner_type").allowed or (),
        "area_types": allowed("area_type"),
        "period_types": PERIODS,
        "dimensions": allowed("dimension"),
        "measures": allowed("measure"),
    }
    refuse_unknown_keys(_WHERE, "a rule under never", entry, ("reason", "about", *known))
    if not isinstance(entry.get("reason"), str) or not entry["reason"] or len(entry) == 1:
        raise PolicyError(_WHERE, "a rule under never lacks a reason, or forbids nothing")
    words = {
        key: words_given(_WHERE, f"{key} of a rule under never", entry[key], of_key)
        for key, of_key in {**known, "about": subjects}.items()
        if key in entry
    }
    if not all(words.values()):
        raise PolicyError(_WHERE, "a rule under never has an empty list")
    about = words.pop("about", ())
    return NeverRule(entry["reason"], {_PARTS[key]: given for key, given in words.items()}, about)


def read_marks(policy: Policy) -> tuple[Mark, ...]:
    """What makes a definition one about a subject.

    Raises:
        PolicyError: A mark names a key, a column or a word that we do not know.
    """
    return tuple(_mark(entry) for entry in policy.file("disclosure").get("about", []))


def _mark(entry: Mapping[str, Any]) -> Mark:
    refuse_unknown_keys(_WHERE, "a mark under about", entry, _ABOUT_KEYS)
    subject, column = entry.get("subject"), entry.get("column")
    if not isinstance(subject, str) or not subject:
        raise PolicyError(_WHERE, "a mark under about has no subject")
    columns = (*RECORD_COLUMNS, MASK_COLUMN, *LIST_COLUMNS)
    if column not in columns:
        raise PolicyError(_WHERE, f"the column of a mark under about is not one of {', '.join(columns)}")
    what, ours = f"the mark of {subject} on {column}", words_of(str(column))
    given = {
        key: words_given(_WHERE, f"{key} of {what}", entry[key], ours if key == "values" else None)
        for key in ("values", "codes", "endings")
        if key in entry
    }
    if not all(given.values()):
        raise PolicyError(_WHERE, f"{what} has an empty list")
    if (ours is None) != bool({"codes", "endings"} & given.keys()) or (ours is None and "values" in given):
        raise PolicyError(
            _WHERE, f"{what} names words where the column has codes, or codes where it has words"
        )
    return Mark(subject, str(column), given.get("values"), given.get("codes", ()), given.get("endings", ()))


def subjects_of(conditions: Sequence[Mapping[str, Any]], marks: Sequence[Mark]) -> frozenset[str]:
    """What a definition is about, told by its conditions."""
    return frozenset(mark.subject for mark in marks for condition in conditions if mark.fits(condition))
