"""A home: the folder that holds one partnership's records, region, key and releases.

HOME/home.toml        the marker, written last: a folder without it is not a home
HOME/.gitignore       keeps key and records out of a repository around the home
HOME/restricted/      key, ledger.sqlite, run_log.sqlite, region/, mappings/, decisions/, tables/, spool/   (mode 0700)
HOME/released/        ledger.sqlite, tables/, packs/
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from preventable.errors import (
    DamagedFileError,
    EarlierHomeError,
    HomeBusyError,
    NoHomeError,
    NoRegionError,
    SchemaError,
    UnknownProviderError,
    UsageError,
)
from preventable.store import listing
from preventable.store.checksums import state_checksum, table_checksum
from preventable.store.durable import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    make_folders,
    sweep_temporary,
    write_atomically,
    write_files,
)
from preventable.tables import REGION_TABLES, TABLES

_FORMAT = 5
_OUR_NAMES = frozenset({"home.toml", "restricted", "released", "summary.json", "demo"})
_KEPT_OUT_OF_GIT = b"*\n"
_KEY_BYTES = 32
_BETWEEN_TRIES_S = 0.02
_MAPPING_HEADER = ("provider", "source", "version", "owner", "approved_by", "approved_on")
#: What takes the place of `.toml` in the name of the file of a mapping's approvals, which stands beside it.
APPROVALS = ".approvals.toml"
_VERSION = re.compile(r"\.v([0-9]{1,9})\.approvals\.toml\Z")
#: What a crash leaves where home.toml or .gitignore was being written.
_UNFINISHED = re.compile(r"\.(home\.toml|\.gitignore)\.[0-9a-f]{8}\.tmp\Z")
_FILE_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]*\Z")
_MANIFEST = "manifest.json"
#: Folders of files that a list of sha256 beside them names.
_LISTED = ("mappings", "decisions", "looked_at")


@dataclass(frozen=True)
class Home:
    """Paths of one home. Made by `create_home` or `open_home`.

    Attributes:
        path: The folder.
        demo: Whether the home holds invented records; its key is derived, and marked so.
        key_id: Public name of the key that pseudonyms carry.
    """

    path: Path
    demo: bool
    key_id: str

    @property
    def restricted(self) -> Path:
        """Root of what can point to a person."""
        return self.path / "restricted"

    @property
    def released(self) -> Path:
        """Root of what may leave."""
        return self.path / "released"

    @property
    def packs(self) -> Path:
        """Folder of the partners' packs, one folder a release."""
        return self.released / "packs"

    @property
    def spill(self) -> Path:
        """Where an engine may put what does not fit into memory, rows of people too; empty but while the flow runs."""
        return self.restricted / "spill"

    @property
    def region(self) -> Path:
        """The home's own copy of the region."""
        return self.restricted / "region"

    def pseudonym_key(self) -> tuple[str, bytes]:
        """Public name of the key, and the key.

        Returns:
            "key-" or "demo-" with the first 8 hexadecimal digits of the key's sha256, and 32 bytes.

        Raises:
            DamagedFileError: The key is missing or is not the one that the home was made with.
        """
        try:
            content = (self.restricted / "key").read_bytes()
            key = bytes.fromhex(content.decode("ascii"))
        except (OSError, ValueError):
            raise DamagedFileError("restricted/key", "the key cannot be read") from None
        if content != _key_file(key) or _key_id(key, demo=self.demo) != self.key_id:
            raise DamagedFileError("restricted/key", "it is not the key that home.toml names")
        return self.key_id, key

    def phrase_key(self) -> bytes:
        """Key by which decisions know place texts: made of the key of pseudonyms, which it does not tell.

        Raises:
            DamagedFileError: The key is missing or is not the one that the home was made with.
        """
        return hmac.digest(self.pseudonym_key()[1], b"phrases of place texts", "sha256")

    def give_region(self, folder: Path) -> None:
        """Keep a copy of a region. The region is given once; the same again changes nothing.

        Args:
            folder: region.toml, a Parquet file for every table of `REGION_TABLES`, mappings/*.toml
                (mappings/later/ is left where it is).

        Raises:
            UsageError: The folder is not a region, or the home has another region.
            SchemaError: A table does not have its declared columns.
            HomeBusyError: Another process is writing.
        """
        tables = {table.name: read_region_table(folder, table.name) for table in REGION_TABLES}
        about = _read_bytes(folder / "region.toml", "the folder has no region.toml")
        with self.lock():
            self._keep_region(folder, tables, about)

    def _keep_region(self, folder: Path, tables: Mapping[str, pa.Table], about: bytes) -> None:
        fingerprint = _region_fingerprint(tables, about)
        if self.has_region():
            if self._region_manifest()["fingerprint"] != fingerprint:
                raise UsageError("region", "the home has another region, and a home keeps its region")
            return
        _parse_toml(about, "region.toml")
        files = {f"{name}.parquet": _parquet_bytes(data) for name, data in tables.items()}
        files["region.toml"] = about
        manifest = {
            "fingerprint": fingerprint,
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        }
        make_folders(self.region, PRIVATE_FOLDER)
        write_files(self.region, files, PRIVATE_FILE)
        known = set(tables["providers"].column("provider").to_pylist())
        for mapping in sorted((folder / "mappings").glob("*.toml")):
            if not mapping.name.endswith(APPROVALS):
                self._keep_mapping(mapping, known)
        # Last: a region without its manifest is not there.
        write_atomically(self.region / _MANIFEST, _manifest_file(manifest), PRIVATE_FILE)

    def has_region(self) -> bool:
        """Whether the home was given its region."""
        return (self.region / _MANIFEST).is_file()

    def give_mapping(self, path: Path) -> None:
        """Keep a supplier's mapping, with the file of its approvals beside it. The same again changes nothing.

        Args:
            path: TOML with provider, source, version, owner, approved_by (two people), approved_on; or the file of
                approvals beside it.

        Raises:
            UsageError: It is not a mapping, lacks its approval, or another one has its number.
            UnknownProviderError: The region has no such provider.
            NoRegionError: The home has no region yet.
            HomeBusyError: Another process is writing.
        """
        providers = self.region_table("providers").column("provider").to_pylist()
        if path.name.endswith(APPROVALS):
            path = path.with_name(path.name.removesuffix(APPROVALS) + ".toml")
        with self.lock():
            self._keep_mapping(path, set(providers))

    def _keep_mapping(self, path: Path, known: set[str]) -> None:
        content = _read_bytes(path, "there is no such file")
        mapping = _parse_toml(content, path.name)
        absent = [name for name in _MAPPING_HEADER if name not in mapping]
        if absent:
            raise UsageError(path.name, f"the mapping lacks {', '.join(absent)}")
        approvers = mapping["approved_by"]
        if not isinstance(approvers, list) or len(set(approvers)) < 2:
            raise UsageError(path.name, "the mapping is not approved by two people")
        provider, version = str(mapping["provider"]), mapping["version"]
        if not isinstance(version, int) or isinstance(version, bool) or not _FILE_SAFE.match(provider):
            raise UsageError(path.name, "provider or version of the mapping is not well formed")
        if provider not in known:
            raise UnknownProviderError(path.name, "the mapping's provider is not in the region")
        folder, name = self.restricted / "mappings", f"{provider}.v{version}.toml"
        sums = listing.listed(folder, "mappings")
        if name in sums and (folder / name).read_bytes() != content:
            raise UsageError(path.name, f"the home has another mapping {name[:-5]}; give it a new version")
        files = {name: content}
        approvals = approvals_beside(path)
        if approvals.is_file():
            files[f"{provider}.v{version}{APPROVALS}"] = approvals.read_bytes()
        given = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        if all(sums.get(name) == sha256 for name, sha256 in given.items()):
            return
        staying = {name: sha256 for name, sha256 in sums.items() if given.get(name, sha256) == sha256}
        if staying != sums:
            # First: what is written over leaves the list, which would else name another content were this cut short.
            write_atomically(folder / listing.NAME, listing.written(staying), PRIVATE_FILE)
        for name, content in files.items():
            write_atomically(folder / name, content, PRIVATE_FILE)
        # Last: a mapping that is not in the list was not given.
        write_atomically(folder / listing.NAME, listing.written(sums | given), PRIVATE_FILE)

    def region_tables(self) -> dict[str, pa.Table]:
        """Every table of the region, by name.

        Raises:
            NoRegionError: The home has no region yet.
            DamagedFileError: A file is not what was given.
        """
        return {table.name: self.region_table(table.name) for table in REGION_TABLES}

    def region_table(self, name: str) -> pa.Table:
        """One table of the region.

        Raises:
            NoRegionError: The home has no region yet.
            DamagedFileError: The file is not what was given.
        """
        content = self._region_file(f"{name}.parquet")
        return TABLES[name].conform(_parquet(content))

    def region_about(self) -> dict[str, Any]:
        """Contents of region.toml: name, invented flag, first and last month, licence lines.

        Raises:
            NoRegionError: The home has no region yet.
            DamagedFileError: The file is not what was given.
        """
        return _parse_toml(self._region_file("region.toml"), "region.toml")

    def region_fingerprint(self) -> str:
        """Checksum of the region that the home was given, whatever its files look like.

        Raises:
            NoRegionError: The home has no region yet.
        """
        return str(self._region_manifest()["fingerprint"])

    def _region_file(self, name: str) -> bytes:
        expected = self._region_manifest()["files"].get(name)
        path = self.region / name
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != expected:
            raise DamagedFileError(f"region/{name}", "its sha256 is not the one of the region's manifest")
        return content

    def _region_manifest(self) -> dict[str, Any]:
        if not self.has_region():
            raise NoRegionError("home", "no region was given")
        content = (self.region / _MANIFEST).read_bytes()
        try:
            manifest = json.loads(content)
        except ValueError:
            raise DamagedFileError(f"region/{_MANIFEST}", "it cannot be read") from None
        if _manifest_file(manifest) != content or set(manifest) != {"fingerprint", "files"}:
            raise DamagedFileError(f"region/{_MANIFEST}", "it is not as it was written")
        return dict(manifest)

    def sweep(self) -> None:
        """Remove what a crash left of unfinished files beside the tables; the home's lock is held."""
        kept_apart = [self.restricted / name for name in _LISTED]
        for folder in (self.path, self.restricted, *kept_apart, self.region, self.restricted / "spool"):
            sweep_temporary(folder)

    def verify(self) -> None:
        """Check all that the home keeps beside its tables and packs: region, lists, key, what keeps git out.

        Raises:
            DamagedFileError: A file is missing or is not as it was written.
        """
        ignored = self.path / ".gitignore"
        if not ignored.is_file() or ignored.read_bytes() != _KEPT_OUT_OF_GIT:
            raise DamagedFileError(".gitignore", "it no longer keeps key and records out of a repository")
        self.pseudonym_key()
        for name in _LISTED:
            listing.listed(self.restricted / name, name)
        if self.has_region():
            about = self._region_file("region.toml")
            if _region_fingerprint(self.region_tables(), about) != self.region_fingerprint():
                raise DamagedFileError(f"region/{_MANIFEST}", "its fingerprint is not that of the region")

    def mappings(self, provider: str) -> list[dict[str, Any]]:
        """Mappings of one provider, lowest version first; empty where none was given.

        Raises:
            DamagedFileError: A mapping is not what was given.
        """
        folder = self.restricted / "mappings"
        return _mappings(folder, listing.listed(folder, "mappings"), provider)

    def approvals(self, provider: str) -> dict[int, bytes]:
        """Files of approvals of one provider's mappings, by version; none of a version that nobody signed.

        Raises:
            DamagedFileError: A file is not what was given.
        """
        folder = self.restricted / "mappings"
        return _approvals(folder, listing.listed(folder, "mappings"), provider)

    @contextmanager
    def lock(self, *, patience_s: float = 0.0) -> Iterator[None]:
        """Hold the home for writing; the system lets go when the process ends, however it ends.

        Args:
            patience_s: Seconds to wait for another that holds it.

        Raises:
            HomeBusyError: Another process, or another part of this one, holds it.
        """
        descriptor = os.open(self.restricted / "lock", os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            _lock(descriptor, time.monotonic() + patience_s)
            yield
        finally:
            os.close(descriptor)


def _lock(descriptor: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise HomeBusyError("home", "it is being written to") from None
        time.sleep(_BETWEEN_TRIES_S)


def create_home(path: Path, *, demo_seed: int | None = None) -> Home:
    """Make a home in an empty or new folder, or finish one whose making was cut short.

    Args:
        path: The folder. It may hold `demo/`; anything that is not a home's is refused.
        demo_seed: Seed of the invented region of a demo home: its key is derived from it and marked
            "demo-". None draws a key for records of people.

    Raises:
        UsageError: The folder is a home already, or holds other things.
        HomeBusyError: Another process is making it.
    """
    path = path.absolute()
    _refuse_a_home(path)
    if path.exists() and not (path.is_dir() and all(map(_is_of_a_home, path.iterdir()))):
        raise UsageError(str(path), "the folder holds other things")
    demo = demo_seed is not None
    key = _demo_key(demo_seed) if demo_seed is not None else secrets.token_bytes(_KEY_BYTES)
    home = Home(path, demo, _key_id(key, demo=demo))
    make_folders(path)
    make_folders(home.restricted, PRIVATE_FOLDER)
    # Two that make one home at once would leave the key of one and the marker of the other.
    with home.lock():
        _refuse_a_home(path)
        home.sweep()
        _make_home(home, key)
    return home


def _is_of_a_home(child: Path) -> bool:
    if child.name == ".gitignore":
        return child.read_bytes() == _KEPT_OUT_OF_GIT
    return child.name in _OUR_NAMES or _UNFINISHED.match(child.name) is not None


def _refuse_a_home(path: Path) -> None:
    if (path / "home.toml").exists():
        raise UsageError(str(path), "there is a home in that folder already")


def _make_home(home: Home, key: bytes) -> None:
    # First: `git add` in a clone around the home must never see the key.
    write_atomically(home.path / ".gitignore", _KEPT_OUT_OF_GIT)
    for folder in (home.restricted / "mappings", home.restricted / "tables"):
        make_folders(folder, PRIVATE_FOLDER)
    for folder in (home.released / "tables", home.packs):
        make_folders(folder)
    write_atomically(home.restricted / "key", _key_file(key), PRIVATE_FILE)
    write_atomically(home.path / "home.toml", _marker(home))


def _marker(home: Home) -> bytes:
    lines = [
        "# This folder is a home of Preventable. Do not edit: the store reads it.",
        f"format = {_FORMAT}",
        f"demo = {str(home.demo).lower()}",
        f'key_id = "{home.key_id}"',
        "",
    ]
    return "\n".join(lines).encode()


def open_or_create_home(path: Path, region: Path) -> Home:
    """The home in a folder; a new one where there is none and `region` is a region. It is not given here.

    Raises:
        UsageError: There is no home, and the region lacks a file or the folder holds other things.
        SchemaError: There is no home, and a table of the region does not have its declared columns.
    """
    if not (path / "home.toml").exists():
        # Before anything is made: a wrong folder must not leave a home behind.
        for table in REGION_TABLES:
            read_region_table(region, table.name)
        try:
            return create_home(path)
        except UsageError:
            # Another command may have made it meanwhile: then it is there to be opened.
            if not (path / "home.toml").exists():
                raise
    return open_home(path)


def open_home(path: Path) -> Home:
    """The home in a folder.

    Raises:
        NoHomeError: There is none, or its making was cut short.
        DamagedFileError: home.toml is not as it was written.
        EarlierHomeError: The home is of an earlier version.
    """
    try:
        content = (path / "home.toml").read_bytes()
        marker = tomllib.loads(content.decode("utf-8"))
        if marker["format"] in range(1, _FORMAT):
            raise EarlierHomeError(
                str(path), f"its format is {marker['format']}, this version writes {_FORMAT}"
            )
        home = Home(path.absolute(), bool(marker["demo"]), str(marker["key_id"]))
    except (FileNotFoundError, NotADirectoryError):
        raise NoHomeError(str(path), "it has no home.toml") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError):
        raise DamagedFileError("home.toml", "it cannot be read") from None
    if content != _marker(home):
        raise DamagedFileError("home.toml", "it is not as it was written")
    return home


def _demo_key(seed: int) -> bytes:
    return hashlib.sha256(f"preventable demo key, for invented records only|{seed}".encode()).digest()


def _key_file(key: bytes) -> bytes:
    return key.hex().encode() + b"\n"


def _key_id(key: bytes, *, demo: bool) -> str:
    return ("demo-" if demo else "key-") + hashlib.sha256(key).hexdigest()[:8]


def _parquet(content: bytes) -> pa.Table:
    """All rows of a file, read by this thread alone.

    `pq.read_table` scans a buffer with threads, which let go of it later: after the interpreter's end that aborts.
    """
    return pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)


