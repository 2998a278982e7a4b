"""Reference pages of the data files: classifications, quality rules, policy. Called by write_reference.py.

A file's comments are its documentation: what stands above a key or table, or behind a value, goes onto the page.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MADE = "<!-- Written by scripts/write_reference.py: change the code or the data, then run it. -->"
#: What stands at the head of every data file.
HEADER = {
    "owner": "Owner",
    "reviewer": "Reviewer",
    "reviewed": "Reviewed",
    "review_by": "Review by",
    "source": "Source",
}
_ASSIGNED = re.compile(r"""^(?P<key>[\w-]+|"[^"]+")\s*=(?P<rest>.*)$""")
_BEHIND = re.compile(r"""^(?:[^"'#]|"(?:\\.|[^"\\])*"|'[^']*')*#\s*(?P<words>.*)$""")


def codes_page() -> str:
    """docs/reference/codes.md: every classification and list of words."""
    files = sorted((ROOT / "src" / "preventable" / "codes").glob("*.toml"))
    return _page(
        "Codes",
        [
            "Other people's classifications and our own lists of words, as they stand in `src/preventable/codes/`:",
            "what a cell may hold once a mapping has read it, and what a definition may ask for. A code's meaning is",
            "its owner's; where the source says so, check it before use on real data.",
        ],
        [line for path in files for line in _section(path, path.stem, depth=2)],
    )


def rules_page() -> str:
    """docs/reference/rules.md: what is asked of every row and month."""
    path = ROOT / "src" / "preventable" / "stages" / "quality" / "rules.toml"
    contents, said = read(path)
    lines = [*_about(contents, said, path), ""]
    for name in ("received", "last_month"):
        lines += [f"## {_heading(name)}", "", said[name], "", *_header(contents[name])]
        lines += [f"- `{key}`: {_value(value)}" for key, value in _own(contents[name]).items()]
        lines.append("")
    for rule in sorted(contents["rule"], key=lambda one: str(one["id"])):
        lines += [f"## {rule['id']} ({rule['level']})", "", rule["description"], ""]
        lines += [
            f"- Remedy: {rule['remedy']}",
            f"- Holds for: {_held(rule)}",
            f"- Looks at: {rule['reads']}; condition `{rule['condition']}`",
        ]
        threshold = rule.get("threshold", {})
        lines += [f"- Threshold: {key} {value}" for key, value in threshold.items() if key != "problem"]
        lines += [f"- Problem in a cell: {threshold['problem']}"] if "problem" in threshold else []
        lines += [*_header(rule), ""]
    lines += _holds()
    return _page(
        "Quality rules",
        [
            "What is said of the rows that suppliers send. A finding names the rule, the file and the row, never a",
            "value; the providers read it, and `./preventable check` prints it before anything is stored. Level error",
            "holds the row back (quarantined); warning and information let it pass.",
        ],
        lines,
    )


def _holds() -> list[str]:
    """The rules that hold a whole file at the door."""
    path = ROOT / "src" / "preventable" / "stages" / "quality" / "holds.toml"
    contents, said = read(path)
    lines = ["## Whole files", "", *_about(contents, said, path), ""]
    lines += [f"- Corrections: {said['correction']}", f"- `percent`: {contents['correction']['percent']}", ""]
    for rule in contents["hold"]:
        lines += [f"### {rule['id']} (held, Q440)", "", rule["description"], ""]
        lines += [f"- Remedy: {rule['remedy']}", f"- Holds for: {_held(rule)}", f"- Test: {rule['test']}"]
        lines += [f"- Columns: {_value(rule['fields'])}"] if "fields" in rule else []
        lines += [f"- Threshold: {key} {_value(value)}" for key, value in rule["threshold"].items()]
        lines += [f"- Owner: {rule['owner']}", ""]
    return lines


def _held(rule: Mapping[str, Any]) -> str:
    """The sources that a rule holds for, by form (those that a partnership declares among them) or by name."""
    parts = [f"every source of the form {_value(rule['forms'])}"] if "forms" in rule else []
    return "; ".join(parts + ([_value(rule["sources"])] if "sources" in rule else []))


def policy_page() -> str:
    """docs/reference/policy.md: what a partnership agrees."""
    folder = ROOT / "policy"
    files = [*sorted(folder.glob("*.toml")), *sorted((folder / "definitions").glob("*.toml"))]
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in files]
    return _page(
        "Policy",
        [
            "What a partnership agrees, as it is shipped in `policy/`: example values, owners and reviewers, to be",
            "approved before real records come near them. `PREVENTABLE_POLICY` names another folder, or several parted",
            "by `:`, of which a later one goes first, file by file. Kinds of source that a partnership declares lie",
            "in its folder `sources`: none is shipped, `examples/` has some. A key that nothing reads is refused",
            "(P301).",
        ],
        [line for path, name in zip(files, names, strict=True) for line in _section(path, name, depth=2)],
    )


def _page(title: str, intro: Sequence[str], lines: Sequence[str]) -> str:
    text = "\n".join([f"# {title}", "", MADE, "", *intro, "", *lines])
    text = re.sub(r"(?<![\w/`])docs/([\w./-]+\.md)", r"[docs/\1](../\1)", text)
    return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n"


def _section(path: Path, name: str, *, depth: int) -> list[str]:
    """A whole file: heading, what it says of itself, then its keys."""
    contents, said = read(path)
    about = _about(contents, said, path)
    if name.startswith("definitions/"):  # there `source` is the kind of source that is counted
        about = [line.replace("- Source:", "- Counts records of:") for line in about]
    return [f"{'#' * depth} {name}", "", *about, "", *_keys(contents, said, "", depth)]


