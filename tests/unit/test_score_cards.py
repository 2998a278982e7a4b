"""Score cards: what a month is worth, how sure that is, what to mend, whose records lack what, and what may be shown."""

from __future__ import annotations

import datetime as dt
import random
import statistics
from dataclasses import replace

import pytest
from figures_world import policy as changed_policy
from hypothesis import given
from hypothesis import strategies as st
from score_world import (
    MONTH,
    NORTH,
    SOUTH,
    cards_of,
    covered,
    delayed,
    located,
    mixed_records,
    records,
    rules,
    tripped,
)
from small_home import ED, month_rows, small_home, small_policy, write_file

from preventable.errors import PolicyError, UsageError
from preventable.intake.submit import submit
from preventable.methods.proportions import difference_of_proportions
from preventable.partners.score_card_pages import CardPage, card_document, score_line
from preventable.partners.score_cards import tell_score_cards
from preventable.stages.packs.html import render_html
from preventable.stages.scorecards.groups import USABLE
from preventable.stages.scorecards.rules import ABOUT, read_score_rules
from preventable.store.session import writing
from preventable.tables.months import last_months

RULE_WORDS = {"V04": ("The injury is later than the arrival.", "Check the two times.")}
PAGE = CardPage(rules(), {"ed-north": "North (invented)"}, RULE_WORDS, {}, True, 8, 5)
#: Two years, so that every month has one of an earlier year.
HISTORY = last_months(MONTH, 25)[:-1]


def history(site, count, **changed):
    return [row for month in HISTORY for row in records(site, month, count, **changed)]


def page_of(card, *, ask=""):
    asks = {(card.provider, card.newest.month): ask}
    return render_html(card_document(card, replace(PAGE, asks=asks))).decode()


# --- the score ----------------------------------------------------------------------------------


def test_a_month_with_all_that_is_asked_for_has_all_points():
    trips = {(NORTH[0], MONTH, "V04"): (0, 100)}

    score = cards_of(history(NORTH, 100) + records(NORTH, MONTH, 100), trips=trips)["ZXN01"].newest.score

    assert score.score == 100
    assert (score.grade, score.losses) == ("A", ())
    assert set(score.parts.values()) == {1.0}


