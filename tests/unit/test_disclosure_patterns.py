"""What is told of patterns: of records enough, rounded, looked at once more, and never so fine that it narrows a count."""

import datetime as dt
import math
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preventable.errors import PolicyError, ReleaseRefusedError
from preventable.methods import round_half_up
from preventable.settings import load_policy
from preventable.stages.disclosure.guard_patterns import check_patterns
from preventable.stages.disclosure.pattern_tables import PatternTables
from preventable.stages.disclosure.patterns_told import PATTERN_ESTIMATES, released_patterns
from preventable.stages.disclosure.recipients import Grant, Recipient, read_recipients
from preventable.stages.disclosure.rule import read_release_rule
from preventable.tables import TABLES

RULE = read_release_rule(load_policy())
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
BANDS = {"00-03": range(3), "03-06": range(3, 6), "06-12": range(6, 12), "12-18": range(12, 18)} | {
    "18-21": range(18, 21),
    "21-24": range(21, 24),
}
ED, POLICE = "ed_assault_places", "police_assault_offences"


def pattern(name, category="", second="", area="X01", definition=ED, **numbers):
    return {
        "definition": definition,
        "definition_version": 1,
        "source": definition.partition("_")[0],
        "area_type": "region" if area == "X01" else "district",
        "area": area,
        "pattern": name,
        "category": category,
        "second_category": second,
        "period_start": "2025-01",
        "period_end": "2025-12",
        **dict.fromkeys(("value", "expected", "lower", "upper", "p")),
        "records": 0.0,
        "status": "given",
        "reason": "",
        **numbers,
    }


