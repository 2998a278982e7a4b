"""A draft of the mapping of a file that no mapping reads. The only public function is `draft_mapping`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from preventable.codes.validity import Validity
from preventable.counted import counted, named
from preventable.intake_errors import NoDraftError, UnknownKindError
from preventable.stages.sources.cells import number
from preventable.stages.sources.drafting.assignment import Placed, assign, total_of
from preventable.stages.sources.drafting.codes import plain_words, word_of
from preventable.stages.sources.drafting.evidence import Evidence, evidence_of
from preventable.stages.sources.drafting.profiles import Column, age_style, columns_of
from preventable.stages.sources.drafting.rules import (
    IGNORED,
    NUMBERED_BY,
    PERIOD_ROLES,
    Role,
    drafting_rules,
    roles_of,
)
from preventable.stages.sources.formats.form import FileForm
from preventable.stages.sources.mapping import CODED, SupplierMapping
from preventable.stages.sources.screening import screen
from preventable.stages.sources.sheet import Sheet
from preventable.stages.sources.times import looks_so, read_moments
from preventable.tables.source_kinds import SourceKind

_CLOCKS = ("%H:%M:%S", "%H:%M", "%H.%M", "%H%M")
_DAY = "2025-01-02"
_ZONE = "Europe/London"


@dataclass(frozen=True)
class DraftedColumn:
    """What a draft says of one column.

    Attributes:
        header: Its name in the file.
        role: What it is taken for: a field of ours, a part of one, a period, or `ignored`.
        second: What it would be otherwise.
        confidence: Probability, 0 to 1, that this is right.
        margin: By how much the evidence for this is more than that for anything else (`assignment`).
        reason: What speaks for it, in words, without a value.
    """

    header: str
    role: str
    second: str
    confidence: float
    margin: float
    reason: str

    @property
    def in_words(self) -> str:
        """`sure`, `likely` or `guess`, by the confidence."""
        told = drafting_rules()["in_words"]
        return next(word for word, least in told.items() if self.confidence >= least)


@dataclass(frozen=True)
class DraftedCodes:
    """The codes of a field: what each is taken to mean, which nobody knows, and how many are too rare to be shown."""

    known: Mapping[str, str]
    unknown: tuple[str, ...]
    not_shown: int


@dataclass(frozen=True)
class Draft:
    """A mapping as it is proposed. It reads nothing before people have looked through it and signed it.

    Attributes:
        columns: In the order of the file.
        fields: Field of ours -> headers, two where they are joined.
        period: What the section of the period says.
        formats: Of times, as they were found.
        codes: Coded field -> its codes.
        validity: Field -> code -> from and until when it holds, as the earlier mapping has it.
        constants: Field -> value of every row: those of the earlier mapping that no column fills now, and a version.
        zone: Of the supplier's clock, as the earlier mapping has it.
        age_style: `years`, `ten_year_band` or `none`.
        open_points: What a person has to fill in or look at, in words.
    """

    provider: str
    source: str
    version: int
    file: FileForm
    columns: tuple[DraftedColumn, ...]
    fields: Mapping[str, tuple[str, ...]]
    period: Mapping[str, str]
    formats: tuple[str, ...]
    codes: Mapping[str, DraftedCodes]
    validity: Mapping[str, Mapping[str, Validity]]
    constants: Mapping[str, str]
    zone: str
    age_style: str
    open_points: tuple[str, ...]

    @property
    def number_columns(self) -> tuple[str, ...]:
        """Headers that fill no field and tell rows apart."""
        return tuple(one.header for one in self.columns if one.role == NUMBERED_BY)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Headers that it drops at the door."""
        return tuple(one.header for one in self.columns if one.role == IGNORED)