@pytest.mark.parametrize(
    ("changed", "points"),
    [
        ({"method": "unknown"}, 4),
        ({"place_type": None}, 4),
        ({"time_basis": "arrival_proxy", "time_precision": "unknown"}, 4 + 10),
        ({"time_precision": "part_of_day"}, 5),
        ({"place_text_id": None, "precision_class": "L0", "sigma_m": None}, 4 + 25),
        ({"precision_class": "L1", "sigma_m": None}, 25),
        ({"precision_class": "L3"}, 6.25),
        ({"precision_class": "L4", "sigma_m": None}, 12.5),
        ({"sigma_m": 250.0}, 0),
        ({"sigma_m": 250.5}, 18.75),
        ({"method": "declined", "place_type": "declined"}, 0),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_half_the_records_lacking_something_costs_half_its_points(changed, points):
    """Counted by hand from policy: 20 points over five fields, 10 for times, 25 for places."""
    trips = {(NORTH[0], MONTH, "V04"): (0, 100)}
    rows = history(NORTH, 100) + records(NORTH, MONTH, 50) + records(NORTH, MONTH, 50, **changed)

    score = cards_of(rows, trips=trips)["ZXN01"].newest.score

    assert score.score == pytest.approx(100 - points / 2)


@pytest.mark.parametrize(("days", "points"), [(0, 20), (3, 18), (15, 10), (30, 0), (400, 0), (None, None)])
def test_timeliness_falls_by_the_day(days, points):
    late = {(NORTH[0], MONTH): days}

    score = cards_of(records(NORTH, MONTH, 100), days_late=late)["ZXN01"].newest.score

    share = score.parts["timeliness"]
    assert share is None if points is None else share * 20 == pytest.approx(points)


@pytest.mark.parametrize(
    ("counts", "points"),
    [({1: 100}, 18), ({1: 75, 3: 25}, 13.5), ({1: 50, 2: 20, 6: 30}, 9), ({6: 100}, 18), ({1: 0}, 18)],
    ids=["all at once", "a quarter later", "half later", "all late alike", "none"],
)
def test_records_that_came_in_a_later_month_have_no_points_for_timeliness(counts, points):
    """The first file came three days late: 18 of 20 points."""
    key = (NORTH[0], MONTH)

    score = cards_of(records(NORTH, MONTH, 100), days_late={key: 3}, delays={key: counts})[
        "ZXN01"
    ].newest.score

    assert score.parts["timeliness"] * 20 == pytest.approx(points)
    lost = {one.about: one for one in score.losses}
    assert (lost["late_records"].part if "late_records" in lost else 0) == sum(counts.values()) - counts[
        min(counts)
    ]


@pytest.mark.parametrize(
    ("count", "share"),
    [(100, 1), (129, 1), (71, 1), (152, 0.4932), (48, 0.4932), (174, 0), (26, 0), (400, 0)],
)
def test_volume_is_judged_beside_the_same_month_of_the_year_before(count, share):
    """Its deviation is 14.77: full to 29.5, none from 73.9 on."""
    score = cards_of(history(NORTH, 100) + records(NORTH, MONTH, count))["ZXN01"].newest.score

    assert score.parts["volume"] == pytest.approx(share, abs=1e-4)


def test_a_new_site_is_not_judged_by_a_volume_that_it_does_not_have():
    score = cards_of(records(NORTH, MONTH, 100))["ZXN01"].newest.score
    few = [row for month in HISTORY[-5:] for row in records(NORTH, month, 100)]
    months = covered([NORTH], [*HISTORY[-5:], MONTH])

    assert (
        cards_of(few + records(NORTH, MONTH, 100), coverage=months)["ZXN01"].newest.score.parts["volume"]
        is None
    )
    # Its months were received, and had no record: a year of none has no level.
    assert score.parts["volume"] is None


def test_months_that_were_not_received_are_no_history():
    gaps = [(NORTH[0], month) for month in HISTORY[:6]]
    rows = [row for month in HISTORY[6:] for row in records(NORTH, month, 100)] + records(NORTH, MONTH, 100)

    score = cards_of(rows, coverage=covered([NORTH], [*HISTORY, MONTH], gaps))["ZXN01"].newest.score

    assert score.parts["volume"] == 1


@pytest.mark.parametrize(("found", "share"), [(0, 1), (5, 0.5), (10, 0), (60, 0)])
def test_consistency_falls_with_the_rows_that_rules_find(found, share):
    trips = {(NORTH[0], MONTH, "V04"): (found, 100)}

    score = cards_of(records(NORTH, MONTH, 100), trips=trips)["ZXN01"].newest.score

    assert score.parts["consistency"] == pytest.approx(share)


def test_a_rule_that_is_not_named_costs_nothing():
    trips = {(NORTH[0], MONTH, rule): (50, 100) for rule in ("V05", "V15", "V20")}

    assert (
        cards_of(records(NORTH, MONTH, 100), trips=trips)["ZXN01"].newest.score.parts["consistency"] is None
    )


def test_homes_are_asked_for_no_place():
    at_home = {"place_type": "own_home", "place_text_id": None, "precision_class": "L0", "sigma_m": None}

    without = cards_of(history(NORTH, 100) + records(NORTH, MONTH, 60))["ZXN01"].newest.score
    with_homes = cards_of(
        history(NORTH, 100) + records(NORTH, MONTH, 60) + records(NORTH, MONTH, 40, **at_home)
    )["ZXN01"].newest.score
    homes_alone = cards_of(records(NORTH, MONTH, 40, **at_home))["ZXN01"].newest.score

    assert with_homes.parts["location"] == without.parts["location"] == 1
    assert with_homes.parts["completeness"] == 1
    assert (with_homes.records, with_homes.asked, with_homes.usable) == (100, 60, 60)
    assert homes_alone.parts["location"] is None


@pytest.mark.parametrize(("count", "scored"), [(0, False), (19, False), (20, True)])
def test_few_records_have_no_score(count, scored):
    rows = history(NORTH, 30) + records(NORTH, MONTH, count)

    newest = cards_of(rows)["ZXN01"].newest

    assert newest.received
    assert (newest.score is not None) is scored


def test_a_month_that_was_not_received_has_no_score_and_is_no_zero():
    gap = covered([NORTH], [*HISTORY, MONTH], [(NORTH[0], MONTH)])

    card = cards_of(history(NORTH, 100), coverage=gap)["ZXN01"]

    assert (card.newest.received, card.newest.score, card.rank, card.trend) == (False, None, None, None)
    assert "December 2025: not received" in page_of(card)
    assert "<li>Please send the month.</li>" in page_of(card, ask="please send the month.")
    assert "not received" in score_line(card)


# --- how sure it is -----------------------------------------------------------------------------


def obvious_score(rows):
    """Fields, times and places of rows, one by one: of 55 points."""
    own = rules()
    kind = []
    for row in rows:
        if row["place_type"] in own.homes:
            kind.append("home")
        elif row["precision_class"] in ("L3", "L5") and (
            row["sigma_m"] is None or row["sigma_m"] > own.radius_m
        ):
            kind.append("wide")
        else:
            kind.append(row["precision_class"])
    filled = [
        1
        + (row["time_basis"] == "stated")
        + (row["method"] not in (None, "unknown"))
        + (row["place_type"] not in (None, "unknown"))
        + (row["place_text_id"] is not None or one == "home")
        for row, one in zip(rows, kind, strict=True)
    ]
    places = [own.location_points[one] for one in kind if one != "home"]
    times = [own.time_points[row["time_precision"]] for row in rows]
    return 20 * statistics.fmean(filled) / 5 + 10 * statistics.fmean(times) + 25 * statistics.fmean(places)


@pytest.mark.parametrize("seed", range(3))
def test_records_of_every_quality_score_as_one_by_one(seed):
    rows = mixed_records(NORTH, MONTH, 150, seed=seed)

    parts = cards_of(rows)["ZXN01"].newest.score.parts

    ours = 20 * parts["completeness"] + 10 * parts["time"] + 25 * parts["location"]
    assert ours == pytest.approx(obvious_score(rows))


def test_limits_are_as_wide_as_months_drawn_again_are():
    """Bootstrap of the same records, 400 times: an independent arithmetic of the standard error."""
    rows = mixed_records(NORTH, MONTH, 200, seed=7)
    card = cards_of(rows, days_late={}, coverage=covered([NORTH], [MONTH]))
    score = card["ZXN01"].newest.score
    draw = random.Random(1)
    # Neither timeliness nor volume nor consistency is judged: 55 points stand for 100.
    again = [obvious_score(draw.choices(rows, k=len(rows))) * 100 / 55 for _n in range(400)]

    half = (score.upper - score.lower) / 2

    assert half == pytest.approx(1.96 * statistics.stdev(again), rel=0.12)
    assert score.lower < statistics.fmean(again) < score.upper


def test_limits_narrow_with_more_records_and_stay_within_0_and_100():
    few, many = (cards_of(mixed_records(NORTH, MONTH, n, seed=3))["ZXN01"].newest.score for n in (40, 640))

    assert (few.upper - few.lower) / (many.upper - many.lower) == pytest.approx(4, rel=0.25)
    assert 0 <= few.lower <= few.score <= few.upper <= 100


@pytest.mark.parametrize("seed", range(3))
def test_what_is_lost_adds_up_to_what_is_missing(seed):
    """But for streets that can be acted on, which no sentence asks to mend."""
    rows = history(NORTH, 100) + mixed_records(NORTH, MONTH, 150, seed=seed)
    trips = {(NORTH[0], MONTH, "V04"): (3, 150), (NORTH[0], MONTH, "V07"): (6, 140)}

    score = cards_of(rows, trips=trips, days_late={(NORTH[0], MONTH): 12})["ZXN01"].newest.score

    here = [row for row in rows if row["month"] == MONTH and row["place_type"] != "own_home"]
    streets = [row for row in here if row["precision_class"] == "L3" and (row["sigma_m"] or 999) <= 250]
    untold = 25 * 0.25 * len(streets) / len(here)
    assert sum(one.points for one in score.losses) + untold == pytest.approx(100 - score.score)
    assert [one.points for one in score.losses] == sorted((one.points for one in score.losses), reverse=True)


def test_the_order_of_records_changes_nothing():
    rows = mixed_records(NORTH, MONTH, 200, seed=5) + mixed_records(SOUTH, MONTH, 90, seed=6)
    shuffled = random.Random(2).sample(rows, len(rows))

    assert cards_of(rows) == cards_of(shuffled)


# --- beside the past and the peers --------------------------------------------------------------


def test_a_trend_is_told_where_it_is_beyond_chance():
    older = [row for month in HISTORY[-5:-2] for row in records(NORTH, month, 100)]
    newer = [row for month in (*HISTORY[-2:], MONTH) for row in records(NORTH, month, 100, method="unknown")]
    same = [row for month in (*HISTORY[-2:], MONTH) for row in records(NORTH, month, 100)]
    months = covered([NORTH], [*HISTORY[-5:], MONTH])

    assert cards_of(older + newer, coverage=months)["ZXN01"].trend.verdict == "worse"
    assert cards_of(older + same, coverage=months)["ZXN01"].trend.verdict == "unclear"


@pytest.mark.parametrize(("lacking", "verdict"), [(30, "unclear"), (75, "worse")])
def test_a_trend_of_less_than_a_few_points_is_not_told_however_sure_it_is(lacking, verdict):
    """Three points of 100 (policy): 55 are judged, and an unknown method costs four of these."""
    older = [row for month in HISTORY[-5:-2] for row in records(NORTH, month, 100)]
    newer = []
    for month in (*HISTORY[-2:], MONTH):
        newer += records(NORTH, month, 100 - lacking) + records(NORTH, month, lacking, method="unknown")

    card = cards_of(older + newer, coverage=covered([NORTH], [*HISTORY[-5:], MONTH]))["ZXN01"]

    scores = [one.score for one in card.months[-6:]]
    assert max(one.upper for one in scores[3:]) < min(one.lower for one in scores[:3])
    assert card.trend.verdict == verdict


def test_a_missing_month_leaves_no_trend():
    rows = history(NORTH, 100) + records(NORTH, MONTH, 100)
    gap = covered([NORTH], [*HISTORY, MONTH], [(NORTH[0], HISTORY[-2])])

    assert cards_of(rows, coverage=gap)["ZXN01"].trend is None


def test_sites_whose_limits_overlap_share_their_ranks():
    third = ("ed-third", "ZXT01")
    rows = mixed_records(NORTH, MONTH, 200, seed=1) + mixed_records(SOUTH, MONTH, 200, seed=2)
    rows += records(third, MONTH, 200)

    ranks = {code: (card.rank.first, card.rank.last, card.rank.of) for code, card in cards_of(rows).items()}

    assert ranks == {"ZXN01": (2, 3, 3), "ZXS01": (2, 3, 3), "ZXT01": (1, 1, 3)}


def test_sites_that_are_alike_share_every_rank():
    third = ("ed-third", "ZXT01")
    rows = [row for site in (NORTH, SOUTH, third) for row in records(site, MONTH, 200)]

    ranks = {(card.rank.first, card.rank.last, card.rank.of) for card in cards_of(rows).values()}

    assert ranks == {(1, 3, 3)}


def test_a_site_alone_has_no_rank():
    assert cards_of(records(NORTH, MONTH, 100))["ZXN01"].rank is None


# --- whose records lack what --------------------------------------------------------------------


def test_a_group_that_lacks_something_is_found_and_no_other():
    rows = records(NORTH, MONTH, 200) + records(NORTH, MONTH, 100, hour=12, sex="female")
    rows += records(NORTH, MONTH, 100, hour=12, sex="female", precision_class="L1", sigma_m=None)

    groups = {(one.dimension, one.group): one for one in cards_of(rows)["ZXN01"].groups}

    less = {key for key, one in groups.items() if one.filled and one.filled[USABLE].less}
    assert less == {("sex", "female"), ("arrival", "day")}
    assert groups["sex", "female"].filled[USABLE].part == 100
    assert not any(one.filled["method"].less for one in groups.values() if one.filled)


def test_a_group_that_lacks_a_little_more_by_chance_is_not_told():
    vague = {"precision_class": "L1", "sigma_m": None}
    rows = records(NORTH, MONTH, 100) + records(NORTH, MONTH, 100, **vague)
    rows += records(NORTH, MONTH, 46, sex="female") + records(NORTH, MONTH, 54, sex="female", **vague)

    groups = {one.group: one for one in cards_of(rows)["ZXN01"].groups}

    assert (groups["female"].filled[USABLE].part, groups["female"].filled[USABLE].less) == (46, False)


@pytest.mark.parametrize(("count", "told"), [(49, False), (50, True)])
def test_a_small_group_of_patients_is_not_judged(count, told):
    rows = records(NORTH, MONTH, 200) + records(NORTH, MONTH, count, sex="female")

    groups = {one.group: one for one in cards_of(rows)["ZXN01"].groups}

    assert bool(groups["female"].filled) is told


def test_an_age_band_that_lies_in_two_of_ours_is_unknown():
    rows = records(NORTH, MONTH, 60, age_from=15, age_to=19) + records(
        NORTH, MONTH, 60, age_from=65, age_to=120
    )
    rows += records(NORTH, MONTH, 60, age_from=0, age_to=17) + records(
        NORTH, MONTH, 60, age_from=None, age_to=None
    )

    groups = {one.group: one.records for one in cards_of(rows)["ZXN01"].groups if one.dimension == "age_band"}

    assert groups == {"unknown": 120, "65+": 60, "0-17": 60}


def test_the_difference_of_two_shares_is_that_of_the_paper():
    """Newcombe (1998), Statistics in Medicine 17:873-890, table II: 56 of 70 and 48 of 80; and 9 of 10 and 3 of 10."""
    first, second = difference_of_proportions(56, 70, 48, 80), difference_of_proportions(9, 10, 3, 10)

    assert (round(first.lower, 4), round(first.upper, 4)) == (0.0524, 0.3339)
    assert (round(second.lower, 4), round(second.upper, 4)) == (0.1705, 0.8090)


# --- what is shown ------------------------------------------------------------------------------


def test_few_records_are_one_token():
    assert {PAGE.count(n) for n in range(8)} == {"0 to 7"}
    assert [PAGE.count(n) for n in (8, 12, 13, 1252)] == ["10", "10", "15", "1,250"]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (range(8), "under\u00a08\u00a0%"),
        (range(93, 101), "over\u00a092\u00a0%"),
        (range(48, 53), "50\u00a0%"),
    ],
)
def test_a_part_or_a_rest_that_is_too_small_to_show_is_told_as_a_range(parts, text):
    assert {PAGE.share(part, 100) for part in parts} == {text}


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_share_is_made_of_shown_counts_alone(part, rest):
    """Another pair of counts that is shown alike has the same share: it tells no more than they do."""
    whole = part + rest
    text = PAGE.share(part, whole)

    alike = {
        PAGE.share(other, other + others_rest)
        for other in range(max(0, part - 4), part + 5)
        for others_rest in range(max(0, rest - 4), rest + 5)
        if PAGE.count(other) == PAGE.count(part)
        and PAGE.count(other + others_rest) == PAGE.count(whole)
        and (others_rest < 8) == (rest < 8)
        and (other + others_rest < 16) == (whole < 16)
    }

    assert alike == {text}


