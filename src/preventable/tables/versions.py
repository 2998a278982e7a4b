"""Figures that are compared are of one version of their definition: another version counts something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from preventable.errors import VersionsDifferError


def refuse_two_versions(where: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Refuse rows that would be compared though one definition has two versions among them.

    A run counts the whole history by one version of each definition; two meet only where figures of different runs or
    releases are put side by side.

    Args:
        where: What compares them, for the error.
        rows: Rows with `definition` and `definition_version`.

    Raises:
        VersionsDifferError: A definition has two versions among the rows.

    Example:
        >>> refuse_two_versions("signals", [{"definition": "a", "definition_version": 1}] * 2)
    """
    versions: dict[str, int] = {}
    for row in rows:
        definition, version = str(row["definition"]), int(row["definition_version"])
        before = versions.setdefault(definition, version)
        if before != version:
            raise VersionsDifferError(
                where, f"figures of {definition} were counted by versions {min(before, version)} and "
                f"{max(before, version)}"
            )