def draft_mapping(
    sheet: Sheet,
    kind: SourceKind,
    *,
    provider: str,
    file: FileForm,
    earlier: SupplierMapping | None = None,
    version: int = 1,
    where: str,
) -> Draft:
    """Propose what each column of a file is, from its name, its cells and the provider's earlier mapping.

    Args:
        sheet: The file's cells.
        kind: The kind of source.
        provider: Whose files it is to read.
        file: How the file is written.
        earlier: The provider's mapping that is nearest to the file, where there is one.
        version: Of the mapping that is drafted.
        where: The file, for errors.

    Raises:
        NoDraftError: Its first line is no header, or a name in it is empty or stands twice.
    """
    _refuse_odd_header(sheet.header, where)
    columns, roles = columns_of(sheet), roles_of(kind)
    evidence = evidence_of(columns, roles, kind, earlier)
    placed = _completed(assign(evidence, roles), roles)
    drafted = tuple(
        _drafted(column, one, row, roles) for column, one, row in zip(columns, placed, evidence, strict=True)
    )
    drafted = _numbered_rows(drafted, columns, kind)
    by_role = {one.role: column for one, column in zip(drafted, columns, strict=True) if one.role != IGNORED}
    fields = _fields(by_role, roles, kind)
    cells = {column.header: column.texts for column in columns}
    codes = {
        field: _codes(_joined(fields[field], cells), field, kind, earlier)
        for field in (*CODED, "record_category")
        if field in fields
    }
    return Draft(
        provider=provider,
        source=kind.id,
        version=version,
        file=file,
        columns=drafted,
        fields=fields,
        period=_period(by_role),
        formats=_formats(by_role, roles, kind),
        codes=codes,
        validity={field: dated for field, dated in earlier.validity.items() if field in fields}
        if earlier
        else {},
        constants=_constants(fields, earlier),
        zone=earlier.zone.key if earlier is not None else _ZONE,
        age_style=age_style(by_role["age"]) if "age" in by_role else "none",
        open_points=tuple(_open_points(drafted, by_role, fields, codes, kind)),
    )


def kind_of_file(sheet: Sheet, kinds: Sequence[SourceKind], *, where: str) -> SourceKind:
    """The kind of source that a file is likest to.

    Raises:
        NoDraftError: Its first line is no header.
        UnknownKindError: Two kinds are too near to each other.
    """
    _refuse_odd_header(sheet.header, where)
    columns = columns_of(sheet)
    totals = {kind.id: total_of(evidence_of(columns, roles_of(kind), kind), roles_of(kind)) for kind in kinds}
    ranked = sorted(kinds, key=lambda kind: -totals[kind.id])
    lead = totals[ranked[0].id] - totals[ranked[1].id] if len(ranked) > 1 else math.inf
    if lead < drafting_rules()["limits"]["lead_of_kind"]:
        near = " or ".join(kind.id for kind in ranked[:2])
        raise UnknownKindError(where, f"by its columns it may be {near}")
    return ranked[0]


def _numbered_rows(
    drafted: tuple[DraftedColumn, ...], columns: Sequence[Column], kind: SourceKind
) -> tuple[DraftedColumn, ...]:
    """A number that rows lack, or that several have, tells rows apart and is no number of theirs."""
    limits = drafting_rules()["limits"]
    told = {one.role: column for one, column in zip(drafted, columns, strict=True)}
    number = told.get("source_record_id")
    if number is None or not number.texts or kind.form != "events":
        return drafted
    beside = [role.name for role in roles_of(kind) if role.beside] + ["record_version"]
    rows = set(zip(number.texts, *(told[name].texts for name in beside if name in told), strict=True))
    has_all = number.filled >= limits["rows_numbered"] * len(number.texts)
    if has_all and len(rows) >= limits["rows_apart"] * len(number.texts):
        return drafted
    most = limits["by_rule"]
    return tuple(
        replace(one, role=NUMBERED_BY, second=one.role, confidence=min(one.confidence, most))
        if one.role == "source_record_id"
        else one
        for one in drafted
    )


