"""Linkage keys and the change from one to the next: what their custodian does, and what a home does with a map.

The custodian has keys and no records; a home has pseudonyms and no key. Only the map that leads from the pseudonyms of
one key to those of the next passes between them, and it is destroyed once it has been used.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from preventable.counted import counted
from preventable.errors import UsageError
from preventable.key_errors import KeyPlaceError, LinkageMapError
from preventable.settings import Policy
from preventable.stages.sources.cells import nhs_number
from preventable.stages.sources.linkage_keys import (
    KEY_BYTES,
    LinkageKey,
    is_pseudonym,
    is_purpose,
    read_accepted_keys,
    read_linkage_key,
)
from preventable.stages.sources.untrusted import json_of
from preventable.store.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folders, write_atomically
from preventable.store.home import Home
from preventable.store.session import HomeTables, reading, writing

_KEY_FILE = re.compile(r"k([1-9][0-9]{0,5})\.linkage-key\.toml")
_FORMAT = 1


def new_key(purpose: str, folder: Path) -> list[str]:
    """Issue a linkage key: a file of its own in the custodian's folder, under the next id there.

    Args:
        purpose: What it is for; keys of two purposes never meet.
        folder: The custodian's; made where it is missing, for its owner alone.

    Raises:
        UsageError: The purpose is none that can be named.
        KeyPlaceError: The folder lies in a home.
    """
    if not is_purpose(purpose):
        raise UsageError("PURPOSE", "it is not 3 to 80 plain letters, figures and signs")
    refuse_place_in_home(folder)
    make_folders(folder.absolute(), PRIVATE_FOLDER)
    known = [int(found[1]) for path in folder.iterdir() if (found := _KEY_FILE.fullmatch(path.name))]
    key = LinkageKey(f"k{max(known, default=0) + 1}", purpose, secrets.token_bytes(KEY_BYTES))
    path = folder / f"{key.id}.linkage-key.toml"
    write_new(path, key.as_bytes())
    return [
        f"{key.id} for {key.purpose}: {path}",
        "Give it to the providers alone, and never with their files. Policy takes its pseudonyms once its id stands in"
        " policy/linkage_keys.toml.",
    ]


def refuse_place_in_home(path: Path) -> None:
    """Refuse a place for a key in a home or below one, by whatever links it is named.

    Raises:
        KeyPlaceError: It is.
    """
    whole = path.resolve()
    if any((folder / "home.toml").exists() for folder in (whole, *whole.parents)):
        raise KeyPlaceError(str(path), "it lies in a home")


def write_new(path: Path, content: bytes) -> None:
    """Write a file for its owner alone, which must not be there yet.

    Raises:
        KeyPlaceError: It is there.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    except FileExistsError:
        raise KeyPlaceError(str(path), "it is there already, and nothing is written over") from None
    write_atomically(path, content, PRIVATE_FILE)


# --- what a home tells: its pseudonyms of a key ---------------------------------------------------


def write_live(home: Home, key_id: str, out: Path) -> list[str]:
    """Write the pseudonyms of a key that a home holds, one a line, for the custodian.

    Raises:
        LinkageMapError: The home has none of that key.
        KeyPlaceError: The file is there already.
    """
    with reading(home) as tables:
        live = _live(tables, key_id)
    if not live:
        raise LinkageMapError(key_id, "the home has no pseudonym of that key")
    write_new(out, "".join(f"{one}\n" for one in sorted(live)).encode())
    return [f"{len(live):,} pseudonyms of {key_id}: {out}"]


def _live(tables: HomeTables, key_id: str) -> set[str]:
    held = tables.restricted.read("submissions", columns=("nhs_number",)).column("nhs_number")
    return {one for one in pc.unique(held).to_pylist() if one is not None and is_pseudonym(one, key_id)}


# --- what the custodian makes of it: the map ------------------------------------------------------


@dataclass(frozen=True)
class LinkageMap:
    """What leads from the pseudonyms of one key to those of the next: each to another."""

    before: str
    after: str
    pseudonyms: Mapping[str, str]

    def as_bytes(self) -> bytes:
        """The file that holds it."""
        told = {
            "map": _FORMAT,
            "before": self.before,
            "after": self.after,
            "pseudonyms": dict(self.pseudonyms),
        }
        return (json.dumps(told, indent=0, sort_keys=True) + "\n").encode()


