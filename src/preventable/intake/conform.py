"""The conformance kit: a supplier holds an extract against the layout of its kind before anything is sent.

Nothing need be set up: a region of the kits alone is made for the moment, and `intake.check` says of the file what
the door would say. No part of the file is written anywhere.
"""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from preventable.counted import counted
from preventable.errors import ChangedFormatError, RefusedFileError, UnknownCodesError, UsageError
from preventable.intake import submit as intake
from preventable.intake.reports import CheckReport, FileReport
from preventable.intake.supplier_report.words import mend_of_refusal
from preventable.kits import Kit, kits
from preventable.kits.pages import kit_page, samples_page
from preventable.settings import Policy
from preventable.stages.sources.limits import UnknownCodeLimits, read_limits
from preventable.stages.sources.manifests import ENDING, read_manifest
from preventable.stages.sources.untrusted import toml_of
from preventable.store.durable import write_atomically
from preventable.tables import REGION_TABLES
from preventable.tables.region_folder import write_region_folder

_PROVIDER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PROVIDER_LINE = re.compile(r"^[ \t]*provider[ \t]*=.*$", re.MULTILINE)
_ITS_COLUMNS = " `preventable conform --samples FOLDER` writes the page that tells its columns."
#: What is named of a region that stands for any: metres of the British national grid, for points in degrees.
_ABOUT = {"name": "Kits (invented)", "invented": True, "crs": "EPSG:27700"}


@dataclass(frozen=True)
class UnknownCodes:
    """A column of a file, and in how many of its rows it has a code that the mapping does not know."""

    path: str
    column: str
    rows: int
    of: int

    def in_words(self) -> str:
        """The column and the counts; no code."""
        return (
            f"column {self.column} has a code that is not known in {self.rows:,} of {counted(self.of, 'row')}"
        )


@dataclass(frozen=True)
class Conformance:
    """What a file is, held against a kit.

    Attributes:
        kit: Name of the kit.
        report: What the door would say, in words for who extracts the file.
        unknown_codes: Columns that have an unknown code in more than policy's share of a file's rows.
        unknown_limits: From which share and number of rows on the door refuses a file for them.
    """

    kit: str
    report: CheckReport
    unknown_codes: tuple[UnknownCodes, ...] = ()
    unknown_limits: UnknownCodeLimits | None = None

    @property
    def rows_held_back(self) -> int:
        """Rows that an error holds back."""
        lines = self.report.findings.to_pylist()
        return len({(line["path"], line["row_number"]) for line in lines if line["level"] == "error"})

    @property
    def conforms(self) -> bool:
        """Whether every row of every file would be taken in, and its codes are those of the kit."""
        return not self.report.refused and not self.rows_held_back and not self.unknown_codes

    def as_text(self) -> str:
        """The door's report, then whether the file conforms."""
        return f"{self.report.as_text()}\n{self._verdict()}"

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        told = {
            "kit": self.kit,
            "conforms": self.conforms,
            "rows_held_back": self.rows_held_back,
            "unknown_codes": [asdict(one) for one in self.unknown_codes],
        }
        return told | self.report.as_dict()

    def _verdict(self) -> str:
        if self.report.refused:
            numbers = {file.refusal.number for file in self.report.files if file.refusal}
            return (
                f"Does not conform to the kit {self.kit}: the file would be refused."
                f"{_ITS_COLUMNS if ChangedFormatError.number in numbers else ''}"
            )
        if self.rows_held_back:
            rows = counted(self.rows_held_back, "row")
            return f"Does not conform to the kit {self.kit}: {rows} would be held back."
        if self.unknown_codes and self.unknown_limits:
            columns = "; ".join(dict.fromkeys(one.in_words() for one in self.unknown_codes))
            return (
                f"Does not conform to the kit {self.kit}: {columns}. A month in which more than"
                f" {100 * self.unknown_limits.share:g} % of the rows, and {self.unknown_limits.rows} or more, are so"
                f" would be refused ({UnknownCodesError.number}):"
                f" {_lower_first(mend_of_refusal(UnknownCodesError.number, ''))}"
            )
        levels = set(self.report.findings.column("level").to_pylist())
        beside = ", with what is listed above" if "warning" in levels else ""
        return f"Conforms to the kit {self.kit}{beside}."


def conform(
    path: Path,
    *,
    kind: str,
    policy: Policy,
    provider: str = "",
    sites: Sequence[str] = (),
    mapping: Path | None = None,
    clock: intake.Clock = intake.utc_now,
) -> Conformance:
    """Hold a file, or a folder of files, against a kit.

    Args:
        path: The file; it is not changed.
        kind: Name of the kit.
        policy: Its limits, agreed fields and keys count; whose signatures it asks for does not.
        provider: As the region will name the sender; else as the manifest beside the file does, else as the mapping.
        sites: Site codes of the sender; else the kit's.
        mapping: A mapping of the sender's own in the place of the kit's; the kinds that policy declares go first then.
        clock: Tells the day on which the file would be received.

    Raises:
        UsageError: There is no such kit, file or mapping, or the provider is none.
    """
    kit = kit_named(kind)
    text = kit.mapping if mapping is None else _mapping(mapping)
    sender = provider or _of_manifest(path) or str(tomllib.loads(text.decode("utf-8"))["provider"])
    if not _PROVIDER.fullmatch(sender):
        raise UsageError("--provider", "it is no name of a provider: small letters, figures and hyphens")
    own = replace(kit, name=sender, mapping=_sent_by(sender, text))
    with tempfile.TemporaryDirectory(prefix="preventable-kit-") as made:
        region = Path(made) / "region"
        _write_region([own], sites or (kit.site,), region)
        report = intake.check(
            path,
            home=region,
            region=region,
            provider=sender,
            policy=_policy(policy, [kit], mapping is None),
            clock=clock,
        )
    limits = read_limits(policy).unknown_codes
    unknown = _unknown_codes(report, limits.share)
    files = tuple(_to_its_sender(file, unknown) for file in report.files)
    # The region is made up; what the file holds need not be.
    return Conformance(kit.name, replace(report, invented=False, files=files), unknown, limits)


