"""The manifest of a file: what its sender says of it, held against what arrived.

It stands beside the file as `<file name>.manifest.json` and is made where the file is made (`preventable manifest`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from preventable.errors import PolicyError
from preventable.intake_errors import ManifestFormError, NotAsManifestError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys
from preventable.stages.sources.control_totals import ControlTotal, columns_that_differ, control_totals
from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.sheet import Sheet
from preventable.stages.sources.untrusted import json_of
from preventable.tables.months import is_month

#: What follows the file's name in that of its manifest.
ENDING = ".manifest.json"
_FORMAT = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WHERE = "policy/manifests.toml"
_MISSING = ("warn", "refuse")


@dataclass(frozen=True)
class Manifest:
    """What the sender says of one file.

    Attributes:
        provider: Who sends it.
        period: Its month, YYYY-MM; of a list of several months the one in which they end.
        schema_version: Version of the mapping that its columns and codes are agreed in; None where none is told.
        bytes: Its size.
        sha256: Of its bytes.
        rows: Rows below the header.
        columns: Its header.
        nil: Whether it says that the month had nothing to send.
        control_totals: Column -> its total.
    """

    provider: str
    period: str
    schema_version: int | None
    bytes: int
    sha256: str
    rows: int
    columns: tuple[str, ...]
    nil: bool
    control_totals: Mapping[str, ControlTotal] = field(default_factory=dict)

    def as_bytes(self) -> bytes:
        """The file that holds it."""
        told = {"manifest": _FORMAT, **asdict(self)}
        return (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()


def manifest_of(
    sheet: Sheet, content: bytes, *, provider: str, period: str, schema_version: int | None = None
) -> Manifest:
    """The manifest of a file.

    Args:
        sheet: The cells of the file; no row of them says that the month had nothing to send.
        content: The file.
        provider: Who sends it.
        period: Its month, YYYY-MM.
        schema_version: Version of the mapping that the columns are agreed in.
    """
    return Manifest(
        provider=provider,
        period=period,
        schema_version=schema_version,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        rows=len(sheet.rows),
        columns=sheet.header,
        nil=not sheet.rows,
        control_totals=control_totals(sheet),
    )


def largest_manifest() -> int:
    """Bytes that a manifest may have."""
    return int(rules_file("manifests")["bytes"])


def read_manifest(content: bytes, where: str) -> Manifest:
    """A manifest from its file.

    Raises:
        ManifestFormError: It is larger than a manifest is, not JSON, has other keys than ours or other values.
    """
    told = json_of(content) if len(content) <= largest_manifest() else None
    if not isinstance(told, dict) or told.pop("manifest", None) != _FORMAT:
        raise ManifestFormError(where, f"it is no manifest of format {_FORMAT}")
    names = set(Manifest.__dataclass_fields__)
    if set(told) != names:
        raise ManifestFormError(where, f"it lacks or has too much of: {', '.join(sorted(names))}")
    odd = sorted(name for name, value in told.items() if not _is_sound(name, value))
    if odd:
        raise ManifestFormError(where, f"these are not what they should be: {', '.join(odd)}")
    if told["nil"] != (told["rows"] == 0):
        raise ManifestFormError(where, "nil and a number of rows above 0, or 0 rows and not nil")
    totals = {name: ControlTotal(**total) for name, total in told["control_totals"].items()}
    return Manifest(**{**told, "columns": tuple(told["columns"]), "control_totals": totals})


def _is_sound(name: str, value: object) -> bool:
    if name == "control_totals":
        return isinstance(value, dict) and all(map(_is_total, value.values()))
    if name == "columns":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if name == "nil":
        return isinstance(value, bool)
    if name in ("bytes", "rows", "schema_version"):
        return (name == "schema_version" and value is None) or (type(value) is int and value >= 0)
    if name == "period":
        return isinstance(value, str) and is_month(value)
    form = {"provider": re.compile(r".{1,200}"), "sha256": _SHA256}[name]
    return isinstance(value, str) and form.fullmatch(value) is not None


def _is_total(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != set(ControlTotal.__dataclass_fields__):
        return False
    texts = isinstance(value["kind"], str) and isinstance(value["total"], str)
    return texts and type(value["cells"]) is int and ControlTotal(**value).is_sound


def refuse_other_file(manifest: Manifest, content: bytes, *, provider: str, where: str) -> None:
    """Refuse a file of which the manifest does not speak. Nothing of the file is read for it.

    Raises:
        NotAsManifestError: Another provider, or other bytes: the file was cut short, or changed after its manifest.
    """
    if manifest.provider != provider:
        raise NotAsManifestError(where, "its manifest is of another provider")
    if hashlib.sha256(content).hexdigest() != manifest.sha256:
        sizes = f"{len(content):,} bytes arrived, the manifest tells of {manifest.bytes:,}"
        raise NotAsManifestError(where, f"its sha256 is not the manifest's; {sizes}")


def reconcile(manifest: Manifest, sheet: Sheet, *, month: str, where: str) -> None:
    """Hold what was read of a file against its manifest.

    Args:
        manifest: Of a file whose bytes are its own (`refuse_other_file`).
        sheet: The cells as our reader found them.
        month: The month that the file tells, YYYY-MM.
        where: File, for errors.

    Raises:
        NotAsManifestError: Month, number of rows, columns or a control total differ; all that do are told.
    """
    told = {"rows": (len(sheet.rows), manifest.rows), "columns": (len(sheet.header), len(manifest.columns))}
    differ = [
        f"{ours:,} {name} were read of {theirs:,}" for name, (ours, theirs) in told.items() if ours != theirs
    ]
    if sheet.header != manifest.columns and len(sheet.header) == len(manifest.columns):
        differ.append("its columns have other names, or stand in another order")
    if month != manifest.period:
        differ.append(f"its month is {month}, the manifest's {manifest.period}")
    totals = columns_that_differ(manifest.control_totals, sheet)
    if totals:
        differ.append(f"{len(totals)} of {len(manifest.control_totals)} control totals differ")
    if differ:
        raise NotAsManifestError(where, "; ".join(differ))


@dataclass(frozen=True)
class ManifestPolicy:
    """What policy/manifests.toml says of files that come without one: `warn` or `refuse`."""

    missing: str = "warn"
    providers: Mapping[str, str] = field(default_factory=dict)

    def refuses(self, provider: str) -> bool:
        """Whether this provider's files are refused where they have none."""
        return self.providers.get(provider, self.missing) == "refuse"


def read_manifest_policy(policy: Policy) -> ManifestPolicy:
    """What policy asks of whom. No file: every provider is warned.

    Raises:
        PolicyError: It has another key, or another word than `warn` and `refuse`.
    """
    if "manifests" not in policy.files:
        return ManifestPolicy()
    contents = policy.file("manifests")
    refuse_unknown_keys(_WHERE, "it", contents, (*POLICY_HEADER, "missing", "providers"))
    providers = contents.get("providers", {})
    if not isinstance(providers, Mapping):
        raise PolicyError(_WHERE, "[providers] is not a table")
    asked = {
        "missing": contents.get("missing", "warn"),
        **{f"providers.{k}": v for k, v in providers.items()},
    }
    odd = sorted(name for name, word in asked.items() if word not in _MISSING)
    if odd:
        raise PolicyError(_WHERE, f"neither warn nor refuse: {', '.join(odd)}")
    return ManifestPolicy(str(asked["missing"]), dict(providers))