def test_a_card_tells_nothing_of_other_sites():
    alone = mixed_records(NORTH, MONTH, 150, seed=4)
    two = [mixed_records(SOUTH, MONTH, 150, seed=seed) for seed in (8, 9)]

    pages = [page_of(cards_of(alone + other)["ZXN01"]) for other in two]

    assert pages[0] == pages[1]
    assert "no clear rank among 2 sites" in pages[0].lower()
    assert SOUTH[0] not in pages[0]
    assert SOUTH[1] not in pages[0]


def test_at_most_five_sentences_say_what_to_mend_worst_first():
    trips = {(NORTH[0], MONTH, "V04"): (9, 100)}
    rows = history(NORTH, 20) + mixed_records(NORTH, MONTH, 150, seed=4)
    card = cards_of(rows, trips=trips, days_late={(NORTH[0], MONTH): 30})["ZXN01"]

    page = page_of(card)

    items = page.split('<div class="actions">')[1].split("</ol>")[0].split("<li>")[1:]
    points = [int(item.split(" point")[0]) for item in items]
    assert len(items) == 5
    assert points == sorted(points, reverse=True)
    assert items[0].startswith("20 points: The month came 30 days after it was due.")


def test_a_rule_that_costs_points_is_told_in_its_own_words():
    trips = {(NORTH[0], MONTH, "V04"): (9, 100)}

    page = page_of(cards_of(history(NORTH, 100) + records(NORTH, MONTH, 100), trips=trips)["ZXN01"])

    assert (
        "9 points: 10\u00a0% of the rows: the injury is later than the arrival. Check the two times." in page
    )