def _refuse_odd_header(header: Sequence[str], where: str) -> None:
    twice = [name for name, times in Counter(header).items() if times > 1 or not name]
    if twice:
        raise NoDraftError(where, f"{len(twice)} names of columns are empty or stand twice")
    odd = sum(_is_value(name) for name in header)
    if odd:
        raise NoDraftError(
            where,
            f"{counted(odd, 'cell of its first line looks', 'cells of its first line look')} like values, not like"
            " names of columns",
        )


def _is_value(name: str) -> bool:
    """Whether what stands for a name has the look of a date, a number or something of a person."""
    days = drafting_rules()["times"]["days"]
    is_day = any(looks_so(name, form) for form in days)
    is_number = number("quantity")(name)[0] is not None
    return is_day or is_number or screen(name, field="name").redacted


def _completed(placed: Sequence[Placed], roles: Sequence[Role]) -> list[Placed]:
    """Parts that stand alone: a day without its clock is the whole time, a clock or half a period nothing of use."""
    taken = {roles[one.role].name for one in placed}
    names = {role.name: place for place, role in enumerate(roles)}
    instead = {}
    for role in roles:
        stands_alone = role.alone or role.fills in taken or _instead_of(role, taken)
        if role.beside and not stands_alone:
            instead[names[role.name]] = names[IGNORED]
        elif role.place and not role.beside and _halves(role, roles) - taken:
            instead[names[role.name]] = names[role.fills if role.place == 1 else IGNORED]
    if not {"period_start", "period_end"} <= taken:
        instead |= {names["period_start"]: names[IGNORED], names["period_end"]: names[IGNORED]}
    elif "period_month" in taken:
        instead[names["period_month"]] = names[IGNORED]
    most = drafting_rules()["limits"]["by_rule"]
    return [
        replace(one, role=instead[one.role], confidence=min(one.confidence, most))
        if one.role in instead
        else one
        for one in placed
    ]


def _halves(role: Role, roles: Sequence[Role]) -> set[str]:
    return {other.name for other in roles if other.place and not other.beside and other.fills == role.fills}


def _instead_of(role: Role, taken: Container[str]) -> str:
    """The field that a column is joined to where its own is not there."""
    return next((field for field in role.instead if field in taken), "")


def _drafted(
    column: Column, placed: Placed, evidence: Sequence[Evidence], roles: Sequence[Role]
) -> DraftedColumn:
    role, found = roles[placed.role], evidence[placed.role]
    reasons = []
    if found.is_earlier:
        reasons.append("so named in the earlier mapping")
    if found.likeness > 0:
        reasons.append(f"name like it {found.likeness:.0%}")
    if role.name != IGNORED:
        reasons.append(f"{found.fit:.0%} of its cells fit" if column.filled else "it has no cell filled")
    return DraftedColumn(
        header=column.header,
        role=role.name,
        second=roles[placed.second].name,
        confidence=placed.confidence,
        margin=placed.margin,
        reason=", ".join(reasons) or "nothing speaks for a field of ours",
    )


