"""What one more field would buy a partnership, from the pairs of its own home."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from preventable.engine.choose import NewEngine, embedded_engine
from preventable.hand_over import disk_of, hand_over
from preventable.settings import Policy
from preventable.stages.linkage.one_more_field import Bought, what_one_more_field_buys
from preventable.store.home import Home
from preventable.store.session import reading

_READS = ("located_records", "small_areas")
_NAMES = {
    "ambulance_ed": "ambulance and emergency departments",
    "ambulance_police": "ambulance and police",
    "ed_police": "emergency departments and police",
}


def one_more_field(home: Home, policy: Policy, *, new_engine: NewEngine = embedded_engine) -> list[Bought]:
    """Expected links of each pair of sources, as they are and with one more field; nothing is written.

    Raises:
        PolicyError: policy/linkage.toml is missing or not well formed.
    """
    with reading(home) as tables, closing(new_engine(disk_of(_READS, home, tables))) as engine:
        hand_over(engine, _READS, (), tables, home.region_tables())
        return what_one_more_field_buys(engine, policy)


def in_words(bought: Sequence[Bought]) -> list[str]:
    """The page, a line each; no record and no count of people is in it."""
    lines = ["What one more field would buy, simulated on the pairs of this home:"]
    pair = ""
    for one in bought:
        if one.pair != pair:
            pair = one.pair
            lines += ["", f"{_NAMES[pair]:<44} filled  strangers told  right   found   F1"]
        name = one.title or "as it is"
        told = f"{one.complete:>7.0%} {one.removed:>14.0%} " if one.title else f"{'':>23}"
        lines.append(f"  {name:<42}{told}{one.precision:>7.1%} {one.recall:>7.1%} {one.f1:>6.3f}")
    if len(lines) == 1:
        lines.append("No pair of sources has eight common weeks and enough pairs to compare with.")
    lines += [
        "",
        "filled: pairs of which both records would hold it, as often as they hold an age. strangers told: chance pairs",
        "that it would part. right, found: links that are of one victim, and such pairs that are linked, of those that",
        "are compared; expected from their probabilities. docs/explanation/one-more-field.md",
    ]
    return lines