def write_samples(folder: Path) -> list[str]:
    """Write every kit's sample, mapping and page, its declaration, and a region in which all of them are providers.

    Returns:
        Lines that say what to do with them.

    Raises:
        UsageError: The folder holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(str(folder), "it holds something already, and nothing is written over")
    every = list(kits().values())
    _write_region(every, (), folder / "region")
    for kit in every:
        _write(folder / "submissions" / kit.name / kit.sample_name, kit.sample)
        _write(folder / "pages" / f"{kit.name}.md", kit_page(kit).encode("utf-8"))
        if kit.declaration:
            _write(folder / "policy" / "sources" / f"{kit.kind}.toml", kit.declaration)
    _write(folder / "README.md", samples_page(every).encode("utf-8"))
    return [f"{kit.name:<20} {kit.title}" for kit in every] + [
        f"Samples of {len(every)} kits are in {folder}; begin with its README.md"
    ]


def kit_named(name: str) -> Kit:
    """A kit.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in kits():
        raise UsageError("--kind", f"it is none of {', '.join(kits())}")
    return kits()[name]


def _to_its_sender(file: FileReport, unknown: Sequence[UnknownCodes]) -> FileReport:
    """The file with its columns of unknown codes noted; a refused one with a remedy for who extracts it.

    The remedy of an error speaks to the partnership.
    """
    if file.refusal is None:
        notes = tuple(f"it does not conform: {one.in_words()}" for one in unknown if one.path == file.path)
        return replace(file, notes=(*file.notes, *notes))
    told = file.refusal
    mend = mend_of_refusal(told.number, told.remedy)
    return replace(
        file, error=f"{told.number}  {file.path}: {told.found}. {mend}", refusal=replace(told, remedy=mend)
    )


def _unknown_codes(report: CheckReport, share: float) -> tuple[UnknownCodes, ...]:
    """Columns whose unknown codes are more than a share of the rows. The door asks for a number of rows besides, so as
    to refuse no small month; an extract on trial stands for the months that follow it.
    """
    rows_of = {file.path: file.rows or 0 for file in report.files}
    unknown = [line for line in report.problems.to_pylist() if line["problem"] == "unknown_code"]
    counts = Counter((line["path"], line["column"]) for line in unknown)
    return tuple(
        UnknownCodes(path, column, count, rows_of[path])
        for (path, column), count in sorted(counts.items())
        if count > share * rows_of[path]
    )


def _lower_first(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"


def _of_manifest(path: Path) -> str:
    """The provider that the manifest beside a file names; empty where there is none that can be read."""
    beside = path.with_name(path.name + ENDING) if path.name else None
    if beside is None or not beside.is_file():
        return ""
    try:
        return read_manifest(beside.read_bytes(), beside.name).provider
    except RefusedFileError:
        # `check` refuses the file for it, and says why.
        return ""


def _mapping(path: Path) -> bytes:
    """A mapping that can be told from other files; what else it says the door judges."""
    if not path.is_file():
        raise UsageError(str(path), "there is no such mapping")
    content = path.read_bytes()
    told = toml_of(content)
    if "provider" not in told or type(told.get("version")) is not int:
        raise UsageError(str(path), "it is no mapping: no TOML, or it lacks provider or version")
    return content


def _sent_by(provider: str, mapping: bytes) -> bytes:
    return _PROVIDER_LINE.sub(f'provider = "{provider}"', mapping.decode("utf-8"), count=1).encode("utf-8")


def _policy(policy: Policy, of: Sequence[Kit], kits_first: bool) -> Policy:
    """The policy with the kinds that kits declare, and without those who sign mappings: these are the kits' own."""
    declared = {name: contents for kit in of for name, contents in kit.declared.items()}
    both = {**policy.sources, **declared} if kits_first else {**declared, **policy.sources}
    unsigned = {name: contents for name, contents in policy.files.items() if name != "people"}
    return Policy(unsigned, policy.definitions, both)


def _write_region(of: Sequence[Kit], sites: Sequence[str], folder: Path) -> None:
    """A region of these kits' providers and nothing else; further sites stand beside them, without a mapping."""
    rows = []
    for kit in of:
        first, *others = sites or (kit.site,)
        names = [kit.name, *(f"{kit.name}-site-{number}" for number in range(2, len(others) + 2))]
        rows += [
            {
                "provider": name,
                "provider_name": f"{kit.title} (invented)",
                "source": kit.kind,
                "site_code": site,
            }
            for name, site in zip(names, (first, *others), strict=True)
        ]
    tables = {table.name: table.empty() for table in REGION_TABLES}
    tables["providers"] = pa.Table.from_pylist(rows, schema=tables["providers"].schema)
    write_region_folder(tables, _ABOUT, folder)
    for kit in of:
        _write(folder / "mappings" / f"{kit.name}.v{kit.mapped['version']}.toml", kit.mapping)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
