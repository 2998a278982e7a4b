"""How right drafts of mappings are: sample files of the kits under other names, in another order and form of date.

    python benchmarks/drafts.py             a further set of names by the hand that wrote the rules
    python benchmarks/drafts.py --others    names that others gave, on which the rules were mended after a first look
    python benchmarks/drafts.py --seen      names of another hand than the rules: the half that rules may be mended on
    python benchmarks/drafts.py --unseen    the other half: the measure
    python benchmarks/drafts.py --fit       names of our own: what the confidence of a margin is fitted on
    python benchmarks/drafts.py --wrong     beside the figures, every column that is wrong or not sure
    python benchmarks/drafts.py --kits      beside the figures, those of each kit

A column is right where the draft has it in the field of the kit's mapping, in the same part of a time, or drops it as
the mapping does. Prints one line a figure, shares of 1.
"""

from __future__ import annotations

import datetime as dt
import math
import random
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from preventable.kits import Kit, kits
from preventable.settings import Policy, load_policy
from preventable.stages.sources.choose import read_unmapped
from preventable.stages.sources.drafting.draft import DraftedColumn, draft_mapping
from preventable.stages.sources.drafting.evidence import roles_of_mapping
from preventable.stages.sources.drafting.headers import concepts_of
from preventable.stages.sources.drafting.profiles import columns_of
from preventable.stages.sources.drafting.rules import all_roles
from preventable.stages.sources.formats.read import read_file
from preventable.stages.sources.limits import read_limits
from preventable.stages.sources.mapping import readable_kinds, supplier_mappings
from preventable.stages.sources.sheet import Sheet

_SEED = 20261126
_FITTED_DRAFTS = 6
_SURE = 0.9
# Times as samples of kits have them.
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y")
_CLOCKS = (" %H:%M", " %H:%M:%S", "T%H:%M:%S")

#: A sheet under other names, and the new name of each of its columns.
Hidden = tuple[Sheet, Mapping[str, str]]


@dataclass(frozen=True)
class Judged:
    """One column of one draft: its true role, and what the draft says."""

    kit: str
    truth: str
    drafted: DraftedColumn
    renamed: bool

    @property
    def right(self) -> bool:
        """Whether the column is in the right field, or rightly dropped."""
        return _field(self.drafted.role) == _field(self.truth)


def _field(role: str) -> str:
    """The field of a role; parts of a time stay apart, for their order counts."""
    of = {one.name: one for one in all_roles()}
    return of[role].fills if role in of and of[role].beside and not of[role].instead else role


def drafted_samples(
    names: Mapping[str, Mapping[str, Sequence[str]]], drafts: int, *, seed: int
) -> list[Judged]:
    """Every kit drafted so many times, each time under the next of its names.

    Args:
        names: Kit -> role -> names.
        drafts: Of each kit.
        seed: Of order and form of dates.
    """
    found = []
    for kit in kits().values():
        for number in range(drafts):
            dice = random.Random(f"{seed}/{kit.name}/{number}")
            found += _judged(kit, names.get(kit.name, {}), number, dice)
    return found


def _judged(kit: Kit, names: Mapping[str, Sequence[str]], number: int, dice: random.Random) -> list[Judged]:
    def hide(sheet: Sheet, roles: Mapping[str, str]) -> Hidden:
        new_names = _new_names(sheet.header, roles, names, number)
        return _hidden(sheet, new_names, dice), new_names

    return _drafted(kit, hide)


def _drafted(kit: Kit, hide: Callable[[Sheet, Mapping[str, str]], Hidden]) -> list[Judged]:
    """The columns of a kit's sample, drafted after `hide` (of the sheet and of the role of each column) hid them."""
    policy = load_policy()
    policy = Policy(policy.files, sources={**policy.sources, **kit.declared})
    kind = readable_kinds(policy)[kit.kind]
    provider = {"provider": kit.name}
    (mapping,) = supplier_mappings([kit.mapped], provider=provider, kind=kind, where=kit.name)
    _, sheet = read_unmapped(
        kit.sample, mapping.file, where=kit.name, name=kit.name, limits=read_limits(policy), reader=read_file
    )
    roles = roles_of_mapping(mapping)
    hidden, new_names = hide(sheet, roles)
    draft = draft_mapping(hidden, kind, provider=kit.name, file=mapping.file, where=kit.name)
    old = {new: name for name, new in new_names.items()}
    return [
        Judged(kit.name, roles[old[one.header]], one, old[one.header] != one.header) for one in draft.columns
    ]


