"""The verbs `keys ...`: what custodians and approvers do, mostly without any home. No logic, as in the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from preventable.settings import load_policy
from preventable.store.home import open_home
from preventable.verbs.options import DEFAULT_HOME, HomeOption, say

keys_app = typer.Typer(help="Keys of those who vouch and of those who link.", no_args_is_help=True)
linkage_app = typer.Typer(help="Linkage keys, by their custodian, and rotation.", no_args_is_help=True)
keys_app.add_typer(linkage_app, name="linkage")


@keys_app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Your name, as policy is to have it.")],
    out: Annotated[
        Path, typer.Option(help="File for the private key, outside every home; never written over.")
    ],
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password, without which the key cannot be used.")
    ] = False,
) -> None:
    """Make your pair of keys: a private one to sign with, a public one for policy/people.toml."""
    from preventable.intake.mapping_approvals import new_pair

    chosen = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if password else ""
    say(new_pair(name, out, password=chosen))


def approve(
    mapping: Annotated[Path, typer.Argument(help="A supplier's mapping; it is not changed.")],
    key: Annotated[Path, typer.Option(help="File of your private key.")],
) -> None:
    """Sign a mapping. It counts once as many people have as policy asks for."""
    from preventable.intake.mapping_approvals import approve as sign

    say(sign(mapping, key, load_policy(), lambda: str(typer.prompt("Password", hide_input=True))))


@linkage_app.command("new")
def linkage_new(
    purpose: Annotated[str, typer.Argument(help="What the key is for, in a few words.")],
    out: Annotated[Path, typer.Option(help="The custodian's folder of keys, outside every home.")],
) -> None:
    """Issue a linkage key, by which providers make pseudonyms of NHS numbers. For the custodian."""
    from preventable.intake.custodian import new_key

    say(new_key(purpose, out))


@linkage_app.command("live")
def linkage_live(
    key: Annotated[str, typer.Option(help="Id of a linkage key, such as k1.")],
    out: Annotated[Path, typer.Option(help="File for the list; never written over.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """List the pseudonyms of a key that a home holds, for a rotation. For the restricted side."""
    from preventable.intake.custodian import write_live

    say(write_live(open_home(home), key, out))


@linkage_app.command("map")
def linkage_map(
    before: Annotated[Path, typer.Option(help="File of the linkage key that is to end.")],
    after: Annotated[Path, typer.Option(help="File of the key that follows it.")],
    numbers: Annotated[Path, typer.Option(help="NHS numbers from the providers, one a line.")],
    live: Annotated[Path, typer.Option(help="The home's list, from `keys linkage live`.")],
    out: Annotated[Path, typer.Option(help="File for the map; never written over.")],
) -> None:
    """Make the map from one linkage key to the next, for pseudonyms that a home holds. For the custodian."""
    from preventable.intake.custodian import make_map

    say(make_map(before, after, numbers=numbers, live=live, out=out))


@linkage_app.command("apply")
def linkage_apply(
    linkage_map: Annotated[Path, typer.Argument(metavar="MAP", help="The custodian's map.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Lead a home's pseudonyms from one linkage key to the next, all of them or none. For the restricted side."""
    from preventable.intake.custodian import apply_map

    say(apply_map(open_home(home), load_policy(), linkage_map))
