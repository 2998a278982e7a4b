"""Drafts of mappings as files: of a file whose supplier has none, and of one whose columns or codes have changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from preventable.counted import counted
from preventable.errors import (
    ChangedFormatError,
    RefusedFileError,
    UnknownCodesError,
    UnknownProviderError,
    UsageError,
)
from preventable.intake.edge import ReadFile, content_of, read_file
from preventable.intake.reports import CheckReport, FileReport, SubmitReport
from preventable.settings import Policy
from preventable.stages.sources.drafting.draft import Draft, draft_mapping, kind_of_file
from preventable.stages.sources.drafting.written import written_draft
from preventable.stages.sources.formats.form import FileForm
from preventable.stages.sources.limits import read_limits
from preventable.stages.sources.mapping import SupplierMapping, readable_kinds, supplier_mappings
from preventable.store.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folders, write_atomically
from preventable.store.home import Home, open_home, read_mappings, read_region_table
from preventable.tables.source_kinds import SourceKind

_ENDING = ".draft.toml"
#: Refusals that a new version of the mapping would mend.
_DRIFTED = (ChangedFormatError.number, UnknownCodesError.number)


def draft_of_file(
    path: Path,
    *,
    policy: Policy,
    kind: str = "",
    provider: str = "",
    home: Home | None = None,
    out: Path | None = None,
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
) -> list[str]:
    """Write a draft of the mapping of a file.

    Args:
        path: The file; it is not changed.
        policy: Holds limits.toml and the kinds of source that a partnership declares.
        kind: Kind of source; that of the provider, or told by the columns, where none is named.
        provider: Whose file it is.
        home: Home whose provider and earlier mappings are looked at; none is needed.
        out: The draft; beside the file where none is named. Never written over.
        encoding: Of text; found where none is named.
        delimiter: Of text; found where none is named.
        sheet: Of a workbook with several.

    Returns:
        Lines that say what each column is taken for, and how sure that is.

    Raises:
        UsageError: There is no such file or kind, or the draft is there already.
        UnknownProviderError: The home has no such provider.
        RefusedFileError: The file cannot be read, has no header, or its kind cannot be told.
    """
    target = out or path.with_name(path.name + _ENDING)
    if target.exists():
        raise UsageError(str(target), "it is there already, and nothing is written over")
    kinds = readable_kinds(policy)
    if kind and kind not in kinds:
        raise UsageError("--kind", f"it is none of {', '.join(kinds)}")
    mappings: Sequence[Mapping[str, Any]] = ()
    row: Mapping[str, Any] = {"provider": provider or "PROVIDER"}
    if home is not None and provider:
        row, mappings = _provider_of(home, provider), home.mappings(provider)
        kind = kind or str(row["source"])
    read = read_file(
        content_of(path),
        path.name,
        read_limits(policy),
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
    )
    found = kinds[kind] if kind else kind_of_file(read.sheet, list(kinds.values()), where=path.name)
    draft = _draft(read, found, row, mappings, sheet=sheet, where=path.name)
    write_atomically(target, written_draft(draft).encode(), PRIVATE_FILE)
    return [f"{path.name}: {read.as_text()}", *in_words(draft), f"The draft: {target}"]


def draft_refused(
    report: CheckReport | SubmitReport,
    path: Path,
    folder: Path | None,
    *,
    policy: Policy,
    home: Path,
    region: Path | None = None,
) -> list[str]:
    """Write drafts of mappings beside the reports of files whose columns or codes have changed.

    Files that were refused for the same are drafted once, from the one with most rows.

    Args:
        report: Of the files.
        path: The file or folder that was checked or submitted.
        folder: Of the reports; None where nobody asked for them: nothing is drafted then.
        policy: As for `draft_of_file`.
        home: Home whose providers and mappings are looked at.
        region: Region used instead, where there is no home.

    Returns:
        A line for each draft, or why there is none.
    """
    if folder is None:
        return []
    top = path if path.is_dir() else path.parent
    lines, drafted = [], Counter[str]()
    for number, file in _drifted(report, top):
        try:
            draft = _draft_of_refused(top / file.path, file, policy, home, region)
        except RefusedFileError as refusal:
            lines.append(f"No mapping was drafted. {refusal}")
            continue
        drafted[file.provider] += 1
        again = f"-{drafted[file.provider]}" if drafted[file.provider] > 1 else ""
        target = folder / f"{file.provider}.v{draft.version}{again}{_ENDING}"
        make_folders(folder.absolute(), PRIVATE_FOLDER)
        write_atomically(target, written_draft(draft).encode(), PRIVATE_FILE)
        doubtful = sum(one.in_words != "sure" for one in draft.columns)
        lines.append(
            f"A mapping was drafted for what changed ({number}): {target}; not sure: {doubtful} of"
            f" {counted(len(draft.columns), 'column')}"
        )
    return lines


def _drifted(report: CheckReport | SubmitReport, top: Path) -> list[tuple[str, FileReport]]:
    """The number of a refusal and the file with most rows, for each thing that changed, by provider."""
    found: dict[tuple[str, str, str], FileReport] = {}
    for file in sorted(report.files, key=lambda file: (-(file.rows or 0), file.path)):
        # A file whose name was not shown, for it points at a person, is not found under the name that was.
        if file.refusal is not None and file.refusal.number in _DRIFTED and (top / file.path).is_file():
            columns = file.refusal.found if file.refusal.number == ChangedFormatError.number else ""
            found.setdefault((file.provider, file.refusal.number, columns), file)
    return [(key[1], found[key]) for key in sorted(found)]


def _draft_of_refused(path: Path, file: FileReport, policy: Policy, home: Path, region: Path | None) -> Draft:
    row, mappings = _door_of(file.provider, home, region)
    read = read_file(path.read_bytes(), file.name, read_limits(policy))
    kind = readable_kinds(policy)[str(row["source"])]
    return _draft(read, kind, row, mappings, sheet="", where=file.path)


def _door_of(
    provider: str, home: Path, region: Path | None
) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """The provider's row and its mappings, signed or not."""
    if region is not None:
        table, mappings = read_region_table(region, "providers"), read_mappings(region / "mappings", provider)
    else:
        opened = open_home(home)
        table, mappings = opened.region_table("providers"), opened.mappings(provider)
    return next(row for row in table.to_pylist() if row["provider"] == provider), mappings


