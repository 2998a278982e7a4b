"""Kits: for every kind of source a layout to send in, the mapping that reads it, and an invented sample file.

A kit is a folder of this package: `kit.toml` (what it is, each column in words), `mapping.toml` (as of any supplier;
a template for one whose columns have other names), `sample.csv` or another kind of file, and `source.toml` where the
kind of source is one that a partnership declares in policy/sources.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Kit:
    """One kit.

    Attributes:
        name: Its folder, which is also the provider of its mapping.
        title: For people.
        kind: Kind of source.
        site: Site code of its invented provider.
        row: What a row is, in words.
        must: Columns that have to be filled in every row.
        columns: Column -> what to write in it, in the order of the sample.
        notes: What else a supplier should know, a sentence each.
        about: Owner, reviewer, dates and source of the kit.
        mapping: Its mapping, TOML.
        sample_name: Name of its sample file.
        sample: Its sample file.
        declaration: TOML of its kind for policy/sources; empty for a kind that is shipped.
    """

    name: str
    title: str
    kind: str
    site: str
    row: str
    must: tuple[str, ...]
    columns: Mapping[str, str]
    notes: tuple[str, ...]
    about: Mapping[str, Any]
    mapping: bytes
    sample_name: str
    sample: bytes
    declaration: bytes

    @property
    def mapped(self) -> Mapping[str, Any]:
        """Its mapping, read."""
        return tomllib.loads(self.mapping.decode("utf-8"))

    @property
    def declared(self) -> Mapping[str, Mapping[str, Any]]:
        """Its kind as `Policy.sources` holds it: empty for a kind that is shipped."""
        return {self.kind: tomllib.loads(self.declaration.decode("utf-8"))} if self.declaration else {}


@cache
def kits() -> Mapping[str, Kit]:
    """Every kit by name, in the order of their names."""
    folders = sorted(
        (folder for folder in files(__name__).iterdir() if folder.is_dir()), key=lambda one: one.name
    )
    return {folder.name: _kit(folder) for folder in folders if (folder / "kit.toml").is_file()}


def _kit(folder: Any) -> Kit:
    told = tomllib.loads((folder / "kit.toml").read_text(encoding="utf-8"))
    declaration = folder / "source.toml"
    (sample,) = (file for file in folder.iterdir() if file.name.startswith("sample."))
    return Kit(
        name=folder.name,
        title=told["title"],
        kind=told["kind"],
        site=told["site"],
        row=told["row"],
        must=tuple(told["must"]),
        columns=told["columns"],
        notes=tuple(told.get("notes", ())),
        about={key: told[key] for key in ("owner", "reviewer", "reviewed", "review_by", "source")},
        mapping=(folder / "mapping.toml").read_bytes(),
        sample_name=sample.name,
        sample=sample.read_bytes(),
        declaration=declaration.read_bytes() if declaration.is_file() else b"",
    )
