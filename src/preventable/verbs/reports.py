"""The verbs `calendar` and `scorecards`: what each provider has sent, and how good it is. Made on demand; no logic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from preventable.settings import load_policy
from preventable.store.home import open_home
from preventable.verbs.options import DEFAULT_HOME, HomeOption, day_of, month_of, say

_OnOption = Annotated[
    str, typer.Option("--on", help="Day as of which to tell, YYYY-MM-DD in UTC; today without.")
]


def calendar(
    home: HomeOption = DEFAULT_HOME,
    on: _OnOption = "",
    page: Annotated[
        Path | None, typer.Option(help="Page for the partners: .html, .pdf or .csv; never written over.")
    ] = None,
    letters: Annotated[
        Path | None, typer.Option(help="Folder for letters to providers that owe a month; none is sent.")
    ] = None,
) -> None:
    """Say which provider has sent which month and which is due, refused, held or missing; write letters to chase."""
    from preventable.partners.calendar_pages import tell_calendar

    say(tell_calendar(open_home(home), load_policy(), on=day_of(on), page=page, letters=letters))


def scorecards(
    home: HomeOption = DEFAULT_HOME,
    month: Annotated[str, typer.Option(help="Month of the cards, YYYY-MM; the home's last without.")] = "",
    provider: Annotated[str | None, typer.Option(help="For the sites of this provider alone.")] = None,
    on: _OnOption = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder for a page and a PDF of each site; none is written over.")
    ] = None,
) -> None:
    """Score how good the month of each site is, and say what to mend. Each card is for its own provider."""
    from preventable.partners.score_cards import tell_score_cards

    told = tell_score_cards(
        open_home(home), load_policy(), on=day_of(on), month=month_of(month), provider=provider, out=out
    )
    say(told)