def read_region_table(folder: Path, name: str) -> pa.Table:
    """One table of a region that no home holds.

    Raises:
        UsageError: The folder has no such file.
        SchemaError: The file is not Parquet, or lacks declared columns.
    """
    content = _read_bytes(folder / f"{name}.parquet", f"the folder has no {name}.parquet")
    try:
        data = _parquet(content)
    except (pa.ArrowInvalid, OSError):
        raise SchemaError(name, "the region's file is not Parquet") from None
    return TABLES[name].conform(data)


def read_region_about(folder: Path) -> dict[str, Any]:
    """Contents of the region.toml of a region that no home holds.

    Raises:
        UsageError: The folder has none, or it is not TOML.
    """
    return _parse_toml(_read_bytes(folder / "region.toml", "the folder has no region.toml"), "region.toml")


def read_mappings(folder: Path, provider: str) -> list[dict[str, Any]]:
    """Mappings of one provider in a folder, lowest version first; empty where there is none.

    Raises:
        UsageError: A file is not well-formed TOML.
    """
    return _mappings(folder, [path.name for path in folder.glob("*.toml")], provider)


def approvals_beside(mapping: Path) -> Path:
    """Where the file of a mapping's approvals stands."""
    return mapping.with_name(mapping.name.removesuffix(".toml") + APPROVALS)


