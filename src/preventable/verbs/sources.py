"""The verbs `source ...`: what is done for files before any is taken in. No logic, as in the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from preventable.settings import load_policy
from preventable.store.home import open_home
from preventable.verbs.options import say

if TYPE_CHECKING:
    from preventable.intake.reports import CheckReport, SubmitReport

source_app = typer.Typer(help="Suppliers' mappings: drafts of them.", no_args_is_help=True)


@source_app.command("draft")
def draft(
    file: Annotated[Path, typer.Argument(help="A supplier's file; it is not changed.")],
    kind: Annotated[str, typer.Option(help="Kind of source, such as ed; else told by the columns.")] = "",
    provider: Annotated[str, typer.Option(help="Provider, as the region names it.")] = "",
    home: Annotated[
        Path | None, typer.Option(help="Home whose earlier mappings of the provider are looked at.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for the draft; else beside the file.")] = None,
    encoding: Annotated[str, typer.Option(help="Of text: utf-8, cp1252 or utf-16; else found.")] = "",
    delimiter: Annotated[
        str, typer.Option(help="Of text: a character, or comma, semicolon, tab, bar; else found.")
    ] = "",
    sheet: Annotated[str, typer.Option(help="Of a workbook with several sheets: the one to be read.")] = "",
) -> None:
    """Draft the mapping of a file: what each column is taken for, and how sure that is. People complete and sign it."""
    from preventable.intake.mapping_drafts import draft_of_file

    told = draft_of_file(
        file,
        policy=load_policy(),
        kind=kind,
        provider=provider,
        home=open_home(home) if home is not None else None,
        out=out,
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
    )
    say(told)


def tell_drafts(
    report: CheckReport | SubmitReport,
    path: Path,
    folder: Path | None,
    home: Path,
    region: Path | None = None,
) -> None:
    """Draft beside the reports what a file that has changed needs, and say so on standard error."""
    from preventable.intake.mapping_drafts import draft_refused

    for line in draft_refused(report, path, folder, policy=load_policy(), home=home, region=region):
        typer.echo(line, err=True)
