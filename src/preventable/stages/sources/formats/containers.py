"""Containers looked at before a reader sees what is in them: zip, gzip, and the zip that a workbook is."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib

from preventable.errors import RefusedFileError, TooLargeError, UnsafeContainerError
from preventable.stages.sources.formats.form import FormatLimits, Notes

_DECLARATION = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_ACTIVE_PARTS = re.compile(
    r"vbaproject|/embeddings/|/externallinks/|/activex/|^/basic/|^/scripts/|^/object ", re.IGNORECASE
)
_ENCRYPTED = 0x1
_PIECE_BYTES = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
_END_OF_ZIP = b"PK\x05\x06"


def names_in(content: bytes) -> frozenset[str]:
    """Names of the parts of a zip.

    Raises:
        UnsafeContainerError: It is not one.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as container:
            return frozenset(container.namelist())
    except _BROKEN:
        raise UnsafeContainerError("", "it is not a sound container") from None


def screen_workbook(content: bytes, limits: FormatLimits) -> None:
    """Refuse a workbook's container that passes a limit, or holds what could act, hide or unfold.

    Raises:
        TooLargeError: It has too many parts, or unpacks to too much; nothing was unpacked then.
        UnsafeContainerError: Parts of one name, encrypted, climbing or active parts, a document type, a broken part.
    """
    _screened(content, limits, of_workbook=True)


def unzipped(content: bytes, limits: FormatLimits, notes: Notes) -> bytes:
    """The one file in a zip.

    Raises:
        TooLargeError: As for a workbook, or the file is larger than files may be.
        UnsafeContainerError: As for a workbook, or there is not exactly one file, with no folder.
    """
    ((name, unpacked),) = _screened(content, limits, of_workbook=False).items()
    if "/" in name or "\\" in name:
        raise UnsafeContainerError("", "the file in its container stands in a folder")
    if not _ends_where_it_says(content):
        notes.add("bytes that belong to nothing stand after its container")
    return unpacked


def ungzipped(content: bytes, limits: FormatLimits) -> bytes:
    """The file in a gzip.

    Raises:
        TooLargeError: It unpacks to too much.
        UnsafeContainerError: It is cut off, its sum is wrong, or something else follows it.
    """
    most = min(limits.file.bytes, limits.container.unpacked_to_packed * max(len(content), 1))
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(content, most + 1)
    except zlib.error:
        raise UnsafeContainerError("", "it is not a sound container") from None
    if len(unpacked) > most:
        raise TooLargeError("", f"it unpacks to more than {most:,} bytes, which is what is allowed")
    if not unpacker.eof:
        raise UnsafeContainerError("", "its container is cut off")
    if unpacker.unused_data.strip(b"\0"):
        raise UnsafeContainerError("", "something stands after the one file in its container")
    return unpacked


def _screened(content: bytes, limits: FormatLimits, *, of_workbook: bool) -> dict[str, bytes]:
    """What a zip that is no workbook holds; of a workbook nothing."""
    refusal: RefusedFileError
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as container:
            parts = container.infolist()
            too_large = _passed_limit(parts, limits, of_workbook=of_workbook)
            fault = too_large or _unsafe_names(parts, of_workbook=of_workbook)
            if not fault and not of_workbook:
                return {part.filename: container.read(part) for part in parts}
            fault = fault or _unsafe_part(container, parts)
        if not fault:
            return {}
        refusal = TooLargeError("", fault) if too_large else UnsafeContainerError("", fault)
    except _BROKEN:
        refusal = UnsafeContainerError("", "it is not a sound container")
    raise refusal


def _passed_limit(parts: list[zipfile.ZipInfo], limits: FormatLimits, *, of_workbook: bool) -> str:
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    most = limits.container.unpacked_bytes if of_workbook else limits.file.bytes
    if len(parts) > limits.container.parts:
        return f"{len(parts):,} parts in its container, {limits.container.parts:,} are allowed"
    if unpacked > most:
        return f"{unpacked:,} bytes unpacked, {most:,} are allowed"
    if unpacked > limits.container.unpacked_to_packed * max(packed, 1):
        return f"it unpacks to more than {limits.container.unpacked_to_packed:,} times its size"
    return ""


def _unsafe_names(parts: list[zipfile.ZipInfo], *, of_workbook: bool) -> str:
    names = [part.filename for part in parts]
    if len(set(names)) != len(names):
        return "two parts of its container have one name"
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        return "it is encrypted"
    if any(name.startswith(("/", "\\")) or ".." in name or ":" in name for name in names):
        return "a part of its container has an unsafe name"
    if not of_workbook and len(names) != 1:
        return f"its container holds {len(names):,} files, and one is read"
    if of_workbook and any(_ACTIVE_PARTS.search(f"/{name}") for name in names):
        return "it has a macro, an embedded object or a link to another workbook"
    return ""


def _unsafe_part(container: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> str:
    for part in parts:
        # Reading to the end also checks the part's sum; zipfile never gives more than the size declared.
        is_xml = part.filename.lower().endswith((".xml", ".rels"))
        before = b""
        with container.open(part) as data:
            while piece := data.read(_PIECE_BYTES):
                if is_xml and (b"\0" in piece or _DECLARATION.search(before + piece)):
                    return "a part declares a document type or is not UTF-8"
                before = piece[-64:]
    return ""


def _ends_where_it_says(content: bytes) -> bool:
    """Whether a zip's last record, with the comment that it declares, is the end of the file."""
    at = content.rfind(_END_OF_ZIP)
    length = content[at + 20 : at + 22]
    return len(length) == 2 and at + 22 + struct.unpack("<H", length)[0] == len(content)
