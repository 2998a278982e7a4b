"""The manifest of a region: which official files, which of their columns, under which licence."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from preventable.errors import ManifestError, RegionFileError

_POINT = {"longitude": "number", "latitude": "number", "easting_m": "number", "northing_m": "number"}
_REQUIRED = ("name", "code", "owner", "reviewed", "review_by")
_FILE_KEYS: Mapping[str, type] = {
    **dict.fromkeys(("path", "title", "licence", "crs", "delimiter", "layer"), str),
    "date": dt.date,
    "optional": bool,
}
_HEAD_KEYS: Mapping[str, type] = {
    **dict.fromkeys(("name", "code", "owner", "source", "crs"), str),
    **dict.fromkeys(("reviewed", "review_by"), dt.date),
    "files": dict,
}
_KINDS: Mapping[type, str] = {
    str: "a text", dt.date: "a date", bool: "true or false", int: "a whole number", list: "a list", dict: "a table"
}  # fmt: skip
_PART_KEYS = ("file", "rows", "columns", "constants", "keep", "leave_out")


@dataclass(frozen=True)
class Kind:
    """What a section may have.

    Attributes:
        roles: What a column may be, with its type.
        required: Roles without which the section says nothing.
        options: Further keys, with their type.
        many: Whether the section may stand several times.
        named: What the section gives, as a report of what is left out says it; empty where it is not optional.
        without: What cannot be done without it, for whoever builds the region; empty where a pack shows it itself.
    """

    roles: Mapping[str, str]
    required: tuple[str, ...]
    options: Mapping[str, type] = field(default_factory=dict)
    many: bool = False
    named: str = ""
    without: str = ""


SECTIONS: Mapping[str, Kind] = {
    "small_areas": Kind(
        {
            **{
                f"{level}{ending}": "text"
                for level in ("small_area", "middle_area", "ward", "neighbourhood", "district")
                for ending in ("", "_name")
            },
            **_POINT,
            "area_km2": "number",
        },
        ("small_area", "district"),
        {"distinct": bool},
    ),
    "boundaries": Kind({"small_area": "text"}, ("small_area",), {"wider": bool}, named="boundaries of areas"),
    "older_areas": Kind(
        {"older_area": "text", "newer_area": "text"}, ("older_area", "newer_area"), {"wider": bool}
    ),
    "populations": Kind(
        {"small_area": "text", "year": "integer", "sex": "text", "age": "text", "persons": "number"},
        ("small_area",),
        {"age_columns": str, "open_from": int, "sexes": dict, "of_older_areas": bool, "wider": bool},
        many=True,
        named="residents",
    ),
    "deprivation": Kind(
        {"small_area": "text", "deprivation_rank": "integer", "deprivation_decile": "integer"},
        ("small_area",),
        named="deprivation",
    ),
    "postcodes": Kind({"postcode": "text", "small_area": "text", **_POINT}, ("postcode",), named="postcodes"),
    "streets": Kind(
        {"street": "text", "street_name": "text", "small_area": "text", "length_m": "number", **_POINT},
        ("street_name",),
        {"prefix": str},
        many=True,
        named="streets",
    ),
    "venues": Kind(
        {
            **dict.fromkeys(
                (
                    "venue",
                    "venue_name",
                    "venue_type",
                    "licence_number",
                    "opening_hours",
                    "street",
                    "postcode",
                ),
                "text",
            ),
            "capacity": "integer",
            "opened_on": "date",
            "renamed_on": "date",
            "closed_on": "date",
            **_POINT,
        },
        ("venue", "venue_name", "venue_type"),
        {"types": dict, "prefix": str},
        many=True,
        named="venues",
    ),
    "venue_aliases": Kind(
        {"venue": "text", "alias": "text", "used_until": "date"},
        ("venue", "alias"),
        {"prefix": str},
        many=True,
        named="names of venues in use",
    ),
    "institutions": Kind(
        {
            **dict.fromkeys(
                ("institution", "institution_name", "institution_type", "postcode", "small_area"), "text"
            ),
            "size": "integer",
            **_POINT,
        },
        ("institution", "institution_name", "institution_type"),
        {"types": dict, "prefix": str},
        many=True,
        named="schools and GP practices",
    ),
    "providers": Kind(
        {
            **dict.fromkeys(
                ("provider", "provider_name", "source", "site_code", "district", "postcode"), "text"
            ),
            **_POINT,
        },
        ("provider_name", "source"),
        {"for_each": str, "prefix": str, "distinct": bool},
        many=True,
        named="providers",
        without="nobody can submit a file",
    ),
    "partners": Kind(
        dict.fromkeys(("partner", "partner_name", "partner_type", "district"), "text"),
        ("partner", "partner_name", "partner_type"),
        {"for_each": str},
        many=True,
        named="partners",
        without="nobody can receive a pack",
    ),
    "calendar": Kind(
        {"date": "date", "name": "text", "day_type": "text", "district": "text"},
        ("date", "name", "day_type"),
        many=True,
        named="bank holidays and events",
    ),
}


@dataclass(frozen=True)
class SourceFile:
    """One official file."""

    name: str
    path: Path
    title: str
    licence: str
    date: str
    crs: str = ""
    delimiter: str = ","
    layer: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Part:
    """One section: where its rows come from and which column is what.

    Attributes:
        section: Name of the section.
        file: File that its rows are in; None where they stand in the manifest.
        rows: Rows that stand in the manifest.
        columns: Role -> name of the column in the file.
        constants: Role -> value of every row.
        keep: Column of the file, and the values whose rows are kept; None for all.
        leave_out: Column of the file, and the values whose rows are left out.
        options: What else the section says.
    """

    section: str
    file: SourceFile | None
    rows: tuple[Mapping[str, Any], ...]
    columns: Mapping[str, str]
    constants: Mapping[str, Any]
    keep: tuple[str, tuple[str, ...]] | None
    leave_out: tuple[str, tuple[str, ...]] | None
    options: Mapping[str, Any]

    @property
    def choices(self) -> tuple[tuple[str, tuple[str, ...], bool], ...]:
        """Column, values, and whether rows with these are kept (or left out)."""
        both = ((self.keep, True), (self.leave_out, False))
        return tuple((*choice, kept) for choice, kept in both if choice is not None)

    @property
    def where(self) -> str:
        """The file as a user knows it, for an error."""
        return f"{self.section} ({self.file.path.name})" if self.file else self.section

    def gives(self, *roles: str) -> bool:
        """Whether every one of these roles has a column or a constant."""
        given = {*self.columns, *self.constants, *(key for row in self.rows for key in row)}
        return given >= set(roles)


@dataclass(frozen=True)
class Manifest:
    """A region as its manifest describes it.

    `mappings` is the folder of that name beside the manifest, None where there is none; `left_out` is what optional
    files, being absent, leave out, and why.
    """

    path: Path
    name: str
    code: str
    crs: str
    about: Mapping[str, str]
    files: Mapping[str, SourceFile]
    parts: Mapping[str, tuple[Part, ...]]
    mappings: Path | None
    left_out: Mapping[str, str] = field(default_factory=dict)

    def one(self, section: str) -> Part | None:
        """The section that may stand once; None where it does not stand."""
        parts = self.parts.get(section, ())
        return parts[0] if parts else None


def read_manifest(path: Path, *, data: Path | None = None) -> Manifest:
    """Read a manifest and see that every file it needs is there.

    Args:
        path: The manifest, TOML.
        data: Folder that the paths of files start from; the manifest's own where None.

    Raises:
        ManifestError: It is not TOML, lacks what it needs, or has a key that nothing reads.
        RegionFileError: A file is absent that is not marked optional.
    """
    try:
        contents = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise RegionFileError(path.name, "there is no such manifest") from None
    except UnicodeDecodeError:
        raise ManifestError(path.name, "it is not written in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line \d+, column \d+|at end of document", str(error))
        raise ManifestError(
            path.name, f"it is not well-formed TOML {place[0] if place else ''}".rstrip()
        ) from None
    reader = _Reader(path, data or path.parent)
    return reader.read(contents)


class _Reader:
    """Reads one manifest; every complaint names it."""

    def __init__(self, path: Path, data: Path) -> None:
        self.path = path
        self.data = data
        self.left_out: dict[str, str] = {}

    def read(self, contents: Mapping[str, Any]) -> Manifest:
        self._know("the manifest", contents, (*_HEAD_KEYS, *SECTIONS))
        self._need("the manifest", contents, _REQUIRED)
        self._of_kind("", contents, _HEAD_KEYS)
        files = {name: self._file(name, given) for name, given in contents.get("files", {}).items()}
        parts = {
            section: self._parts(section, contents[section], files)
            for section in SECTIONS
            if section in contents
        }
        parts = {section: there for section, there in parts.items() if there}
        if "small_areas" not in parts:
            raise self._wrong("it has no section small_areas, or its file is absent")
        if "boundaries" in parts and "crs" not in contents:
            raise self._wrong("it has boundaries and no crs")
        about = {key: str(contents[key]) for key in (*_REQUIRED[2:], "source") if key in contents}
        mappings = self.path.parent / "mappings"
        return Manifest(
            self.path, contents["name"], contents["code"], contents.get("crs", ""), about, files, parts,
            mappings if mappings.is_dir() else None,
            self.left_out,
        )  # fmt: skip

    def _file(self, name: str, given: Any) -> SourceFile:
        what = f"files.{name}"
        self._know(what, given, _FILE_KEYS)
        self._need(what, given, ("path", "licence", "date"))
        self._of_kind(f"{what}.", given, _FILE_KEYS)
        path = self.data / given["path"]
        optional = given.get("optional", False)
        if not path.is_file() and not optional:
            raise RegionFileError(given["path"], f"{what} of {self.path.name} is not in {self.data}")
        return SourceFile(
            name, path, given.get("title", name), given["licence"], str(given["date"]), given.get("crs", ""),
            given.get("delimiter", ","), given.get("layer", ""), optional,
        )  # fmt: skip

    def _parts(self, section: str, given: Any, files: Mapping[str, SourceFile]) -> tuple[Part, ...]:
        kind = SECTIONS[section]
        several = given if isinstance(given, list) else [given]
        if len(several) > 1 and not kind.many:
            raise self._wrong(f"{section} stands {len(several)} times and may stand once")
        parts = [self._part(section, kind, one, files) for one in several]
        return tuple(part for part in parts if part is not None)

    def _part(self, section: str, kind: Kind, given: Any, files: Mapping[str, SourceFile]) -> Part | None:
        self._know(section, given, (*_PART_KEYS, *kind.options))
        columns, constants = given.get("columns", {}), given.get("constants", {})
        rows = given.get("rows", [])
        self._know(f"{section}.columns", columns, kind.roles)
        self._know(f"{section}.constants", constants, kind.roles)
        self._of_kind(f"{section}.columns.", columns, dict.fromkeys(kind.roles, str))
        self._of_kind(f"{section}.", given, {"file": str, "rows": list, **kind.options})
        for row in rows:
            self._know(f"{section}.rows", row, kind.roles)
        file = self._named_file(section, given, files)
        if file is not None and not file.path.is_file():
            what = kind.named or section.replace("_", " ")
            self.left_out[f"{what} of {file.title}"] = f"the optional file {file.path.name} is not there"
            return None
        if file is None and columns:
            raise self._wrong(f"{section} has columns and no file")
        options = {key: given[key] for key in kind.options if key in given}
        part = Part(
            section, file, tuple(rows), columns, constants,
            self._choice(section, "keep", given), self._choice(section, "leave_out", given), options,
        )  # fmt: skip
        lacking = [role for role in kind.required if not part.gives(role)]
        if lacking:
            raise self._wrong(f"{section} lacks {', '.join(lacking)}")
        return part

    def _choice(self, section: str, key: str, given: Mapping[str, Any]) -> tuple[str, tuple[str, ...]] | None:
        """Column and values by which rows are chosen."""
        if key not in given:
            return None
        self._know(f"{section}.{key}", given[key], ("column", "values"))
        self._need(f"{section}.{key}", given[key], ("column", "values"))
        self._of_kind(f"{section}.{key}.", given[key], {"column": str, "values": list})
        return str(given[key]["column"]), tuple(map(str, given[key]["values"]))

    def _named_file(
        self, section: str, given: Mapping[str, Any], files: Mapping[str, SourceFile]
    ) -> SourceFile | None:
        if "file" not in given:
            return None
        if given["file"] not in files:
            raise self._wrong(f"{section} names the file {given['file']}, which stands nowhere in [files]")
        return files[given["file"]]

    def _know(self, what: str, given: Any, known: Iterable[str]) -> None:
        if not isinstance(given, Mapping):
            raise self._wrong(f"{what} is not a table")
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise self._wrong(f"{what} has a key that nothing reads: {', '.join(unknown)}")

    def _of_kind(self, where: str, given: Mapping[str, Any], kinds: Mapping[str, type]) -> None:
        """Refuse a value of another kind: `optional = "no"` would be true, and a number no column."""
        for key, wanted in kinds.items():
            if key in given and not (
                _is_date(given[key]) if wanted is dt.date else isinstance(given[key], wanted)
            ):
                raise self._wrong(f"{where}{key} is not {_KINDS[wanted]}")

    def _need(self, what: str, given: Mapping[str, Any], needed: Sequence[str]) -> None:
        absent = [key for key in needed if key not in given]
        if absent:
            raise self._wrong(f"{what} lacks {', '.join(absent)}")

    def _wrong(self, found: str) -> ManifestError:
        return ManifestError(self.path.name, found)


def _is_date(value: Any) -> bool:
    """Whether it is a date, or a text such as 2025-10-30."""
    try:
        return bool(dt.date.fromisoformat(str(value)))
    except ValueError:
        return False
