"""What stands beside a figure in `released`, as a reader of a page meets it."""

from __future__ import annotations

from packs_world import make_world

from preventable.stages.packs.stage import make_packs

PARTNER = "xd02-community-safety"


def test_what_stands_beside_a_figure_is_said_under_its_table():
    """Why it is not available, what a shown value leaves out: each reason once, in the words of the policy."""
    world = make_world().only(PARTNER)
    rows = world.released(PARTNER)
    for row in rows:
        if row["measure"] == "count" and row["area_type"] == "region":
            row.update(note="nearly complete; a few left out")
        elif row["figure"].startswith("assault_admissions.v1/district") and row["period_type"] == "last12":
            row.update(value=None, lower=None, upper=None, value_note="[x]", note="some have not sent")

    document = make_packs(world.with_released(rows).engine(), world.context)[
        f"{PARTNER}/community_safety.html"
    ].decode()

    assert "; [x], some have not sent; a few left out; nearly complete<" in document
