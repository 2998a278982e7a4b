"""The verbs of what came in: spool, versions of a month, checksums of now or then. No logic, as in the command line."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from preventable.settings import load_policy
from preventable.store.home import open_home
from preventable.verbs.options import DEFAULT_HOME, HomeOption, say

spool_app = typer.Typer(help="Suppliers' files as they came, encrypted.", no_args_is_help=True)

AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", help="As it stood at the end of a day, or at a moment (UTC): YYYY-MM-DD[THH:MM:SS]."
    ),
]
ReplaceMonthOption = Annotated[
    bool,
    typer.Option(
        "--replace-month",
        help="The file takes the place of all its provider sent for its month; not for a folder.",
    ),
]


@spool_app.command("list")
def list_files(home: HomeOption = DEFAULT_HOME) -> None:
    """List what lies in the spool: when it came, until when it is kept, whose it is and what became of it."""
    from preventable.store.retention import spooled

    say(spooled(open_home(home), load_policy()))


LookedAtOption = Annotated[
    bool, typer.Option("--looked-at", help="Take in a file that is held; with --by, --because.")
]
ByOption = Annotated[str, typer.Option("--by", help="Who looked at the file.")]
BecauseOption = Annotated[str, typer.Option("--because", help="Why it may come in.")]


@spool_app.command("again")
def again(
    sha256: Annotated[str, typer.Argument(help="Of the file, as `spool list` tells it.")],
    home: HomeOption = DEFAULT_HOME,
    provider: Annotated[
        str | None, typer.Option("--provider", help="Whose file it is, where several sent the same bytes.")
    ] = None,
    replace_month: ReplaceMonthOption = False,
    looked_at: LookedAtOption = False,
    by: ByOption = "",
    because: BecauseOption = "",
) -> None:
    """Take in a file of the spool, with its manifest, that was refused, once that is mended, or that is held.

    Say --replace-month anew: it is not kept.
    """
    from preventable.intake.holding import looked_at as looked_at_by
    from preventable.intake.submit import submit_again

    person = looked_at_by(None, given=looked_at, by=by, because=because)
    report = submit_again(
        open_home(home),
        sha256,
        policy=load_policy(),
        provider=provider,
        looked_at=person,
        replace_month=replace_month,
    )
    for file in report.files:
        if file.outcome == "refused":
            typer.echo(file.error, err=True)
    print(report.as_text(), flush=True)
    if report.refused:
        raise typer.Exit(3)


def versions(
    provider: Annotated[str, typer.Argument(help="As the region names it.")],
    month: Annotated[str, typer.Argument(help="YYYY-MM.")],
    home: HomeOption = DEFAULT_HOME,
    as_of: AsOfOption = None,
) -> None:
    """List the versions of a provider's month: records added, changed and withdrawn by each."""
    from preventable.intake.month_versions import versions_in_words

    say(versions_in_words(open_home(home), provider, month, as_of))


def checksums(
    home: HomeOption = DEFAULT_HOME,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    as_of: AsOfOption = None,
) -> None:
    """One hash per table, and one of the whole state."""
    from preventable.store.earlier import checksums_as_of
    from preventable.store.session import home_checksums

    opened = open_home(home)
    sums = home_checksums(opened) if as_of is None else checksums_as_of(opened, as_of)
    if as_json:
        print(json.dumps(sums, indent=2), flush=True)
        return
    for name, value in {**sums["tables"], "state": sums["state"]}.items():
        print(f"{name:<22}{value or 'deleted since, as policy asks'}", flush=True)
