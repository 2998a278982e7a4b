"""The verb `receipt`: what became of a file that a supplier asks about. No logic, as in the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from preventable.store.home import open_home
from preventable.verbs.options import DEFAULT_HOME, HomeOption, say


def receipt(
    receipt: Annotated[str, typer.Argument(help="As the supplier quotes it, such as S-0123-4567-89ab-cdef.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Say when the files with a receipt came, what became of each, and whether their content counts."""
    from preventable.intake.receipts import tell_receipt

    say(tell_receipt(open_home(home), receipt))
