"""A draft as the TOML that people look through, complete and sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from preventable.codes.validity import Validity
from preventable.stages.sources.drafting.draft import Draft, DraftedCodes, DraftedColumn


def written_draft(draft: Draft) -> str:
    """A mapping as TOML: each column with its confidence, and what is open at its head. Nobody has approved it."""
    lines = [
        "# A draft. It reads nothing before it was looked through, completed and signed by those whom policy asks."
    ]
    lines += [f"# To do: {point}." for point in draft.open_points]
    lines += [
        f"provider = {_text(draft.provider)}",
        f"source = {_text(draft.source)}",
        f"version = {draft.version}",
    ]
    lines += ['owner = ""', "approved_by = []", "# approved_on = the day on which it was approved", ""]
    lines += ["[file]", f"format = {_text(draft.file.format)}", *_file_lines(draft), ""]
    if draft.formats:
        lines += ["[time]", f"zone = {_text(draft.zone)}", f"formats = {_texts(draft.formats)}", ""]
    lines += ["[period]", *(f"{key} = {_text(value)}" for key, value in draft.period.items()), ""]
    lines += ["[columns]", *_column_lines(draft), ""]
    if draft.ignored:
        lines += ["# Dropped at the door.", "[ignored]", "columns = ["]
        lines += [
            f"  {_text(one.header)},  # {_words(one)}" for one in draft.columns if one.header in draft.ignored
        ]
        lines += ["]", ""]
    if draft.constants:
        lines += [
            "[constants]",
            *(f"{field} = {_text(value)}" for field, value in draft.constants.items()),
            "",
        ]
    if "source_record_id" not in draft.fields:
        lines += ["[record_number]", 'from = "content"']
        lines += [f"columns = {_texts(draft.number_columns)}"] if draft.number_columns else []
        lines.append("")
    for field, codes in draft.codes.items():
        lines += [f"[codes.{field}]", *_code_lines(codes), ""]
    for field, dated in draft.validity.items():
        lines += [f"[valid.{field}]", *(f"{_text(code)} = {_days(days)}" for code, days in dated.items()), ""]
    lines += ["[age]", f"style = {_text(draft.age_style)}"]
    return "\n".join(lines) + "\n"


def _file_lines(draft: Draft) -> list[str]:
    if draft.file.format == "csv":
        return [f"encoding = {_text(draft.file.encoding)}", f"delimiter = {_text(draft.file.delimiter)}"]
    return [f"sheet = {_text(draft.file.sheet)}"] if draft.file.sheet else []


def _column_lines(draft: Draft) -> list[str]:
    by_header = {one.header: one for one in draft.columns}
    lines = []
    for field, headers in draft.fields.items():
        words = "; ".join(_words(by_header[header]) for header in headers)
        value = _text(headers[0]) if len(headers) == 1 else _texts(headers)
        lines.append(f"{field} = {value}  # {words}")
    return lines


def _words(column: DraftedColumn) -> str:
    doubt = "" if column.in_words == "sure" else f"; else {column.second}"
    return f"{column.in_words} {column.confidence:.2f}: {column.reason}{doubt}"


def _code_lines(codes: DraftedCodes) -> list[str]:
    lines = [f"{_text(code)} = {_text(word)}" for code, word in codes.known.items()]
    lines += [f'# {_text(code)} = ""' for code in codes.unknown]
    if codes.not_shown:
        lines.append(f"# and {codes.not_shown} more that are too rare to be shown here")
    return lines


def _days(days: Validity) -> str:
    """From and until when a code holds: a table in one line."""
    told = {"from": days.first, "to": days.last}
    return "{ " + ", ".join(f"{key} = {day}" for key, day in told.items() if day is not None) + " }"


def _texts(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"


def _text(value: str) -> str:
    """A TOML basic string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    signs: Mapping[int, str] = {
        ord(char): f"\\u{ord(char):04x}" for char in escaped if not char.isprintable()
    }
    return '"' + escaped.translate(signs) + '"'
