"""The score card of a site as a document: its score, what to mend, its months, whose records lack what.

It goes to the site's own provider. Counts follow the release rule all the same (few are one token, others rounded),
shares are made of shown counts, and of other sites nothing is told but the ranks that the site may have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from preventable.methods.rounding import round_half_up
from preventable.stages.packs.blocks import (
    Actions,
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Note,
    Paragraph,
    Row,
    TableBlock,
)
from preventable.stages.packs.words import (
    _,
    category_label,
    data_file,
    label,
    language,
    month_text,
    plural,
    span_text,
)
from preventable.stages.scorecards.groups import USABLE, GroupLack
from preventable.stages.scorecards.rules import PARTS, ScoreRules
from preventable.stages.scorecards.scores import Loss, MonthScore, whole_points
from preventable.stages.scorecards.stage import Rank, ScoredMonth, SiteCard, Trend

#: States of the calendar that are told of a month that was not received.
_NOT_RECEIVED = ("due", "set_apart", "held", "refused", "missing")


@dataclass(frozen=True)
class CardPage:
    """What every card needs besides its own numbers.

    Attributes:
        rules: Of policy/scorecards.toml.
        names: Provider -> its name.
        rule_words: Quality rule -> what it finds, and what mends it.
        asks: Provider and month -> what the submission calendar asks for it, where it is owed.
        invented: Whether the data is.
        minimum_count: Counts below it are one token.
        rounding_base: The others are the nearest multiple of it.
        states: Provider and month -> what the submission calendar says became of it.
    """

    rules: ScoreRules
    names: Mapping[str, str]
    rule_words: Mapping[str, tuple[str, str]]
    asks: Mapping[tuple[str, str], str]
    invented: bool
    minimum_count: int
    rounding_base: int
    states: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def state(self, card: SiteCard, month: ScoredMonth) -> str:
        """What became of a month of a site that has no score."""
        return _state(month, self.states.get((card.provider, month.month), ""))

    def count(self, records: int) -> str:
        """A count as it may be shown."""
        if records < self.minimum_count:
            return _("0 to {most}").format(most=self.minimum_count - 1)
        return f"{round_half_up(records, self.rounding_base):,}"

    def share(self, part: int, whole: int) -> str:
        """A share as whole per cent of shown counts; where part or rest is too small to show, the end of its range."""
        if whole < 2 * self.minimum_count:
            return _("too few to say")
        shown = round_half_up(whole, self.rounding_base)
        least = -(-100 * self.minimum_count // shown)
        if part < self.minimum_count:
            return _("under\u00a0{percent}\u00a0%").format(percent=least)
        if whole - part < self.minimum_count:
            return _("over\u00a0{percent}\u00a0%").format(percent=100 - least)
        return f"{round(100 * round_half_up(part, self.rounding_base) / shown)}\u00a0%"


def score_line(card: SiteCard, state: str = "") -> str:
    """A card in one line; `state` is what the submission calendar says became of its month."""
    newest = card.newest
    head = f"{card.provider:<18} {card.site_code:<8} {newest.month}  "
    if newest.score is None:
        return head + _state(newest, state)
    score = newest.score
    parts = [f"{score.grade} {score.points:3} ({_limits(score)})"]
    parts += [_rank_words(card.rank)] if card.rank else []
    parts += (
        [_("trend: {trend}").format(trend=label("score_trend", card.trend.verdict))] if card.trend else []
    )
    return head + ", ".join(parts)


def card_document(card: SiteCard, page: CardPage) -> Document:
    """The card of one site."""
    name = page.names.get(card.provider, card.provider)
    newest = card.newest
    classification = _(data_file("words.toml")["classification"])
    return Document(
        partner=card.provider,
        partner_name=f"{name} ({card.site_code})" if card.site_code else name,
        name="score_card",
        language=language(),
        title=_title(newest, page.state(card, newest)),
        classification=f"{classification} - {_('invented data')}" if page.invented else classification,
        invented=_("No person, place or event on this card is real.") if page.invented else "",
        purpose=_(page.rules.page["purpose"]),
        legal_basis=_(page.rules.page["legal_basis"]),
        expires="",
        period=month_text(newest.month),
        data_as_at=month_text(newest.month),
        release=newest.month,
        licences=(),
        blocks=(
            *(Paragraph(text, lead=True) for text in _leads(card, page)),
            *_mend(card, page),
            *(_parts(newest.score, page) if newest.score else ()),
            *_months(card, page),
            *_groups(card, page),
            Note(
                _("How to read it"), tuple(_(line) for line in data_file("words.toml")["score_card"]["notes"])
            ),
        ),
    )


def _title(newest: ScoredMonth, state: str) -> str:
    month = month_text(newest.month)
    if newest.score is None:
        return f"{month}: {state}"
    return _("{month}: grade {grade}, {score} of 100 points").format(
        month=month, grade=newest.score.grade, score=newest.score.points
    )


def _state(month: ScoredMonth, state: str) -> str:
    """Why a month has no score: too few records, or what the calendar says of one that was not received."""
    if month.received:
        return _("too few records for a score")
    return label("submission_state", state) if state in _NOT_RECEIVED else _("not received")


def _limits(score: MonthScore) -> str:
    lower, upper = score.limits
    return _("{lower} to {upper}").format(lower=lower, upper=upper)


def _leads(card: SiteCard, page: CardPage) -> list[str]:
    newest, score = card.newest, card.newest.score
    if score is None:
        return [
            _("A month that has not been received has no score: it is a gap, not a zero.")
            if not newest.received
            else _("A score of so few records would tell more of chance than of the site.")
        ]
    usable = _(
        "Of assaults outside homes {share} have a place that can be acted on: known to {radius} m or better."
    )
    lines = [
        usable.format(share=page.share(score.usable, score.asked), radius=round(page.rules.radius_m)),
        _("With other records of the same kind the score would lie between {lower} and {upper}.").format(
            lower=score.limits[0], upper=score.limits[1]
        ),
    ]
    beside = [_rank_words(card.rank)] if card.rank else []
    beside += [_trend_words(card.trend)] if card.trend else []
    return (
        [" ".join(lines), " ".join(f"{words[:1].upper()}{words[1:]}." for words in beside)]
        if beside
        else [" ".join(lines)]
    )


def _rank_words(rank: Rank) -> str:
    if (rank.first, rank.last) == (1, rank.of):
        return _("no clear rank among {n} sites").format(n=rank.of)
    if rank.first == rank.last:
        return _("rank {rank} of {n} sites").format(rank=rank.first, n=rank.of)
    return _("rank {first} to {last} of {n} sites").format(first=rank.first, last=rank.last, n=rank.of)


def _trend_words(trend: Trend) -> str:
    return _("beside the months before: {trend} ({newer} after {older})").format(
        trend=label("score_trend", trend.verdict),
        newer=whole_points(trend.newer),
        older=whole_points(trend.older),
    )


# --- what to mend -------------------------------------------------------------------------------


def _mend(card: SiteCard, page: CardPage) -> list[Block]:
    newest = card.newest
    if newest.score is None:
        ask = page.asks.get((card.provider, newest.month))
        return [Actions(_("What to do"), (_(f"{ask[:1].upper()}{ask[1:]}"),))] if ask else []
    told = [one for one in newest.score.losses if one.points >= page.rules.least_points]
    items = tuple(_sentence(one, newest, page) for one in told[: page.rules.sentences])
    return [Actions(_("What to mend first"), items or (_("Nothing that would be worth a point."),))]


def _sentence(loss: Loss, newest: ScoredMonth, page: CardPage) -> str:
    of_rule = page.rule_words.get(loss.about)
    words = page.rules.words["rule" if of_rule else loss.about]
    description, remedy = of_rule or ("", "")
    fields = {
        "percent": page.share(loss.part, loss.whole),
        "days": str(newest.days_late or 0),
        "description": f"{description[:1].lower()}{description[1:]}",
        "remedy": remedy,
    }
    points = max(1, round(loss.points))
    costs = plural("{n} point", "{n} points", points).format(n=points)
    text = f"{costs}: {words.words.format(**fields)} {words.ask.format(**fields)}"
    return f"{text} {_('For example: {example}.').format(example=words.example)}" if words.example else text


# --- tables -------------------------------------------------------------------------------------


def _parts(score: MonthScore, page: CardPage) -> list[Block]:
    weights = page.rules.weights
    judged = sum(weights[part] for part in PARTS if score.parts[part] is not None)
    rows = []
    for part in PARTS:
        share, weight = score.parts[part], 100 * weights[part] / judged
        told = (_("not judged"), "–") if share is None else (f"{share * weight:.0f}", f"{weight:.0f}")
        judges = Cell(label("score_part_not_judged" if share is None else "score_part_judges", part))
        rows.append(Row(label("score_part", part), (*(Cell(one, numeric=True) for one in told), judges)))
    titles = (_("Part"), _("Points"), _("Of"), _("What is judged"))
    columns = tuple(Column(title, numeric=n in (1, 2)) for n, title in enumerate(titles))
    return [
        Heading(_("Where the points are"), "parts"),
        TableBlock("parts-table", _("Points of each part"), columns, tuple(rows)),
    ]


def _months(card: SiteCard, page: CardPage) -> list[Block]:
    columns = (
        Column(_("Month")), Column(_("Grade")), Column(_("Points"), numeric=True), Column(_("Limits")),
        Column(_("Came")), Column(_("Records"), numeric=True), Column(_("Place can be acted on"), numeric=True),
    )  # fmt: skip
    rows = tuple(
        Row(month_text(one.month, short=True), _month_cells(one, page.state(card, one), page))
        for one in card.months[::-1]
    )
    return [
        Heading(_("Month by month"), "months"),
        TableBlock("months-table", _("The last twelve months, newest first"), columns, rows),
    ]


def _month_cells(one: ScoredMonth, state: str, page: CardPage) -> tuple[Cell, ...]:
    if not one.received:
        return (Cell(state), *(Cell("–", numeric=n not in (1, 2)) for n in range(5)))
    late = one.days_late
    came = (
        ""
        if late is None
        else plural("{n} day late", "{n} days late", late).format(n=late)
        if late
        else _("in time")
    )
    records = Cell(page.count(one.records), numeric=True)
    if one.score is None:
        return (
            Cell(_("too few")),
            Cell("–", numeric=True),
            Cell("–"),
            Cell(came),
            records,
            Cell("–", numeric=True),
        )
    score = one.score
    return (
        Cell(score.grade),
        Cell(str(score.points), numeric=True),
        Cell(_limits(score)),
        Cell(came),
        records,
        Cell(page.share(score.usable, score.asked), numeric=True),
    )


def _groups(card: SiteCard, page: CardPage) -> list[Block]:
    names = (USABLE, *card.fields)
    columns = (
        Column(_("Patients")), Column(_("Records"), numeric=True),
        *(Column(label("score_filled", name), numeric=True) for name in names),
        Column(_("Less often than of the others")),
    )  # fmt: skip
    rows = tuple(_group_row(one, names, page) for one in card.groups)
    if not rows:
        return []
    span = span_text(card.months[0].month, card.months[-1].month)
    return [
        Heading(_("Whose records lack what"), "groups"),
        TableBlock(
            "groups-table", _("Share filled by group of patients, {span}").format(span=span), columns, rows
        ),
    ]


def _group_row(one: GroupLack, names: Sequence[str], page: CardPage) -> Row:
    head = f"{label('score_group', one.dimension)}: {_group_name(one)}"
    records = Cell(page.count(one.records), numeric=True)
    if not one.filled:
        return Row(head, (records, *(Cell("–", numeric=True) for _n in names), Cell(_("too few to say"))))
    shares = tuple(
        Cell(page.share(one.filled[name].part, one.filled[name].whole), numeric=True) for name in names
    )
    less = [label("score_filled", name) for name in names if one.filled[name].less]
    return Row(head, (records, *shares, Cell(", ".join(less) or _("no clear difference"))))


def _group_name(one: GroupLack) -> str:
    if one.dimension == "age_band" and one.group == "unknown":
        return _("not known, or in a band that lies in two of these")
    if one.dimension == "arrival" or one.group == "unknown":
        return label("score_arrival", one.group)
    return category_label(one.dimension, one.group)