def read_approval_files(folder: Path, provider: str) -> dict[int, bytes]:
    """Files of approvals of one provider's mappings in a folder, by version."""
    return _approvals(folder, [path.name for path in folder.glob(f"*{APPROVALS}")], provider)


def _approvals(folder: Path, names: Iterable[str], provider: str) -> dict[int, bytes]:
    return {
        int(found[1]): (folder / name).read_bytes()
        for name in names
        if name.endswith(APPROVALS)
        and name.rpartition(".v")[0] == provider
        and (found := _VERSION.search(name))
    }


def _mappings(folder: Path, names: Iterable[str], provider: str) -> list[dict[str, Any]]:
    found = [
        _parse_toml((folder / name).read_bytes(), name)
        for name in names
        if name.rpartition(".v")[0] == provider and not name.endswith(APPROVALS)
    ]
    # One without a number for its version is told when a file is read by it.
    return sorted(found, key=lambda one: one["version"] if isinstance(one.get("version"), int) else 0)


def _read_bytes(path: Path, absent: str) -> bytes:
    if not path.is_file():
        raise UsageError(path.name, absent)
    return path.read_bytes()


def _manifest_file(manifest: Mapping[str, Any]) -> bytes:
    return json.dumps(manifest, indent=1).encode()


def _region_fingerprint(tables: Mapping[str, pa.Table], about: bytes) -> str:
    sums = {table.name: table_checksum(table, tables[table.name]) for table in REGION_TABLES}
    return state_checksum({**sums, "region.toml": hashlib.sha256(about).hexdigest()})


def _parquet_bytes(data: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(data, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _parse_toml(content: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise UsageError(name, "it is not well-formed TOML") from None