def test_every_loss_has_its_words():
    told = set()
    for seed in range(4):
        rows = history(NORTH, 100 if seed % 2 else 300) + mixed_records(NORTH, MONTH, 200, seed=seed)
        trips = {(NORTH[0], MONTH, "V09"): (30, 200)}
        key = (NORTH[0], MONTH)
        late, delays = {key: 9}, {key: {1: 150, 2: 50}}
        score = cards_of(rows, trips=trips, days_late=late, delays=delays)["ZXN01"].newest.score
        told |= {one.about for one in score.losses}

    assert told == set(ABOUT) - {"contact", "age", "sex", "rule"}


# --- files and policy ---------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path):
    """A home with tables as `run` leaves them, of one site."""
    home = small_home(tmp_path)
    site = (ED, "ZXA01")
    made = located(records(site, "2025-03", 40))
    with writing(home) as tables:
        tables.replace("coverage", covered([site], ["2025-03"]))
        tables.replace("rule_results", tripped({(ED, "2025-03", "V04"): (1, 41)}))
        tables.replace("report_delays", delayed({(ED, "2025-03"): {1: 40}}))
        tables.replace("located_records", whole_records(made))
    return home


def whole_records(made):
    from figures_world import rows_of

    rest = {
        "record_version": 1, "submission_id": "s", "place_kind": "premises", "place_qualifier": "none",
        "contact_utc": dt.datetime(2025, 3, 15, 23, 10), "severity": "low",
    }  # fmt: skip
    rows = [row | rest | {"record_key": f"k{n}", "row_number": n} for n, row in enumerate(made.to_pylist())]
    return rows_of("located_records", rows)


