"""The verbs `conform` and `onboarding`: what stands before the first file is sent. No logic, as in the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from preventable.errors import UsageError
from preventable.settings import load_policy
from preventable.terminal import trouble
from preventable.verbs.options import day_of, say


def conform(
    file: Annotated[
        Path | None, typer.Argument(help="The extract, or a folder of them; it is not changed.")
    ] = None,
    kind: Annotated[str, typer.Option(help="The kit that it is held against, such as ed.")] = "",
    provider: Annotated[
        str,
        typer.Option(help="Sender as its partnership names it; else that of the manifest beside the file."),
    ] = "",
    site: Annotated[list[str] | None, typer.Option(help="Site code of the sender; may come again.")] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="The sender's own mapping, in the place of the kit's.")
    ] = None,
    samples: Annotated[
        Path | None,
        typer.Option(help="Instead: write a sample, mapping and page of every kit to this folder."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Folder for the report: a page, and a CSV with a line a row."),
    ] = None,
) -> None:
    """Hold an extract against the layout of its kind before it is sent. Nothing need be set up; nothing is stored."""
    from preventable.intake import conform as kit

    if file is None and samples is not None:
        say(kit.write_samples(samples))
        return
    if file is None or samples is not None:
        raise UsageError("conform", "name a file and its --kind, or a folder for --samples")
    found = kit.conform(
        file, kind=kind, provider=provider, sites=site or (), mapping=mapping, policy=load_policy()
    )
    print(json.dumps(found.as_dict(), indent=2) if as_json else found.as_text(), flush=True)
    if report is not None:
        from preventable.intake.supplier_report.write import write_reports

        trouble.print(write_reports(found.report, report), markup=False)
    if not found.conforms:
        raise typer.Exit(3)


def onboarding(
    on: Annotated[
        str, typer.Option("--on", help="Day as of which to tell, YYYY-MM-DD; today in UTC without.")
    ] = "",
    page: Annotated[
        Path | None, typer.Option(help="Page for the partnership, .html; never written over.")
    ] = None,
) -> None:
    """Say how far each partner is: agreement, assessment, contact and the rest, by policy/onboarding.toml."""
    from preventable.partners.onboarding_pages import tell_onboarding

    say(tell_onboarding(load_policy(), on=day_of(on), page=page))