def _fields(
    by_role: Mapping[str, Column], roles: Sequence[Role], kind: SourceKind
) -> Mapping[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for role in sorted(roles, key=lambda role: role.place):
        if role.name in by_role and role.fills:
            field = role.fills if role.fills in by_role or not role.beside else _instead_of(role, by_role)
            field = field or role.fills
            fields[field] = (*fields.get(field, ()), by_role[role.name].header)
    if kind.form == "counts" and "source_record_id" not in fields:
        # A line of counts is told by month, area and what is counted.
        line = ("period_start", "period_month", "subject_area", "subject_type")
        fields["source_record_id"] = tuple(by_role[name].header for name in line if name in by_role)
    return {field: headers for field, headers in fields.items() if headers}


def _period(by_role: Mapping[str, Column]) -> Mapping[str, str]:
    found = {name: by_role[name] for name in PERIOD_ROLES if name in by_role}
    if {"period_start", "period_end"} <= set(found):
        start, end = found["period_start"], found["period_end"]
        form = start.times.form or end.times.form
        return {"from": "columns", "start": start.header, "end": end.header, "format": form}
    if "period_month" in found:
        month = found["period_month"]
        return {"from": "columns", "month": month.header, "format": month.times.form}
    return {"from": "records"}


def _formats(by_role: Mapping[str, Column], roles: Sequence[Role], kind: SourceKind) -> tuple[str, ...]:
    """The formats of its times, a day joined to the clock of the column beside it."""
    clocks = {role.fills: by_role[role.name] for role in roles if role.place == 2 and role.name in by_role}
    found = []
    for role in roles:
        form = by_role[role.name].times.form if role.fills and role.name in by_role else ""
        if not form or role.values not in ("stamp", "date"):
            continue
        if role.place and kind.contact_to == "minute":
            form = f"{form.partition('T%H')[0]} {_clock_form(clocks[role.fills])}"
        found.append(form)
    return tuple(dict.fromkeys(found))


def _clock_form(column: Column) -> str:
    texts = [f"{_DAY} {text}" for text in column.counts]
    read = {form: sum(map(bool, read_moments(texts, f"%Y-%m-%d {form}"))) for form in _CLOCKS}
    return max(_CLOCKS, key=lambda form: read[form])


def _constants(fields: Container[str], earlier: SupplierMapping | None) -> Mapping[str, str]:
    before = earlier.constants if earlier is not None else {}
    return {
        field: value
        for field, value in ({"record_version": "1"} | dict(before)).items()
        if field not in fields
    }


def _joined(headers: Sequence[str], cells: Mapping[str, Sequence[str]]) -> Column:
    """The column of a field as the door reads it: its cells joined by a space."""
    texts = zip(*(cells[header] for header in headers), strict=True)
    return Column(" ".join(headers), tuple(" ".join(row).strip() for row in texts))


def _codes(column: Column, field: str, kind: SourceKind, earlier: SupplierMapping | None) -> DraftedCodes:
    before = earlier.codes.get(field, {}) if earlier is not None else {}
    list_name = CODED.get(field, "")
    categories = {plain_words(word): word for word in kind.categories}
    known, unknown, not_shown = {}, [], 0
    for code, rows in sorted(column.counts.items()):
        guessed = word_of(code, list_name) if list_name else categories.get(plain_words(code), "")
        word = before.get(code) or guessed
        if word:
            known[code] = word
        elif _may_be_shown(code, rows):
            unknown.append(code)
        else:
            not_shown += 1
    kept = {code: word for code, word in before.items() if code not in known}
    return DraftedCodes(dict(sorted((known | kept).items())), tuple(unknown), not_shown)


def _may_be_shown(code: str, rows: int) -> bool:
    limits = drafting_rules()["limits"]
    is_short = len(code) <= limits["code_characters"] and code.isprintable()
    return rows >= limits["fewest_rows"] and is_short and not screen(code, field="place").redacted


def _open_points(
    drafted: Sequence[DraftedColumn],
    by_role: Mapping[str, Column],
    fields: Mapping[str, tuple[str, ...]],
    codes: Mapping[str, DraftedCodes],
    kind: SourceKind,
) -> list[str]:
    points = []
    doubtful = sum(one.in_words != "sure" for one in drafted)
    if doubtful:
        points.append(
            f"{doubtful} of {counted(len(drafted), 'column')} {named(doubtful, 'is', 'are')} not sure: look at each"
        )
    if kind.is_event and "contact" not in fields:
        points.append("no column was found for contact, which every mapping needs")
    if "source_record_id" not in fields:
        points.append("no column numbers the records: their numbers are made of their rows")
    if "record_version" not in fields:
        points.append("no column tells versions: every row is version 1")
    if any(column.times.swapped for column in by_role.values() if column.times.form):
        points.append("day and month could be taken for each other in a column: ask which comes first")
    for field, found in codes.items():
        if found.unknown or found.not_shown:
            points.append(
                f"codes of {field}: {len(found.known)} known, {len(found.unknown)} to be filled in,"
                f" {found.not_shown} too rare to be shown here"
            )
    return points
