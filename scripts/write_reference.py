"""Write the reference pages that code and data already know: errors, tables, commands, codes, quality rules, policy.

Run it after changing one of them:

    .venv/bin/python scripts/write_reference.py

tests/docs/test_reference.py holds the pages equal to what this writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from reference_data import MADE, cell, codes_page, policy_page, rules_page
from typer.core import TyperCommand

from preventable import errors, intake_errors, key_errors
from preventable.errors import PreventableError
from preventable.tables import FLOW_TABLES, HOME_LISTS, REGION_TABLES, Table

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"
GROUPS = {
    "E": "The machine and the installation",
    "U": "Misuse of a command",
    "H": "The home and its store",
    "P": "Policy",
    "Q": "A submission is refused as a whole",
    "D": "Release",
    "K": "Keys and signatures",
    "M": "Arithmetic",
    "F": "Figures",
    "I": "The invented county",
    "R": "The region",
    "G": "Place texts, looked at by people",
    "L": "Links, audited by people",
}
EXIT_CODES = {
    0: "done",
    1: "our fault, or a thing to mend on the machine",
    2: "the command was misused",
    3: "data was refused; what was not refused is in",
    4: "a release was refused; the previous packs stay",
}


def error_classes() -> list[type[PreventableError]]:
    """Every error that can be raised, by number."""
    found = {
        value
        for module in (errors, intake_errors, key_errors)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, PreventableError) and value is not PreventableError
    }
    return sorted(found, key=lambda error: error.number)


def errors_page() -> str:
    """docs/reference/errors.md."""
    lines = [
        "# Errors",
        "",
        MADE,
        "",
        "Every error a user can meet. Each message gives the number, the place, what was found, the first",
        "row, the remedy and the state in which things are. A record's value is never quoted. Findings about",
        "single rows are no errors: they are [quality rules](rules.md), V02 and so on. A misspelt verb or option",
        "has no number: the command line names it and exits with 2.",
    ]
    for letter, title in GROUPS.items():
        lines += ["", f"## {letter}: {title}", ""]
        for error in error_classes():
            if error.number.startswith(letter):
                lines += [
                    f"### {error.number} {error.title}",
                    "",
                    f"- Remedy: {error.remedy}",
                    f"- State: {error.state}",
                    f"- Exit code: {error.exit_code}",
                    f"- In code: `{error.__name__}`",
                    "",
                ]
        if not lines[-1]:
            lines.pop()
    return "\n".join(lines) + "\n"


def tables_page() -> str:
    """docs/reference/tables.md: the data dictionary."""
    lines = [
        "# Tables",
        "",
        MADE,
        "",
        "The data dictionary: what passes between stages. Each table is declared once, in",
        "`src/preventable/tables/`.",
        "Sensitivity, most sensitive first: identifiable, pseudonymous, aggregate, partner, public.",
        "",
        "## Tables of the flow, in the order in which they are made",
    ]
    for table in FLOW_TABLES:
        lines += table_section(table)
    lines += ["", "## Lists that a home keeps beside its tables"]
    for table in HOME_LISTS:
        lines += table_section(table)
    lines += ["", "## Tables of the region"]
    for table in REGION_TABLES:
        lines += table_section(table)
    return "\n".join(lines) + "\n"


def table_section(table: Table) -> list[str]:
    lines = ["", f"### {table.name}", "", table.description, ""]
    lines += [
        f"- Sensitivity: {table.sensitivity.name.lower()}",
        f"- A row is known by: {', '.join(table.key)}",
    ]
    if table.partition:
        lines.append(f"- Stored apart by: {', '.join(table.partition)}")
    if table.source:
        lines.append(f"- From: {table.source}")
    lines += ["", "| Column | Type | Unit | May be empty | Meaning |", "|---|---|---|---|---|"]
    for column in table.columns:
        values = [value or "(empty)" for value in column.allowed or ()]
        words = column.description + (f" One of: {', '.join(values)}." if values else "")
        empty = "yes" if column.nullable else "no"
        lines.append(f"| `{column.name}` | {column.type} | {column.unit} | {empty} | {cell(words)} |")
    return lines


def commands_page() -> str:
    """docs/reference/commands.md."""
    lines = [
        "# Commands",
        "",
        MADE,
        "",
        "`./preventable VERB`, from any folder. Results go to standard output, progress and trouble to",
        "standard error.",
        "",
        "| Exit code | Means |",
        "|---|---|",
        *(f"| {code} | {words} |" for code, words in EXIT_CODES.items()),
    ]
    for name, command in verbs():
        lines += ["", f"## {name}", "", cell(command.help or ""), ""]
        lines += ["```text", f"./preventable {name} {' '.join(usage(command))}".rstrip(), "```", ""]
        lines += ["| Argument | Meaning | Default |", "|---|---|---|"] if options(command) else []
        lines += [f"| `{label(one)}` | {cell(one.help or '')} | {default(one)} |" for one in options(command)]
        if not lines[-1]:
            lines.pop()
    return "\n".join(lines) + "\n"


def verbs() -> Iterator[tuple[str, TyperCommand]]:
    """Name and command of every verb, in the order of the command line; `region build` is one."""
    from preventable.__main__ import app

    yield from _verbs_of(typer.main.get_command(app), "")


def _verbs_of(group: Any, before: str) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _verbs_of(command, f"{before}{name} ")
        else:
            yield before + name, command


def options(command: TyperCommand) -> list[Any]:
    return [parameter for parameter in command.params if parameter.name != "help"]


def usage(command: TyperCommand) -> list[str]:
    required = [one for one in options(command) if one.required]
    words = [label(one) if is_argument(one) else f"{one.opts[0]} {one.name.upper()}" for one in required]
    return [*words, *(["[OPTIONS]"] if len(required) < len(options(command)) else [])]


def is_argument(parameter: Any) -> bool:
    return parameter.param_type_name == "argument"


def label(parameter: Any) -> str:
    return parameter.name.upper() if is_argument(parameter) else ", ".join(parameter.opts)


def default(parameter: Any) -> str:
    if parameter.required:
        return "must be given"
    value = parameter.default
    if value is None or value is False or value == ():
        return ""
    return f"`{value}`"


def kits_page() -> str:
    """docs/reference/kits.md: the layout of every kind of source."""
    from preventable.kits import kits
    from preventable.kits.pages import kit_page

    lines = [
        "# Kits",
        "",
        MADE,
        "",
        "A layout for every kind of source, with a mapping that reads it and an invented sample:",
        "`./preventable conform --samples FOLDER` writes them, `./preventable conform FILE --kind KIT` holds",
        "an extract against one ([how](../how-to/prove-an-extract.md)). A supplier whose columns have other names",
        "needs a mapping of its own, for which the kit's is a template ([add a source](../how-to/add-a-source.md)).",
        "",
    ]
    return "\n".join([*lines, *(kit_page(kit, depth=2) for kit in kits().values())])


PAGES = {
    "kits.md": kits_page,
    "errors.md": errors_page,
    "tables.md": tables_page,
    "commands.md": commands_page,
    "codes.md": codes_page,
    "rules.md": rules_page,
    "policy.md": policy_page,
}


def main() -> None:
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")
        print(f"docs/reference/{name}")


if __name__ == "__main__":
    main()