def hours(counts, area="X01", status="given"):
    """Rows of a week's 168 counts, and the bands that they lie in."""
    total = sum(counts)
    rows = [
        pattern(
            "hour_of_week",
            DAYS[hour // 24],
            f"{hour % 24:02d}",
            area,
            value=count / total,
            records=float(count),
            status=status,
        )
        for hour, count in enumerate(counts)
    ]
    week = np.array(counts).reshape(7, 24)
    days = {"Mon-Thu": range(4), "Fri": range(4, 5), "Sat": range(5, 6), "Sun": range(6, 7)}
    bands = [
        {
            "definition": ED,
            "area_type": rows[0]["area_type"],
            "area": area,
            "category": f"{day} {band}",
            "count": int(week[np.ix_(list(of), list(span))].sum()),
        }
        for day, of in days.items()
        for band, span in BANDS.items()
    ]
    return rows, bands


@dataclass(frozen=True)
class Given:
    """What patterns are told from, and the exact counts that the last look takes."""

    tables: PatternTables
    exact: pa.Table


def cell(definition, area_type, area, period_type, end, count, dimension="all", category="all", coverage=1.0):
    """A row of `indicator_values`, as far as patterns look."""
    return {
        "definition": definition,
        "source": definition.partition("_")[0],
        "area_type": area_type,
        "area": area,
        "period_type": period_type,
        "period_end": end,
        "dimension": dimension,
        "category": category,
        "count": int(count),
        "coverage": coverage,
    }


def shown(row):
    hidden = row["count"] < RULE.minimum_count or row["coverage"] < RULE.least_coverage(row["period_type"])
    value = None if hidden else float(round_half_up(row["count"], RULE.rounding_base))
    return {**row, "definition_version": 1, "period_start": "2025-01", "value": value}


def tables(patterns=(), bands=(), areas=None, *, gone=(), coverage=1.0):
    """Patterns and the exact counts beside them, `areas` of small areas; months of `gone` are not complete."""
    of_areas = [
        cell(definition, "small_area", f"XS{at:05d}", "year", "2025-12", count, coverage=coverage)
        for definition, counts in (areas or {}).items()
        for at, count in enumerate(counts)
    ]
    of_months = [
        cell(definition, "region", "X01", "month", f"2025-{month:02d}", 1_000, coverage=part)
        for definition in areas or {}
        for month in range(1, 13)
        for part in [0.5 if (definition, month) in gone else 1.0]
    ]
    of_bands = [
        cell(
            row["definition"], row["area_type"], row["area"], "last12", "2025-12", row["count"], "weekday_hour",
            row["category"], coverage,
        )
        for row in bands
    ]  # fmt: skip
    kept = [pattern("concentration", definition=definition) for definition in areas or {}]
    return Given(
        PatternTables(
            [*patterns, *kept],
            [{**row, "source_coverage": coverage} for row in of_bands],
            [{**shown(row), "source_coverage": coverage} for row in of_areas],
            [shown(row) for row in of_months],
            [
                {"source": row["source"], "month": row["period_end"], "coverage": row["coverage"]}
                for row in of_months
            ],
        ),
        pa.Table.from_pylist(
            [*of_areas, *of_months, *of_bands] or [cell(ED, "ward", "W", "year", "2025-12", 0)]
        ),
    )


def terms(*, estimates=PATTERN_ESTIMATES, without=(), kind="community_safety"):
    """A partner's terms: all counts that patterns rest on, but those of some dimensions or period types."""
    grants = [
        Grant(kind, definition, *rest, "count")
        for definition in (ED, POLICE)
        for rest in [
            *((level, "last12", "weekday_hour") for level in ("region", "district")),
            *((level, "month", "all") for level in ("region", "district")),
            ("small_area", "year", "all"),
        ]
        if not {definition, *rest} & set(without)
    ]
    return Recipient(kind, "", "", dt.date(2099, 1, 1), "own_district", tuple(grants), tuple(estimates), ())


STANDING = [("csp", "XD01", terms()), ("licensing", "XD01", terms(estimates=()))]


def told(given_, standing=STANDING):
    rows = released_patterns(given_.tables, standing, "X01", RULE)
    check_patterns(rows, given_.tables.patterns, given_.exact, standing, "X01", RULE)
    return rows


def test_hours_are_whole_per_cents_of_records_enough_and_name_what_they_are():
    rows = told(tables(*hours([50] * 168)))

    assert len(rows) == 168
    assert {row["value"] for row in rows} == {0.01}
    assert rows[0]["figure"] == "hour_share/ed_assault_places.v1/region/X01/hour_of_week/Fri 00/2025-12-31"
    declared = TABLES["released_estimates"]
    assert set(rows[0]) == {column.name for column in declared.columns}
    assert {row["breakdown"] for row in rows} <= set(declared.column("breakdown").allowed)


@pytest.mark.parametrize(
    ("counts", "status", "why"),
    [
        ([9] * 168, "given", "few_for_hours"),
        ([50] * 168, "incomplete", "pattern_incomplete"),
    ],
    ids=["1,512 records", "a provider has not sent"],
)
def test_hours_of_few_or_incomplete_records_are_one_row_that_says_why(counts, status, why):
    (row,) = told(tables(*hours(counts, status=status)))

    assert (row["value"], row["value_note"], row["note"]) == (None, "[x]", RULE.notes[why])


def test_hours_whose_sum_would_narrow_a_band_are_withheld():
    # Three hours of Friday night at the upper edge of their per cent: the band could hold little less than it does.
    counts = [12] * 168
    total = 168 * 12
    edge = math.floor(0.01499 * total)
    for hour in (0, 1, 2):
        counts[4 * 24 + hour] = edge

    (row,) = told(tables(*hours(counts)))

    assert row["note"] == RULE.notes["hours_narrow"]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_hours_that_are_told_narrow_a_count_below_its_cell(data):
    """Worked out another way than the guard does: bounds of every band and hour by linear inequalities, to the end."""
    seed = data.draw(st.integers(0, 2**32 - 1))
    draw = np.random.Generator(np.random.PCG64(seed))
    shape = draw.gamma(data.draw(st.sampled_from([0.3, 1.0, 5.0])), size=168)
    counts = draw.multinomial(data.draw(st.integers(1_600, 9_000)), shape / shape.sum()).tolist()
    given_ = tables(*hours(counts))
    rows = told(given_)
    if rows[0]["value"] is None:
        return

    total = sum(counts)
    in_all = round_half_up(total, RULE.rounding_base)
    value = {row["category"]: round(100 * row["value"]) for row in rows}
    # Where the true total is known at its least or greatest, what each hour may be.
    least = {hour: max(p - 0.5, 0) / 100 * (in_all - 2) for hour, p in value.items()}
    most = {hour: (p + 0.5) / 100 * (in_all + 2) for hour, p in value.items()}
    for band in given_.tables.bands:
        day, span = band["category"].split(" ")
        of = [
            f"{one} {hour:02d}"
            for one in (("Mon", "Tue", "Wed", "Thu") if day == "Mon-Thu" else (day,))
            for hour in BANDS[span]
        ]
        low, high = (
            (0, RULE.minimum_count - 1)
            if band["count"] < RULE.minimum_count
            else (
                max(round_half_up(band["count"], 5) - 2, RULE.minimum_count),
                round_half_up(band["count"], 5) + 2,
            )
        )
        assert sum(least[hour] for hour in of) <= low
        assert sum(most[hour] for hour in of) >= high
        for hour in of:
            others_least = sum(least[one] for one in of if one != hour)
            others_most = sum(most[one] for one in of if one != hour)
            may = [
                count
                for count in range(math.ceil(least[hour]), math.floor(most[hour]) + 1)
                if count + others_least <= high and count + others_most >= low
            ]
            assert len(may) >= RULE.minimum_count


def test_a_partner_is_told_of_the_region_and_its_own_district():
    own, bands = hours([50] * 168, "XD01")
    other, _bands = hours([50] * 168, "XD02")

    rows = told(tables([*own, *other], bands))

    assert {row["area"] for row in rows} == {"XD01"}
    assert {row["recipient"] for row in rows} == {"csp"}


def special(records=500.0, name="all", **numbers):
    given_ = {"value": 1.234, "expected": 400.0, "lower": 1.101, "upper": 1.399, "records": records} | numbers
    return pattern("special_days", "bank_holiday", name, **given_)


def test_special_days_are_rounded_and_their_limits_outwards():
    (row,) = told(tables([special()]))

    assert (row["value"], row["lower"], row["upper"]) == (1.23, 1.1, 1.4)
    assert (row["breakdown"], row["category"]) == ("bank_holiday", "")


@pytest.mark.parametrize("numbers", [{"records": 149.0}, {"expected": 149.0}, {"records": 152.0}])
def test_special_days_with_few_records_are_left_out(numbers):
    assert told(tables([special(**numbers)])) == []


@settings(max_examples=40)
@given(
    x=st.integers(150, 3_000),
    ratio=st.floats(0.4, 2.5),
    reference=st.floats(4, 24),
    phi=st.floats(1, 2),
)
def test_a_ratio_and_its_limits_leave_open_which_of_many_counts_was_seen(x, ratio, reference, phi):
    """What was expected and how restless days are is hidden: sums up to a fifth larger give the same three numbers."""

    def shown(observed, dispersion):
        half = 1.96 * math.sqrt(dispersion * (1 / observed + 1 / (reference * observed / ratio)))
        rounded = [round(100 * ratio * math.exp(sign * half), 6) for sign in (-1, 0, 1)]
        return math.floor(rounded[0]), round(rounded[1]), math.ceil(rounded[2])

    alike = [other for other in range(x, x + x // 5 + 1) if shown(other, phi * other / x) == shown(x, phi)]

    assert len(alike) >= RULE.minimum_count


AREAS = 400


def shown_map(seed, mean=13.0, top=60):
    draw = np.random.Generator(np.random.PCG64(seed))
    counts = draw.poisson(mean, AREAS)
    counts[:20] = top + np.arange(20)
    return counts


def test_few_places_and_agreement_follow_from_shown_counts_alone():
    """Two maps of other hidden counts, shown alike, are told alike: nothing hidden is in what is told."""
    one, two = shown_map(1), shown_map(1)
    two[one < RULE.minimum_count] = 0
    of = pattern("place_agreement", POLICE)
    police = shown_map(2)

    first = told(tables([of], areas={ED: one, POLICE: police}))
    second = told(tables([of], areas={ED: two, POLICE: police}))

    assert first == second
    share = next(row for row in first if row["breakdown"] == "top_places" and row["definition"] == ED)
    chance = next(row for row in first if row["breakdown"] == "top_places_by_chance")
    overlap = next(row for row in first if row["breakdown"] == "top_overlap")
    exact = one[:20].sum() / 12_000
    assert share["lower"] <= exact <= share["upper"]
    assert chance["value"] < 0.1
    assert overlap["value"] == 1.0


def test_two_sources_of_one_risk_are_not_compared_where_many_small_areas_are_hidden():
    """Emergency departments see a tenth of what the police see: the hidden part of their map is nearly all of it."""
    draw = np.random.Generator(np.random.PCG64(1))
    risk = draw.gamma(1.0, size=1_700)
    few, many = (draw.multinomial(records, risk / risk.sum()) for records in (5_619, 68_010))

    rows = told(tables([pattern("place_agreement", POLICE)], areas={ED: few, POLICE: many}))

    of = [row for row in rows if row["estimate"] == "place_agreement"]
    assert [(row["value"], row["value_note"], row["note"]) for row in of] == [
        (None, "[x]", RULE.notes["few_for_places"])
    ]


def test_two_sources_of_one_risk_of_which_nearly_all_is_shown_are_compared():
    draw = np.random.Generator(np.random.PCG64(1))
    risk = draw.gamma(2.0, size=1_700) + 0.2
    maps = [draw.multinomial(records, risk / risk.sum()) for records in (60_000, 68_010)]

    rows = told(
        tables([pattern("place_agreement", POLICE)], areas=dict(zip((ED, POLICE), maps, strict=True)))
    )

    found = {row["breakdown"]: row for row in rows if row["estimate"] == "place_agreement"}
    same = found["top_overlap_if_same"]
    assert same["lower"] <= found["top_overlap"]["value"] <= same["upper"]


def test_two_sources_are_not_compared_where_their_small_areas_differ_by_chance_alone():
    draw = np.random.Generator(np.random.PCG64(1))
    maps = {name: draw.poisson(40, 400) for name in (ED, POLICE)}

    rows = told(tables([pattern("place_agreement", POLICE)], areas=maps))

    (row,) = (row for row in rows if row["estimate"] == "place_agreement")
    assert (row["value"], row["note"]) == (None, RULE.notes["even_places"])


@pytest.mark.parametrize("definition", [ED, POLICE])
def test_two_sources_are_not_compared_where_a_month_of_one_is_not_shown(definition):
    maps = {ED: shown_map(1), POLICE: shown_map(2)}
    given_ = tables([pattern("place_agreement", POLICE)], areas=maps, gone={(definition, 1)})

    (row,) = (row for row in told(given_) if row["estimate"] == "place_agreement")

    assert (row["value"], row["note"]) == (None, RULE.notes["pattern_incomplete"])


def test_places_of_which_the_top_ones_are_hidden_are_withheld():
    rows = told(tables([], areas={ED: np.array([9] * 10 + [3] * 390)}))

    assert [(row["value"], row["note"]) for row in rows] == [(None, RULE.notes["few_for_places"])]


def test_a_year_with_a_month_that_is_not_shown_is_withheld():
    (row,) = told(tables([], areas={ED: shown_map(1)}, gone={(ED, 5)}))

    assert row["note"] == RULE.notes["pattern_incomplete"]


def full():
    """What would leave of every estimate, with what it is told from."""
    of = pattern("place_agreement", POLICE)
    rows, bands = hours([50] * 168)
    given_ = tables([*rows, special(), of], bands, {ED: shown_map(1), POLICE: shown_map(2)})
    return released_patterns(given_.tables, STANDING, "X01", RULE), given_


def look(rows, given_, standing=STANDING, rule=RULE):
    check_patterns(rows, given_.tables.patterns, given_.exact, standing, "X01", rule)


@pytest.mark.parametrize(
    ("breakdown", "changes"),
    [
        ("hour_of_week", {"value": 0.02}),
        ("hour_of_week", {"value": 0.0101}),
        ("hour_of_week", {"lower": 0.5, "upper": 0.51}),
        ("hour_of_week", {"lower_if_hidden": 0.00595238}),
        ("hour_of_week", {"recipient": "licensing"}),
        ("hour_of_week", {"area_type": "district", "area": "XD02"}),
        ("hour_of_week", {"estimate": "weather"}),
        ("hour_of_week", {"value": None}),
        ("hour_of_week", {"category": "Fri 01"}),
        ("hour_of_week", {"figure": "hour_share"}),
        ("hour_of_week", {"note": "exact 50"}),
        ("bank_holiday", {"value": 1.24}),
        ("bank_holiday", {"lower": 1.11}),
        ("bank_holiday", {"lower": -5.0, "upper": 600.0}),
        ("bank_holiday", {"upper": 1.39}),
        ("bank_holiday", {"category": "500"}),
        ("top_places", {"value": 0.5}),
        ("top_places", {"lower": 0.0}),
        ("top_places", {"period_start": "2024-01-01"}),
        ("top_places_by_chance", {"value": 0.99}),
        ("top_overlap", {"value": 0.5}),
        ("top_overlap", {"lower": 0.5}),
        ("top_overlap_if_same", {"value": 0.99}),
        ("top_overlap_if_same", {"upper": 0.99}),
        ("top_overlap_by_chance", {"value": 0.99}),
    ],
)
def test_the_guard_refuses_what_is_not_as_it_must_be(breakdown, changes):
    rows, given_ = full()
    look(rows, given_)
    at = next(n for n, row in enumerate(rows) if row["breakdown"] == breakdown)
    assert any(rows[at][name] != value for name, value in changes.items())
    rows[at] = rows[at] | changes

    with pytest.raises(ReleaseRefusedError):
        look(rows, given_)


def test_the_guard_refuses_a_row_doubled_or_missing():
    rows, given_ = full()

    with pytest.raises(ReleaseRefusedError, match="not all there"):
        look(rows[1:], given_)
    with pytest.raises(ReleaseRefusedError, match="twice"):
        look([rows[1], *rows[1:]], given_)


def test_the_guard_refuses_hours_that_rest_on_few():
    rows, given_ = full()

    with pytest.raises(ReleaseRefusedError):
        look(rows, given_, rule=replace(RULE, minimum_pattern_records=100_000))


def test_the_guard_takes_no_shown_count_from_the_stage():
    """Exact counts handed over as shown ones lead to other rows: the last look shows them again itself."""
    of, maps = pattern("place_agreement", POLICE), {ED: shown_map(1, 30), POLICE: shown_map(2, 30)}
    given_ = tables([of], areas=maps)
    for row in given_.tables.shown_areas:
        row["value"] = float(row["count"] + 3)

    with pytest.raises(ReleaseRefusedError):
        look(released_patterns(given_.tables, STANDING, "X01", RULE), given_)


def test_hours_of_a_period_whose_counts_are_not_shown_are_not_told():
    """Less than policy asks of a longer period, though the pattern itself calls it complete."""
    rows, bands = hours([50] * 168)

    (row,) = told(tables(rows, bands, coverage=0.96))

    assert (row["value"], row["note"]) == (None, RULE.notes["pattern_incomplete"])


def test_special_days_of_which_a_month_is_not_whole_say_so():
    given_ = tables([special()], areas={ED: [20] * 40}, gone={(ED, 3)})
    earlier = tables([special(period_end="2025-02")], areas={ED: [20] * 40}, gone={(ED, 3)})

    for held, note in ((given_, RULE.notes["nearly_complete"]), (earlier, "")):
        rows = told(held)
        (row,) = (one for one in rows if one["estimate"] == "special_days")
        assert row["note"] == note
        look(rows, held)
        bare = [{**one, "note": ""} if one is row else one for one in rows]
        if note:
            with pytest.raises(ReleaseRefusedError, match="note"):
                look(bare, held)


def test_hours_of_a_period_that_is_nearly_complete_say_so():
    rows, bands = hours([50] * 168)

    assert {row["note"] for row in told(tables(rows, bands, coverage=0.99))} == {
        RULE.notes["nearly_complete"]
    }


def test_places_of_a_year_that_is_nearly_complete_say_so():
    maps = {ED: shown_map(1), POLICE: shown_map(2)}

    rows = told(tables([pattern("place_agreement", POLICE)], areas=maps, coverage=0.99))

    noted = {row["breakdown"] for row in rows if row["note"] == RULE.notes["nearly_complete"]}
    assert noted == {"top_places", "top_overlap"}


@pytest.mark.parametrize("missing", [slice(1, None), slice(0, 0)], ids=["one band", "all bands"])
def test_hours_are_withheld_where_a_band_of_theirs_is_not_counted(missing):
    rows, bands = hours([50] * 168)

    (row,) = told(tables(rows, bands[missing]))

    assert (row["value"], row["note"]) == (None, RULE.notes["hours_narrow"])


@pytest.mark.parametrize(
    ("without", "estimates"),
    [
        (("weekday_hour",), {"special_days", "top_places_share", "place_agreement"}),
        (("month",), {"hour_share", "top_places_share", "place_agreement"}),
        (("small_area",), {"hour_share", "special_days"}),
        ((POLICE,), {"hour_share", "special_days", "top_places_share"}),
        ((ED,), {"top_places_share"}),
    ],
)
def test_patterns_are_told_of_definitions_whose_counts_are_granted(without, estimates):
    _rows, given_ = full()

    rows = told(given_, [("csp", "XD01", terms(without=without))])

    assert {row["estimate"] for row in rows} == estimates
    assert not {row["definition"] for row in rows} & set(without)


@pytest.mark.parametrize(
    ("place", "estimate", "why"),
    [
        (2, "hour_share", "none of the counts"),
        (1, "top_places_share", "none of the counts"),
        (1, "unknown_to_police", "never age"),
        (1, "similar_areas", "no rate"),
        (1, "inequality_slope", "no rate"),
    ],
)
def test_a_policy_that_grants_an_estimate_without_what_it_rests_on_is_refused(place, estimate, why):
    from figures_world import policy

    with pytest.raises(PolicyError, match=why):
        read_recipients(policy({("recipients", "recipients", place, "estimates"): [estimate]}))


def test_a_policy_under_which_half_a_per_cent_is_few_records_is_refused():
    from figures_world import policy

    with pytest.raises(PolicyError, match="half a per cent"):
        read_release_rule(policy({("disclosure", "patterns", "minimum_pattern_records"): 1_599}))