def make_map(before: Path, after: Path, *, numbers: Path, live: Path, out: Path) -> list[str]:
    """Make the map from one linkage key to the next for the pseudonyms that a home holds.

    Args:
        before: File of the key that is to end.
        after: File of the key that follows it, of the same purpose.
        numbers: NHS numbers that the providers gave the custodian, one a line.
        live: What the home wrote (`write_live`).
        out: The map; must not be there yet.

    Raises:
        LinkageKeyFileError: A key's file is none.
        LinkageMapError: The keys are one, or of two purposes; a line of `live` is no pseudonym of the first; or a
            pseudonym has no number, for its link would be lost. Nothing is written then.
        KeyPlaceError: The map is there already, or would lie in a home.
    """
    refuse_place_in_home(out)
    old, new = (read_linkage_key(path.read_bytes(), path.name) for path in (before, after))
    if old.id == new.id or old.secret == new.secret or old.purpose != new.purpose:
        raise LinkageMapError(after.name, "the two keys are one, or they are not of one purpose")
    wanted = _lines(live)
    strange = sum(not is_pseudonym(one, old.id) for one in wanted)
    if strange or not wanted:
        raise LinkageMapError(
            live.name, f"{strange:,} of its {len(wanted):,} lines are no pseudonyms of {old.id}"
        )
    read = [nhs_number(line)[0] for line in _lines(numbers)]
    made = {old.pseudonym(str(digits)): new.pseudonym(str(digits)) for digits in read if digits}
    lost = len(wanted - set(made))
    if lost:
        found = f"{lost:,} of {len(wanted):,} pseudonyms have no number among {len(read):,} lines"
        raise LinkageMapError(numbers.name, found)
    mapped = LinkageMap(old.id, new.id, {one: made[one] for one in sorted(wanted)})
    write_new(out, mapped.as_bytes())
    unread = sum(not digits for digits in read)
    return [
        f"{len(wanted):,} pseudonyms lead from {old.id} to {new.id}: {out}",
        f"{counted(unread, 'line')} held no NHS number. Destroy the map when the home has used it, and"
        f" {before.name} with it.",
    ]


def _lines(path: Path) -> set[str]:
    if not path.is_file():
        raise UsageError(str(path), "there is no such file")
    text = path.read_bytes().decode("utf-8", "replace")
    return {stripped for line in text.splitlines() if (stripped := line.strip())}


def read_map(content: bytes, where: str) -> LinkageMap:
    """A map from its file.

    Raises:
        LinkageMapError: It is none, or two of its pseudonyms lead to one. Nothing of it is quoted.
    """
    told = json_of(content)
    if not isinstance(told, dict) or set(told) != {"map", "before", "after", "pseudonyms"}:
        raise LinkageMapError(where, "it is no map")
    before, after, pairs = told["before"], told["after"], told["pseudonyms"]
    sound = told["map"] == _FORMAT and isinstance(pairs, dict) and before != after
    if not sound or not (_all_of(pairs, before) and _all_of(pairs.values(), after)):
        raise LinkageMapError(where, "it has what is no pseudonym of its two keys")
    if len(set(pairs.values())) != len(pairs):
        raise LinkageMapError(where, "two of its pseudonyms lead to one: two persons would become one")
    return LinkageMap(before, after, pairs)


def _all_of(pseudonyms: Collection[object], key_id: object) -> bool:
    return isinstance(key_id, str) and all(
        isinstance(one, str) and is_pseudonym(one, key_id) for one in pseudonyms
    )


# --- what the home does with it -------------------------------------------------------------------


def apply_map(home: Home, policy: Policy, path: Path) -> list[str]:
    """Lead every pseudonym of a home from one linkage key to the next, in one act: all of them, or none.

    What stood before is deleted from the disk. The flow has to run again.

    Args:
        home: Holds the pseudonyms.
        policy: Accepts the new key and no longer the old one: else files that come meanwhile would link with nobody.
        path: The custodian's map.

    Raises:
        LinkageMapError: It is no map; policy does not fit it; or a pseudonym of the home is not in it.
    """
    if not path.is_file():
        raise UsageError(str(path), "there is no such file")
    mapped = read_map(path.read_bytes(), path.name)
    accepted = read_accepted_keys(policy)
    if mapped.after not in accepted or mapped.before in accepted:
        found = f"policy/linkage_keys.toml must accept {mapped.after} and no longer {mapped.before}"
        raise LinkageMapError(path.name, found)
    with writing(home) as tables:
        live = _live(tables, mapped.before)
        lost = len(live - set(mapped.pseudonyms))
        if lost:
            raise LinkageMapError(path.name, f"{lost:,} of the home's {len(live):,} pseudonyms are not in it")
        files = tables.restricted.rewrite("submissions", lambda rows: _led(rows, mapped))
        tables.log.info("linkage_key", rows=len(live))
    return [
        f"{counted(len(live), 'pseudonym')} led from {mapped.before} to {mapped.after}, in {counted(files, 'file')}",
        "Destroy the map, and run the flow again.",
    ]


def _led(rows: pa.Table, mapped: LinkageMap) -> pa.Table:
    """Rows with every pseudonym of the first key led to the second."""
    at = rows.column_names.index("nhs_number")
    numbers = rows.column(at).combine_chunks().dictionary_encode()
    led = [one and mapped.pseudonyms.get(one, one) for one in numbers.dictionary.to_pylist()]
    changed = pa.array(led, pa.string()).take(numbers.indices)
    return rows.set_column(at, rows.schema.field(at), changed)