def test_a_page_and_a_pdf_are_written_for_their_owner_alone_and_not_over_others(home, tmp_path):
    options = {"on": dt.date(2025, 5, 1), "out": tmp_path / "cards"}

    lines = tell_score_cards(home, small_policy(), **options)

    stem = f"{ED}-ZXA01-2025-03"
    files = sorted(path.name for path in options["out"].iterdir())
    assert files == [f"{stem}.html", f"{stem}.pdf"]
    assert {path.stat().st_mode & 0o777 for path in options["out"].iterdir()} == {0o600}
    assert any(line.startswith(f"{ED:<18} ZXA01") for line in lines)
    with pytest.raises(UsageError, match="written over"):
        tell_score_cards(home, small_policy(), **options)


def test_cards_do_not_lie_where_partners_look(home):
    with pytest.raises(UsageError, match="partners"):
        tell_score_cards(home, small_policy(), on=dt.date(2025, 5, 1), out=home.released / "cards")


def test_no_card_calls_a_month_missing_that_came_after_the_flow_ran(home, tmp_path):
    path = write_file(tmp_path / "submissions" / ED / "new.csv", ED, month_rows(ED, "2025-04"))
    submit(home, path, policy=small_policy())

    with pytest.raises(UsageError, match="after the flow last ran"):
        tell_score_cards(home, small_policy(), on=dt.date(2025, 5, 1))


def test_a_provider_without_a_card_is_said(home):
    with pytest.raises(UsageError, match="no site"):
        tell_score_cards(home, small_policy(), on=dt.date(2025, 5, 1), provider="police")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("mispelt",), 1),
        (("weights", "time"), 11),
        (
            ("weights",),
            {
                "timeliness": 20.5,
                "volume": 14.5,
                "completeness": 20,
                "time": 10,
                "location": 25,
                "consistency": 10,
            },
        ),
        (("mend", "words", "late", "ask"), "{name}"),
        (("grades", "B"), 90),
        (("sources", "ed", "fields"), []),
        (("sources", "ed", "fields"), ["name"]),
        (("location", "points", "L5"), 1.5),
        (("location", "homes"), []),
        (("time", "points", "mispelt"), 1),
        (("groups", "ages"), [18, 25]),
        (("groups", "night"), [22]),
        (("trend", "months"), 0),
        (("mend", "words", "late"), {"mispelt": ""}),
    ],
    ids=lambda value: "/".join(value) if isinstance(value, tuple) else "",
)
def test_rules_that_cannot_be_are_refused(path, value):
    with pytest.raises(PolicyError, match="scorecards"):
        read_score_rules(changed_policy({("scorecards", *path): value}))
