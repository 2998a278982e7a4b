"""Whether a whole file is held until a person has looked at it: the rules of holds.toml.

What is compared are counts of a file, made once (`profile_of`); `hold_reasons` is what decides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import sqrt
from statistics import mean, stdev
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from preventable.counted import counted
from preventable.errors import PolicyError
from preventable.stages.quality.rules import sql_or_toml
from preventable.tables.source_kinds import FORMS

_FILE = "stages/quality/holds.toml"
#: Tests that hold a file beside what stands for its own month, not beside other months.
_OF_ITS_MONTH = frozenset({"replaced", "beside", "unnumbered"})
#: Columns of `submissions` that a profile needs beside those that the rules name.
_BESIDE = ("injury_start_local", "time_basis", "time_precision", "record_version")


@dataclass(frozen=True)
class Hold:
    """One rule on whole files. `test` is a key of `_TESTS`; the rest as in holds.toml."""

    id: str
    test: str
    forms: tuple[str, ...]
    threshold: Mapping[str, Any]
    description: str
    remedy: str
    owner: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Profile:
    """What a file is held by: counts, and no row.

    Attributes:
        rows: Rows of the file.
        words: Column -> code -> rows; empty cells are not in it.
        blanks: Column -> rows where it is empty.
        at_midnight: Injuries as stated at exactly 00:00, of `stated` whose hour was stated.
        beside_midnight: Those at exactly 23:00 and at exactly 01:00.
        versions: Version of a record -> rows.
    """

    rows: int
    words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    blanks: Mapping[str, int] = field(default_factory=dict)
    stated: int = 0
    at_midnight: int = 0
    beside_midnight: int = 0
    versions: Mapping[int, int] = field(default_factory=dict)

    def known(self, column: str) -> int:
        """Rows in which a coded column is filled."""
        return sum(self.words.get(column, {}).values())


@dataclass(frozen=True)
class Reason:
    """Why a file is held: rule, what it is about (a column or a side; empty for the file), words without a value."""

    hold: str
    about: str
    words: str


@cache
def hold_rules() -> tuple[Hold, ...]:
    """Every rule on whole files, in the order of the file.

    Raises:
        PolicyError: Two rules have one id, or one names a test or a form that there is not.
    """
    rows = tomllib.loads(sql_or_toml("holds.toml"))["hold"]
    rules = tuple(
        Hold(**{**row, "forms": tuple(row["forms"]), "fields": tuple(row.get("fields", ()))}) for row in rows
    )
    if len({rule.id for rule in rules}) != len(rules):
        raise PolicyError(_FILE, "two rules have one id")
    for rule in rules:
        if rule.test not in {*_TESTS, *_OF_ITS_MONTH} or not set(rule.forms) <= set(FORMS):
            raise PolicyError(_FILE, f"{rule.id} names a test or form unknown")
    return rules


@cache
def correction_percent() -> int:
    """Of the rows of a file, so many in a hundred must have a raised version for it to be one of corrections."""
    return int(tomllib.loads(sql_or_toml("holds.toml"))["correction"]["percent"])


def profile_columns() -> tuple[str, ...]:
    """Columns of `submissions` that a profile is made of."""
    return (*_BESIDE, *sorted({*_coded(), *_filled()} - set(_BESIDE)))


def profile_of(submissions: pa.Table) -> Profile:
    """The counts of one file.

    Args:
        submissions: Its rows in our columns, at least those of `profile_columns`.
    """
    words = {name: _counts(submissions.column(name)) for name in _coded()}
    blanks = {name: submissions.column(name).null_count for name in _filled()}
    return Profile(
        submissions.num_rows,
        words,
        blanks,
        *_heap(submissions),
        _counts(submissions.column("record_version")),
    )


def hold_reasons(profile: Profile, *, month: str, form: str, history: Mapping[str, Profile]) -> list[Reason]:
    """Why a file is held; empty where it is not.

    Args:
        profile: Of the file.
        month: Its month, YYYY-MM.
        form: Form of its source.
        history: Month -> profile of the provider's largest submission; its own month may be among them.

    Returns:
        Reasons in the order of the rules. A file that corrects records, or adds less than half of what its month has,
        is held for being cut alone: it need not look like a month.
    """
    rules = [rule for rule in hold_rules() if form in rule.forms and rule.test not in _OF_ITS_MONTH]
    others = {name: one for name, one in history.items() if name != month}
    present = history.get(month)
    if _corrects(profile, others.values()) or (present and 2 * profile.rows < present.rows):
        rules = [rule for rule in rules if rule.test == "cut_rows"]
    elif present:
        rules = [rule for rule in rules if rule.test != "volume"]
    found = list(_found(profile, list(others.values()), rules))
    earlier = max((name for name in others if name < month), default=None)
    if not found or earlier is None:
        return found
    rest = [one for name, one in others.items() if name != earlier]
    lasting = [rule for rule in rules if rule.test != "cut_rows"]
    usual = {(one.hold, one.about) for one in _found(others[earlier], rest, lasting)}
    return [one for one in found if (one.hold, one.about) not in usual]


def replacing_reasons(records: int, *, standing: int, form: str) -> list[Reason]:
    """Why a file that is to take the place of its month is held for that; empty where it is not.

    Args:
        records: Live records of the file.
        standing: Live records that stand for its month.
        form: Form of its source.
    """
    return list(_found(Profile(records), [Profile(standing)], _rules("replaced", form)))


@dataclass(frozen=True)
class Addition:
    """What a file adds to a month that stands, in counts.

    Attributes:
        standing: Records that stand for its month.
        added: Live records of the file that do not.
        others: Records of each other month of the provider.
        by_content: Whether records of the file, or those that stand, have numbers made of the content of rows.
        on_its_days: Rows of new content on days and sites of rows that stand and that the file lacks.
        at_its_moments: Rows of new content at exactly the moment of such a row, whatever its site.
        exchanged: Rows of new content, of a file that repeats some of the rows that stand, as far as it lacks others.
    """

    standing: int
    added: int
    others: Sequence[int] = ()
    by_content: bool = False
    on_its_days: int = 0
    at_its_moments: int = 0
    exchanged: int = 0


def addition_columns() -> tuple[str, ...]:
    """Columns of `submissions` that `addition_of` looks at."""
    return ("source_record_id", "record_status", "content_hash", "site_code", "contact_local")


def addition_of(file: pa.Table, standing: pa.Table, *, others: Sequence[int]) -> Addition:
    """What a file adds to the rows that stand for its month.

    Args:
        file: Its rows, at least the columns of `addition_columns`.
        standing: Rows that stand, likewise.
        others: Records of each other month of the provider.
    """
    live = standing.filter(pc.equal(standing.column("record_status"), "live"))
    new = _without(file.filter(pc.equal(file.column("record_status"), "live")), standing)
    lacking = _without(live, file)
    return Addition(
        standing=live_records(standing),
        added=int(pc.count_distinct(new.column("source_record_id")).as_py()),
        others=others,
        by_content=numbered_by_content(file) or numbered_by_content(standing),
        on_its_days=_among(_days(new), _days(lacking)),
        exchanged=min(new.num_rows, lacking.num_rows) if lacking.num_rows < live.num_rows else 0,
        at_its_moments=_among(new.column("contact_local").drop_null(), lacking.column("contact_local")),
    )


def live_records(rows: pa.Table) -> int:
    """Records with a row that is live; one without a number is a record of its own."""
    numbers = rows.filter(pc.equal(rows.column("record_status"), "live")).column("source_record_id")
    return int(pc.count_distinct(numbers).as_py()) + int(numbers.null_count)


def numbered_by_content(rows: pa.Table) -> bool:
    """Whether numbers are made of the content of rows: they begin with its sha256 (`sources`)."""
    begin = pc.utf8_slice_codeunits(rows.column("source_record_id"), 0, 64)
    return bool(pc.any(pc.equal(begin, rows.column("content_hash"))).as_py())


def _without(rows: pa.Table, others: pa.Table) -> pa.Table:
    """Rows with a number that others have not."""
    numbers = rows.column("source_record_id")
    known = pc.is_in(numbers, others.column("source_record_id").combine_chunks())
    return rows.filter(pc.and_(pc.is_valid(numbers), pc.invert(known)))


def _days(rows: pa.Table) -> pa.ChunkedArray:
    days = pc.fill_null(rows.column("contact_local").cast(pa.date32()).cast(pa.string()), "")
    return pc.binary_join_element_wise(pc.fill_null(rows.column("site_code"), ""), days, " ")


def _among(values: pa.ChunkedArray, others: pa.ChunkedArray) -> int:
    return int(pc.sum(pc.is_in(values, others.combine_chunks())).as_py() or 0)


def adding_reasons(addition: Addition, *, form: str) -> list[Reason]:
    """Why a file that comes beside what stands for its month is held for that; empty where it is not.

    Args:
        addition: What it adds.
        form: Form of its source.
    """
    found = [
        Reason(rule.id, "", words)
        for test, words_of in (("beside", _beside), ("unnumbered", _unnumbered))
        for rule in _rules(test, form)
        if (words := words_of(rule, addition))
    ]
    return found if addition.standing else []


def _rules(test: str, form: str) -> list[Hold]:
    return [rule for rule in hold_rules() if rule.test == test and form in rule.forms]


def _beside(rule: Hold, addition: Addition) -> str:
    limit, others = rule.threshold, addition.others
    after = addition.standing + addition.added
    if len(others) < limit["months"] or mean(others) < limit["mean"]:
        if addition.added < limit["mean"] or addition.added <= limit["times"] * addition.standing:
            return ""
        return f"it adds {addition.added:,} records to {addition.standing:,} that stand for its month"
    usual = mean(others)
    most = (100 + limit["percent"]) * usual / 100
    # A month that was looked at already may get a few late records more.
    was_so = addition.standing >= most and 100 * addition.added < limit["percent"] * usual
    if after < most or not addition.added or was_so:
        return ""
    return f"its month would have {100 * after / usual:.0f} % of the mean of {len(others)} other months"


def _unnumbered(rule: Hold, addition: Addition) -> str:
    limit = rule.threshold
    if not addition.by_content:
        return ""
    moments = 100 * addition.at_its_moments >= limit["percent"] * addition.added
    doubtful = max(addition.on_its_days, addition.exchanged, addition.at_its_moments if moments else 0)
    if doubtful < limit["rows"]:
        return ""
    return (
        f"records have no numbers, and {doubtful:,} of its rows may be rows that stand, mended: where it is the month"
        " mended, say --replace-month, so that none counts twice"
    )


def _corrects(profile: Profile, others: Iterable[Profile]) -> bool:
    """Whether a file is one of corrections: enough of its records have a version above that which others begin with."""
    first = min((version for one in (profile, *others) for version in one.versions), default=0)
    above = sum(rows for version, rows in profile.versions.items() if version > first)
    return 100 * above >= correction_percent() * profile.rows


def _found(profile: Profile, others: Sequence[Profile], rules: Sequence[Hold]) -> Iterator[Reason]:
    for rule in rules:
        for about, words in _TESTS[rule.test](rule, profile, others):
            yield Reason(rule.id, about, words)


@cache
def _coded() -> tuple[str, ...]:
    return tuple(
        sorted({name for rule in hold_rules() if rule.test in ("one_code", "shift") for name in rule.fields})
    )


@cache
def _filled() -> tuple[str, ...]:
    return tuple(sorted({name for rule in hold_rules() if rule.test == "blanks" for name in rule.fields}))


def _counts(column: pa.ChunkedArray) -> dict[Any, int]:
    """Value -> rows; empty cells are not in it."""
    told = pc.value_counts(column.combine_chunks())
    values, rows = told.field("values").to_pylist(), told.field("counts").to_pylist()
    return {value: count for value, count in zip(values, rows, strict=True) if value is not None}


def _heap(submissions: pa.Table) -> tuple[int, int, int]:
    """Injuries whose hour was stated, those at exactly midnight, and those at exactly the full hours beside it."""
    told = pc.and_(
        pc.equal(submissions.column("time_basis"), "stated"),
        pc.is_in(submissions.column("time_precision"), pa.array(["exact", "hour"])),
    )
    times = submissions.column("injury_start_local").filter(told)
    full = times.filter(pc.equal(times, pc.floor_temporal(times, unit="hour")))
    hours = pc.hour(full)
    at = pc.sum(pc.equal(hours, 0)).as_py() or 0
    beside = pc.sum(pc.is_in(hours, pa.array([1, 23], pa.int64()))).as_py() or 0
    return len(times), at, beside


# --- what is looked at: each gives what it is about and the words, for every thing that trips it ---------------------

_Found = Iterator[tuple[str, str]]


def _cut_rows(rule: Hold, profile: Profile, others: Sequence[Profile]) -> _Found:
    del others
    if profile.rows in rule.threshold["rows"]:
        yield "", f"it has exactly {profile.rows:,} rows, where spreadsheets cut"


def _volume(rule: Hold, profile: Profile, others: Sequence[Profile]) -> _Found:
    limit = rule.threshold
    rows = [one.rows for one in others]
    if len(rows) < limit["months"] or mean(rows) < limit["mean"]:
        return
    usual = mean(rows)
    apart = abs(profile.rows - usual)
    side = "more" if profile.rows > usual else "fewer"
    share = f"{100 * profile.rows / usual:.0f} % of the mean of {len(rows)} other months"
    if 100 * apart >= limit["percent"] * usual:
        yield side, f"it has {share}"
    elif len(rows) >= limit["deviation_months"]:
        deviation = max(stdev(rows), sqrt(usual))
        if apart > limit["deviations"] * deviation:
            yield side, f"it has {share}, {apart / deviation:.1f} standard deviations from it"


def _replaced(rule: Hold, profile: Profile, others: Sequence[Profile]) -> _Found:
    standing = sum(one.rows for one in others)
    if 100 * profile.rows < rule.threshold["percent"] * standing:
        yield "", f"it has {100 * profile.rows / standing:.0f} % of the records whose place it takes"


def _one_code(rule: Hold, profile: Profile, others: Sequence[Profile]) -> _Found:
    limit = rule.threshold
    for name in rule.fields:
        counts, known = profile.words[name], profile.known(name)
        if known < limit["rows"]:
            continue
        code, most = max(counts.items(), key=lambda item: (item[1], item[0]))
        before = [one for one in others if one.known(name)]
        earlier = sum(one.words[name].get(code, 0) for one in before)
        if len(before) < limit["months"] or 100 * most <= limit["percent"] * known:
            continue
        usual = earlier / sum(one.known(name) for one in before)
        if 100 * (most / known - usual) >= limit["points"]:
            yield name, f"one code fills {100 * most / known:.0f} % of {name}"


def _midnight(rule: Hold, profile: Profile, others: Sequence[Profile]) -> _Found:
    limit = rule.threshold
    at, stated = profile.at_midnight, sum(one.stated for one in others)
    if profile.stated < limit["rows"] or 100 * at <= limit["percent"] * profile.stated:
        return
    by_history = profile.stated * sum(one.at_midnight for one in others) / stated if stated else 0.0
    usual = max(profile.beside_midnight / 2, by_history)
    if at - usual > limit["deviations"] * sqrt(usual + 1):
        yield "", f"{100 * at / profile.stated:.0f} % of the stated times are exactly midnight"


def _blanks(rule: Hold, profile: Profile, others: Sequence[Profile]) -> _Found:
    limit = rule.threshold
    rows = sum(one.rows for one in others)
    if len(others) < limit["months"] or profile.rows < limit["rows"] or not rows:
        return
    for name in rule.fields:
        usual = sum(one.blanks[name] for one in others) / rows
        share = profile.blanks[name] / profile.rows
        # Half a row more than were seen: a column that was always filled is rarely empty, not never.
        drawn = (usual * rows + 0.5) / (rows + 1)
        deviation = sqrt(drawn * (1 - drawn) / profile.rows)
        if (
            share >= limit["factor"] * usual
            and 100 * (share - usual) >= limit["points"]
            and share - usual > limit["deviations"] * deviation
        ):
            yield (
                name,
                f"{name} is empty in {100 * share:.0f} % of the rows, in {100 * usual:.0f} % of other months'",
            )


def _shift(rule: Hold, profile: Profile, others: Sequence[Profile]) -> _Found:
    limit = rule.threshold
    for name in rule.fields:
        known, before = profile.known(name), [one for one in others if one.known(name)]
        if known < limit["rows"] or len(before) < limit["months"]:
            continue
        codes = {code for one in (profile, *before) for code in one.words[name]}
        apart = [_deviations(name, code, profile, before) for code in codes]
        far = [one for one in apart if one[0] > limit["deviations"] and 100 * one[1] >= limit["points"]]
        if far:
            yield (
                name,
                f"{counted(len(far), f'code of {name} is', f'codes of {name} are')} more than"
                f" {limit['deviations']} standard deviations off",
            )


def _deviations(name: str, code: str, profile: Profile, before: Sequence[Profile]) -> tuple[float, float]:
    """How far the share of a code is from that of the other months: in standard deviations, and as a share.

    The deviation is the larger of that of a draw of so many rows and that of the other months' shares.
    """
    known = profile.known(name)
    share = profile.words[name].get(code, 0) / known
    # Half a row more than were seen: a code that never came before is rare, not impossible.
    usual = (sum(one.words[name].get(code, 0) for one in before) + 0.5) / (
        sum(one.known(name) for one in before) + 1
    )
    shares = [one.words[name].get(code, 0) / one.known(name) for one in before]
    apart = abs(share - usual)
    return apart / max(sqrt(usual * (1 - usual) / known), stdev(shares)), apart


_TESTS: Mapping[str, Callable[[Hold, Profile, Sequence[Profile]], _Found]] = {
    "cut_rows": _cut_rows,
    "volume": _volume,
    "replaced": _replaced,
    "one_code": _one_code,
    "midnight": _midnight,
    "blanks": _blanks,
    "shift": _shift,
}
