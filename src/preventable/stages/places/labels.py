"""Labels that people gave to place texts: read, learnt from, and what more of them would buy in words."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from preventable.errors import LabelError, LineError, TooFewLabelsError, UnknownPlaceError
from preventable.methods import MatchedDifference, matched_difference, wilson_proportion
from preventable.stages.places.answers import csv_lines
from preventable.stages.places.directory import Place
from preventable.stages.places.gazetteer import AREA, PREMISES, STREET
from preventable.stages.places.learn import CurvePoint, LabelledLine, fit, learning_curve, weight_lines
from preventable.stages.places.normalise import read_list
from preventable.stages.places.phrases import phrase
from preventable.stages.places.resolver import Resolver, Weights

COLUMNS = ("text", "site", "kind", "id")
_KINDS = (PREMISES, STREET, AREA)
_NOWHERE = "none"


@dataclass(frozen=True)
class Labels:
    """Labels of a file.

    Attributes:
        lines: Each phrase of a site with each of its places once: what is learnt and tried too would be known already.
        repeats: Lines left out for that.
        sha256: Of the file.
    """

    lines: tuple[LabelledLine, ...]
    repeats: int
    sha256: str


def read_labels(
    content: bytes,
    *,
    where: str,
    places: Mapping[str, Place],
    sites: Mapping[str, tuple[float, float]],
) -> tuple[Labels, list[LineError]]:
    """Labels of a CSV with the columns text, site, kind and id, and every line that cannot be learnt from.

    Args:
        content: The file: commas, semicolons or tabs, UTF-8.
        where: Its name, for messages.
        places: The gazetteer by id.
        sites: Positions of the sites that ask, by code; a label without a site has an empty one.
    """
    rows, errors = csv_lines(content, where, COLUMNS)
    kept: dict[tuple[tuple[str, ...], str, str | None], LabelledLine] = {}
    good = 0
    for row, cells in rows:
        try:
            line = _labelled(where, row, cells, places, sites)
        except LineError as error:
            errors.append(error)
            continue
        # One text may mean two places: both are kept, and teach that it is not sure.
        kept.setdefault((phrase(line.text), cells["site"], line.place_id), line)
        good += 1
    lines = tuple(kept.values())
    return Labels(lines, good - len(lines), hashlib.sha256(content).hexdigest()), errors


def _labelled(
    where: str,
    row: int,
    cells: Mapping[str, str],
    places: Mapping[str, Place],
    sites: Mapping[str, tuple[float, float]],
) -> LabelledLine:
    kind, place_id, site = cells["kind"].lower(), cells["id"], cells["site"]
    if not cells["text"]:
        raise LabelError(where, "it has no text", (row,))
    if "\N{REPLACEMENT CHARACTER}" in cells["text"]:
        raise LabelError(where, "its text has letters that are not UTF-8", (row,))
    if kind not in (*_KINDS, _NOWHERE):
        raise LabelError(where, "its kind is another word", (row,))
    if site and site not in sites:
        raise LabelError(where, "its site is no emergency department of the region", (row,))
    if (kind == _NOWHERE) != (not place_id):
        raise LabelError(where, "it has an id and means no place, or the other way round", (row,))
    if place_id and place_id not in places:
        raise UnknownPlaceError(where, "its id is not in the gazetteer", (row,))
    if place_id and places[place_id].kind != kind:
        raise LabelError(where, "its id is a place of another kind", (row,))
    return LabelledLine(cells["text"], sites.get(site), place_id or None)


@dataclass(frozen=True)
class Lesson:
    """What was learnt from labels, and how good it is on labels kept apart.

    Attributes:
        labels: Learnt from.
        weights: The shipped ones, moved as far as the labels carry.
        curve: From the shipped weights on, a point a hundred labels.
        accept: Probability from which a place is used.
    """

    labels: Labels
    weights: Weights
    curve: tuple[CurvePoint, ...]
    accept: float

    def must_be_measured(self) -> None:
        """Refuse weights of which nobody can say how good they are.

        Raises:
            TooFewLabelsError: There are too few labels to keep some apart.
        """
        if len(self.curve) < 2:
            found = f"{len(self.labels.lines)} differ, and {_needed(1)} are needed to measure the weights"
            raise TooFewLabelsError("labels", found)

    def as_text(self) -> str:
        """The learning curve and what the next hundred would buy, for a terminal."""
        lines = self.labels.lines
        nowhere = sum(line.place_id is None for line in lines)
        said = [
            f"{len(lines):,} labels, {nowhere:,} of them of no place; {self.labels.repeats:,} repeats left out",
            "",
            f"{'learnt from':<12}{'right':>7}  {'95 % limits':<16}{'used':>6}{'right of these':>16}{'log loss':>10}",
            *(_point_line(point) for point in self.curve),
            "",
            f"On labels kept apart, each once. Used: probability of {self.accept} or more.",
        ]
        if not nowhere:
            said.append("No label means no place: what is learnt does not know when to keep silent.")
        return "\n".join([*said, next_hundred(self.curve)])


def learn_from(resolver: Resolver, labels: Labels) -> Lesson:
    """Learn from labels.

    Args:
        resolver: Of the gazetteer that they name, with the weights to start from.
        labels: At least `least_lines` of learn.toml.

    Raises:
        TooFewLabelsError: There are fewer, or nearly all mean no place: what is learnt would answer nothing.
    """
    settings = read_list("learn")["labels"]
    least, least_placed = settings["least_lines"], settings["least_with_place"]
    if len(labels.lines) < least:
        raise TooFewLabelsError("labels", f"{len(labels.lines)} differ, and {least} are needed")
    placed = sum(line.place_id is not None for line in labels.lines)
    if placed < least_placed:
        raise TooFewLabelsError("labels", f"{placed} name a place, and {least_placed} are needed")
    weights = fit(resolver, labels.lines)
    curve = tuple(learning_curve(resolver, labels.lines))
    return Lesson(labels, weights, curve, float(resolver.rules["decision"]["accept"]))


def gain(before: CurvePoint, after: CurvePoint) -> MatchedDifference:
    """Change of the share right from one point to another, label by label."""
    pairs = list(zip(before.each, after.each, strict=True))
    return matched_difference(pairs.count((False, True)), pairs.count((True, False)), len(pairs))


def next_hundred(curve: Sequence[CurvePoint]) -> str:
    """What a hundred more labels would buy, in a sentence or two; says so where there are too few to tell."""
    step = read_list("learn")["labels"]["step"]
    if len(curve) < 2:
        return f"It takes {_needed(1)} labels to measure what they buy."
    whole = gain(curve[0], curve[-1])
    said = [f"{curve[-1].lines} labels changed the share right by {_points(whole)}: {_verdict(whole)}."]
    if len(curve) < 3:
        return " ".join([*said, f"It takes {_needed(2)} labels to say what {step} more would buy."])
    last = gain(curve[-2], curve[-1])
    said.append(f"The last {step} of them changed it by {_points(last)}.")
    if last.upper <= 0:
        said.append(f"The next {step} would buy nothing that could be seen here.")
    elif last.lower <= 0:
        most = f"more than {_signed(last.upper)} points is unlikely"
        said.append(f"Whether the next {step} would buy anything cannot be told; {most}.")
    else:
        said.append(f"The next {step} would buy at most as much: later labels teach less than earlier ones.")
    return " ".join(said)


def _verdict(change: MatchedDifference) -> str:
    if change.lower > 0:
        return "better than the shipped weights"
    return (
        "worse: keep the shipped weights" if change.upper < 0 else "no better and no worse that could be seen"
    )


def _needed(steps: int) -> int:
    """Labels of which all but a fold make so many steps."""
    settings = read_list("learn")["labels"]
    return math.ceil(steps * settings["step"] * settings["folds"] / (settings["folds"] - 1))


def _points(change: MatchedDifference) -> str:
    limits = f"{_signed(change.lower)} to {_signed(change.upper)}"
    return f"{_signed(change.value)} points (95 % limits {limits})"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}"


def _point_line(point: CurvePoint) -> str:
    among = wilson_proportion(point.right * len(point.each), len(point.each))
    limits = f"{among.lower:.3f} to {among.upper:.3f}"
    precise = "-" if point.precision is None else f"{point.precision:.3f}"
    name = "as shipped" if point.lines == 0 else f"{point.lines:,}"
    return f"{name:<12}{point.right:>7.3f}  {limits:<16}{point.coverage:>6.2f}{precise:>16}{point.log_loss:>10.3f}"


def lesson_file(lesson: Lesson, *, by: str, at: dt.datetime) -> bytes:
    """The weights as a file of policy, with where they come from. Its reviewer is for a person to fill in.

    Args:
        lesson: What was learnt.
        by: Who had it learnt.
        at: When, in UTC.
    """
    labels, first, last = lesson.labels, lesson.curve[0], lesson.curve[-1]
    started = json.dumps(read_list("weights"), sort_keys=True, default=str).encode()
    day = at.date()
    learnt = {
        "by": by,
        "at": at.isoformat(timespec="seconds"),
        "labels": len(labels.lines),
        "labels_sha256": labels.sha256,
        "started_from_sha256": hashlib.sha256(started).hexdigest(),
        "right_as_shipped": round(first.right, 4),
        "right": round(last.right, 4),
        "right_standard_error": round(last.right_error, 4),
        "log_loss_as_shipped": round(first.log_loss, 4),
        "log_loss": round(last.log_loss, 4),
        "share_used": round(last.coverage, 4),
        **({} if last.precision is None else {"right_of_used": round(last.precision, 4)}),
    }
    lines = [
        "# Weights learnt from labelled place texts (docs/how-to/review-places.md). As place_weights.toml of a",
        "# policy folder they take the place of the shipped ones, once `reviewer` names who looked at the scores.",
        f"owner = {json.dumps(by, ensure_ascii=False)}",
        f'source = "preventable places learn, {len(labels.lines)} labels"',
        'reviewer = ""',
        f"reviewed = {day}",
        f"review_by = {day + dt.timedelta(days=365)}",
        "",
        f"temperature = {lesson.weights.temperature}",
        "",
        "# Scores are of the last point of the learning curve, on labels kept apart.",
        "[learnt]",
        *[f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in learnt.items()],
        "",
        *weight_lines(lesson.weights),
    ]
    return "\n".join(lines).encode()