def _new_names(
    header: Sequence[str], roles: Mapping[str, str], names: Mapping[str, Sequence[str]], number: int
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in header:
        listed = names.get(roles[name], ())
        new = listed[number % len(listed)] if listed else name
        found[name] = new if new not in found.values() else name
    return found


def _hidden(sheet: Sheet, names: Mapping[str, str], dice: random.Random) -> Sheet:
    """The sheet with new names, its columns in another order and its days in another form."""
    form = dice.choice(_told()["days"])
    order = list(range(len(sheet.header)))
    dice.shuffle(order)
    columns = {column.header: column for column in columns_of(sheet)}
    cells = {name: _rewritten(columns[name].texts, columns[name].times, form) for name in sheet.header}
    header = tuple(names[sheet.header[at]] for at in order)
    rows = tuple(zip(*(cells[sheet.header[at]] for at in order), strict=True))
    return Sheet(header, rows, sheet.row_numbers)


def _rewritten(texts: Sequence[str], times, form: str) -> tuple[str, ...]:
    if not times.has_day:
        return tuple(texts)
    clock = times.form[times.form.index("%H") - 1 :].replace("T", " ") if "%H" in times.form else ""
    moments = times.moments
    return tuple(moments[text].strftime(form + clock) if text in moments else text for text in texts)


def hidden_as_told(sheet: Sheet, _: Mapping[str, str], *, told: Mapping[str, Any]) -> Hidden:
    """The sheet as a draft of another hand has it: its names, its order, its form of days, clocks and months."""
    new_names = {old: new for new, old in told["columns"]}
    if len(new_names) != len(sheet.header):
        raise ValueError(f"drafts_blind.toml: {told['kit']}: other columns than the kit's")
    cells = dict(zip(sheet.header, (column.to_pylist() for column in sheet.columns), strict=True))
    columns = [_in_form(cells[old], told) for _, old in told["columns"]]
    rows = tuple(zip(*columns, strict=True))
    return Sheet(tuple(new for new, _ in told["columns"]), rows, sheet.row_numbers), new_names


def _in_form(texts: Sequence[str], told: Mapping[str, Any]) -> list[str]:
    """A column with all its times in another form; as it is where one cell is no time."""
    found = [_rewritten_cell(text, told) if text.strip() else text for text in texts]
    return list(texts) if None in found else [text or "" for text in found]


def _rewritten_cell(text: str, told: Mapping[str, Any]) -> str | None:
    day, clock = told.get("date", ""), told.get("clock", "")
    new_forms = dict.fromkeys(_DAYS, day)
    new_forms |= {form + at: day + told.get("join", " ") + clock for form in _DAYS for at in _CLOCKS}
    new_forms |= {at.lstrip(" T"): clock for at in _CLOCKS} | {"%Y-%m": told.get("month", "")}
    for form, new_form in new_forms.items():
        try:
            moment = dt.datetime.strptime(text, form)
        except ValueError:
            continue
        return moment.strftime(new_form) if new_form else None
    return None


def _told() -> Mapping[str, Mapping]:
    return tomllib.loads((Path(__file__).parent / "drafts.toml").read_text(encoding="utf-8"))


def of_fresh() -> list[Judged]:
    """Two drafts of every kit under names on which nothing was tried."""
    return drafted_samples(_told()["fresh"], 2, seed=_SEED + 2)


def of_others() -> list[Judged]:
    """Two drafts of every kit under names that others gave."""
    return drafted_samples(_told()["others"], 2, seed=_SEED)


def told_of_another_hand() -> list[Mapping[str, Any]]:
    """Kit, half, columns and forms of each draft under names of another hand."""
    text = (Path(__file__).parent / "drafts_blind.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["draft"]


def of_another_hand(half: str) -> list[Judged]:
    """A draft of every kit under names that another hand than the rules gave.

    Args:
        half: `seen` or `unseen`.
    """
    found = []
    for told in told_of_another_hand():
        if told["half"] == half:
            found += _drafted(kits()[told["kit"]], partial(hidden_as_told, told=told))
    return found


def of_our_own() -> list[Judged]:
    """Six drafts of every kit under names of our own."""
    return drafted_samples(dict.fromkeys(kits(), _told()["own"]), _FITTED_DRAFTS, seed=_SEED + 1)


def fitted(judged: Sequence[Judged], margins: Sequence[float]) -> tuple[float, float]:
    """Half and slope of the logistic curve of being right by margin, by maximum likelihood on a grid."""
    best = (-math.inf, 0.0, 0.0)
    for half in (step / 4 for step in range(-8, 33)):
        for slope in (step / 20 for step in range(4, 41)):
            told = [1 / (1 + math.exp(-slope * (margin - half))) for margin in margins]
            pairs = zip(judged, told, strict=True)
            score = sum(math.log(max(p if one.right else 1 - p, 1e-9)) for one, p in pairs)
            best = max(best, (score, half, slope))
    return best[1], best[2]


def figures(judged: Sequence[Judged]) -> tuple[float, float, int]:
    """Shares of columns that are right and that are told above .9, and the number told above .9 that is wrong."""
    sure = [one for one in judged if one.drafted.confidence > _SURE]
    right = sum(one.right for one in judged)
    return right / len(judged), len(sure) / len(judged), sum(not one.right for one in sure)


def main() -> None:
    """Print the figures."""
    asked = {"--fit": of_our_own, "--others": of_others}
    asked |= {f"--{half}": partial(of_another_hand, half) for half in ("seen", "unseen")}
    judged = next((asked[word] for word in sys.argv if word in asked), of_fresh)()
    known = {concepts_of(name) for role in all_roles() for name in role.names}
    if "--wrong" in sys.argv:
        for one in judged:
            if not one.right or one.drafted.confidence <= _SURE:
                mark = "wrong" if not one.right else "doubt"
                print(f"{mark} {one.kit:<20}{one.drafted.header:<40}{one.truth:<22}{one.drafted.role:<22}"
                      f"{one.drafted.confidence:.2f} {one.drafted.margin:6.1f} {one.drafted.reason}")  # fmt: skip
    if "--kits" in sys.argv:
        for name in kits():
            of_kit = [one for one in judged if one.kit == name]
            right, sure, wrong = figures(of_kit)
            print(
                f"{name:<20}{len(of_kit):>4} right {right:.3f}, above {_SURE} {sure:.3f}, of them wrong {wrong}"
            )
    right, sure, wrong = figures(judged)
    print(f"columns {len(judged)}, under another name {sum(one.renamed for one in judged)}")
    print(
        f"name known word for word {sum(concepts_of(one.drafted.header) in known for one in judged) / len(judged):.3f}"
    )
    print(f"right {right:.3f}")
    print(f"above {_SURE} {sure:.3f}, of them wrong {wrong}")
    if "--fit" in sys.argv:
        half, slope = fitted(judged, [one.drafted.margin for one in judged])
        print(f"fitted: half {half}, slope {slope}")


if __name__ == "__main__":
    main()