def in_words(draft: Draft) -> list[str]:
    """What a draft says of each column, and what is open."""
    lines = [f"As a file of {draft.source}, version {draft.version} of its mapping:"]
    width = max(len(one.header) for one in draft.columns)
    for one in draft.columns:
        doubt = "" if one.in_words == "sure" else f"; else {one.second}"
        lines.append(
            f"  {one.header:<{width}}  {one.role:<22}{one.confidence:5.2f} {one.in_words:<7}{one.reason}{doubt}"
        )
    return [*lines, *(f"To do: {point}" for point in draft.open_points)]


def _draft(
    read: ReadFile,
    kind: SourceKind,
    provider: Mapping[str, Any],
    mappings: Sequence[Mapping[str, Any]],
    *,
    sheet: str,
    where: str,
) -> Draft:
    known = _mappings(mappings, provider, kind, where)
    return draft_mapping(
        read.sheet,
        kind,
        provider=str(provider["provider"]),
        file=_form(read, sheet),
        earlier=_nearest(known, read),
        version=max((mapping.version for mapping in known), default=0) + 1,
        where=where,
    )


def _form(read: ReadFile, sheet: str) -> FileForm:
    if read.written is None:
        return FileForm(read.kind, sheet=sheet)
    return FileForm(read.kind, read.written.encoding, read.written.delimiter)


def _mappings(
    mappings: Sequence[Mapping[str, Any]], provider: Mapping[str, Any], kind: SourceKind, where: str
) -> Sequence[SupplierMapping]:
    """The provider's mappings of this kind, newest first; none where there is none."""
    if not any(mapping.get("source") == kind.id for mapping in mappings):
        return ()
    return supplier_mappings(mappings, provider=provider, kind=kind, where=where)


def _nearest(mappings: Sequence[SupplierMapping], read: ReadFile) -> SupplierMapping | None:
    header = frozenset(read.sheet.header)
    return min(mappings, key=lambda mapping: len(mapping.headers ^ header), default=None)


def _provider_of(home: Home, provider: str) -> Mapping[str, Any]:
    rows = {row["provider"]: row for row in home.region_table("providers").to_pylist()}
    if provider not in rows:
        raise UnknownProviderError("--provider", "the region has no such provider")
    return rows[provider]
