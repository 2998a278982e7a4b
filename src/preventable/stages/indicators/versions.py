"""Versions of definitions: a change of meaning is a new version, and what a home counted by it never forgets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import pyarrow as pa

from preventable.engine import Engine
from preventable.errors import DefinitionChangedError
from preventable.stages.indicators.definitions import Definition
from preventable.tables import TABLES

_NAME = "definition_versions"


def keep_versions(engine: Engine, definitions: Sequence[Definition]) -> None:
    """Create `definition_versions`: those of earlier runs, and these.

    Args:
        engine: Session, with `previous_definition_versions` where an earlier run made it.
        definitions: Every definition of the policy.

    Raises:
        DefinitionChangedError: One means something else than it did under the same version.
    """
    previous = f"previous_{_NAME}"
    kept = {
        (row["definition"], row["version"]): row
        for row in (engine.table(previous).to_pylist() if engine.has(previous) else [])
    }
    for one in definitions:
        row = {"definition": one.id, "version": one.version, "meaning": meaning(one), "title": one.title}
        before = kept.setdefault((one.id, one.version), row)
        if before["meaning"] != row["meaning"]:
            raise DefinitionChangedError(
                f"policy/definitions/{one.id}.toml", f"version {one.version} counted something else before"
            )
    table = TABLES[_NAME]
    rows = [kept[key] for key in sorted(kept)]
    engine.load(_NAME, table.conform(pa.Table.from_pylist(rows, schema=table.arrow_schema())))


def meaning(definition: Definition) -> str:
    """sha256 of what a definition counts; its words, levels and breakdowns are no part of it."""
    told = {
        "source": definition.source,
        "area_basis": definition.area_basis,
        "denominator": definition.denominator,
        "region_counts": definition.region_counts,
        "conditions": sorted([one.column, one.operator, *one.values] for one in definition.conditions),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