def read(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """A data file's contents, and what its comments say: dotted key to words, the empty key being the file."""
    text = path.read_text(encoding="utf-8")
    return tomllib.loads(text), dict(_comments(text))


def _comments(text: str) -> Iterator[tuple[str, str]]:
    """Dotted key to the words behind it and above it, once a key; the empty key is the file itself."""
    table, above, seen = "", [], set()
    for line in text.splitlines():
        if line.startswith("#"):
            above.append(line.lstrip("# ").rstrip())
            continue
        key, behind = _key_of(line, table)
        if not seen:
            key = ""
        if line.startswith("["):
            table = key
        words = [_sentence(part) for part in (behind, " ".join(above)) if part]
        if words and key is not None and key not in seen:
            yield key, " ".join(words)
        seen.add(key)
        above = []


def _key_of(line: str, table: str) -> tuple[str | None, str]:
    """Dotted key of a line that opens a table or gives a key, else None; and the comment behind the value."""
    header = re.match(r"^\[+([^\]]+)\]+", line)
    if header:
        return header.group(1), ""
    assigned = _ASSIGNED.match(line)
    if assigned is None:
        return None, ""
    behind = _BEHIND.match(assigned.group("rest"))
    return f"{table}.{assigned.group('key')}".strip(".").replace('"', ""), behind.group(
        "words"
    ) if behind else ""


def _about(contents: Mapping[str, Any], said: Mapping[str, str], path: Path) -> list[str]:
    return [
        *([said[""], ""] if "" in said else []),
        f"- File: `{path.relative_to(ROOT).as_posix()}`",
        *_header(contents),
    ]


def _header(contents: Mapping[str, Any]) -> list[str]:
    return [f"- {words}: {contents[key]}" for key, words in HEADER.items() if key in contents]


def _own(contents: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in contents.items() if key not in HEADER or isinstance(value, dict | list)
    }


def _keys(contents: Mapping[str, Any], said: Mapping[str, str], table: str, depth: int) -> list[str]:
    """Plain values as one table of keys, then each table and list of tables under a heading of its own."""
    own = {f"{table}.{key}".strip("."): (key, value) for key, value in _own(contents).items()}
    plain = {path: pair for path, pair in own.items() if not _has_tables(pair[1])}
    lines: list[str] = []
    if plain:
        words = [(f"`{key}`", _value(value), said.get(path, "")) for path, (key, value) in plain.items()]
        lines += [*_table(("Key", "Value", "Meaning"), words), ""]
    for path, (key, value) in own.items():
        if path in plain:
            continue
        lines += [f"{'#' * (depth + 1)} {_heading(key)}", ""]
        lines += [said[path], ""] if path in said else []
        lines += _tables(value, said, path, depth + 1)
    return lines


def _has_tables(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(one, dict) for one in value)
    )


def _tables(value: Any, said: Mapping[str, str], path: str, depth: int) -> list[str]:
    if isinstance(value, list):
        if any(_has_tables(one) for row in value for one in row.values()):
            return [line for row in value for line in _entry(row, said, path, depth)]
        return [*_rows(value, said, path), ""]
    if value and all(
        isinstance(one, dict) and not any(map(_has_tables, one.values())) for one in value.values()
    ):
        return [*_rows([{"code": key, **row} for key, row in value.items()], said, path), ""]
    if any(_has_tables(one) for one in value.values()) or any(f"{path}.{key}" in said for key in value):
        return _keys(value, said, path, depth)
    return [*_table(("Key", "Value"), [(f"`{key}`", _value(one)) for key, one in value.items()]), ""]


def _entry(row: Mapping[str, Any], said: Mapping[str, str], path: str, depth: int) -> list[str]:
    """One of a list of tables that hold tables themselves: named by its first value."""
    name, *_ = row.values()
    lines = [f"{'#' * (depth + 1)} {_heading(str(name))}", ""]
    lines += [f"- `{key}`: {_value(value)}" for key, value in row.items() if not _has_tables(value)]
    for key, value in row.items():
        if _has_tables(value):
            lines += ["", *_tables(value, said, f"{path}.{key}", depth + 1)]
    return [*lines, ""]


def _rows(rows: Sequence[Mapping[str, Any]], said: Mapping[str, str], path: str) -> list[str]:
    """A list of tables as one table: a column for each key that any of them has."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    words = [[_value(row[key]) if key in row else "" for key in columns] for row in rows]
    notes = [f"`{key}`: {said[f'{path}.{key}']}" for key in columns if f"{path}.{key}" in said]
    told = [*(f"- {note}" for note in notes), ""] if notes else []
    return [*told, *_table([_heading(key) for key in columns], words)]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of the page, without columns that are empty throughout."""
    kept = [number for number in range(len(heads)) if any(row[number] for row in rows)]
    lines = [[cell(row[number]) for number in kept] for row in (heads, *rows)]
    head, *body = [f"| {' | '.join(line)} |" for line in lines]
    return [head, f"|{'---|' * len(kept)}", *body]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_value, value)) or "(none)"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(one)}" for key, one in value.items())
    text = f"{value:,}" if isinstance(value, int) and value >= 1_000 else str(value)
    return f"`{text}`" if re.search(r"[\\*_<>\[\](){}]", text) and (" " not in text or "\\" in text) else text


def _heading(key: str) -> str:
    return key.replace("_", " ")


def _sentence(words: str) -> str:
    return words if words.endswith((".", ":", "?")) else f"{words}."


def cell(text: str) -> str:
    """Text fit for a table cell."""
    return " ".join(text.split()).replace("|", "\\|")
