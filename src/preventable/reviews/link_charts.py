"""A page that shows why two records are linked, for the restricted side."""

from __future__ import annotations

from pathlib import Path

from preventable.engine.choose import embedded_engine
from preventable.errors import UnknownLinkError, UsageError
from preventable.settings import Policy
from preventable.stages.linkage.policy import read_linkage_policy
from preventable.stages.linkage.waterfall import link_steps, page, splink_model
from preventable.store.durable import PRIVATE_FILE, write_atomically
from preventable.store.home import Home
from preventable.store.session import reading


def write_waterfall(home: Home, policy: Policy, left: str, right: str, out: Path) -> float:
    """Write the page of one link, readable by its owner alone; returns the link's probability.

    Raises:
        UsageError: There is a file of that name.
        UnknownLinkError: The home has no such link.
    """
    if out.exists():
        raise UsageError(str(out), "there is a file of that name")
    with reading(home) as tables:
        links = [
            row
            for row in tables.read("links").to_pylist()
            if {row["left_record"], row["right_record"]} == {left, right}
        ]
        if not links or not links[0]["model"]:
            raise UnknownLinkError("waterfall", "the two records are no pair that is kept")
        link, models = links[0], tables.read("link_models").to_pylist()
        located = tables.read("located_records")
    engine = embedded_engine()
    wanted = {left, right}
    engine.load(
        "located_records", located.filter([key in wanted for key in located["record_key"].to_pylist()])
    )
    engine.load("small_areas", home.region_table("small_areas"))
    steps = link_steps(engine, link, models, read_linkage_policy(policy))
    write_atomically(out.absolute(), page(link, steps, splink_model(link, models)).encode(), PRIVATE_FILE)
    return float(link["probability"])
