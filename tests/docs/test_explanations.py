"""The explanations say what the code does: the flow's steps, the release rule's numbers, and one figure traced."""

from __future__ import annotations

import re
from itertools import count

import pytest
from repository import ROOT

from preventable.methods.rounding import counts_shown_as, round_half_up
from preventable.pipeline import AT_THE_DOOR, STEPS
from preventable.settings import load_policy
from preventable.stages.disclosure.rule import read_release_rule
from preventable.store.home import open_home
from preventable.store.session import reading
from preventable.tables import FLOW_TABLES, REGION_TABLES, TABLES, Sensitivity

EXPLANATION = ROOT / "docs" / "explanation"
FLOW, FIGURE, TOKEN = (
    (EXPLANATION / f"{name}.md").read_text(encoding="utf-8")
    for name in ("flow", "what-a-figure-means", "why-0-to-7")
)
RULE = read_release_rule(load_policy(ROOT / "policy"))
LEAST_VALUES = load_policy(ROOT / "policy").file("disclosure")["counts"]["least_values_of_a_cell"]


def rows_below(page: str, head: str) -> list[list[str]]:
    """Cells of the table whose first line begins with `head`."""
    lines = page[page.index(head) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


# The flow.


def test_the_drawing_of_the_flow_has_every_step_in_order():
    drawn = re.findall(r"\[ (\w+) \]", FLOW)

    assert drawn == ["door", *(step.name for step in STEPS)]


def test_the_drawing_of_the_flow_shows_what_a_step_writes_and_who_may_see_it():
    """A line that names tables ends in their sensitivity, and all are written by the step above."""
    writes = {"door": AT_THE_DOOR, **{step.name: step.writes for step in STEPS}}
    flow = {table.name for table in FLOW_TABLES}
    step, seen = "", 0
    for line in FLOW.split("```none\n")[1].split("```")[0].splitlines():
        step = next(iter(re.findall(r"\[ (\w+) \]", line)), step)
        words = re.findall(r"\w+", line)
        tables = [word for word in words if word in flow and word != step]
        if not tables:
            continue
        assert set(tables) <= set(writes[step]), line
        assert {TABLES[name].sensitivity.name.lower() for name in tables} == {words[-1]}, line
        seen += len(tables)

    assert seen > 15


def test_the_way_of_a_record_names_every_step():
    assert [row[0] for row in rows_below(FLOW, "| Step |")] == ["door", *(step.name for step in STEPS)]


def test_the_page_of_the_flow_tells_every_sensitivity_from_the_highest_on():
    told = [row[0] for row in rows_below(FLOW, "| Sensitivity |")]

    assert told == [level.name.lower() for level in sorted(Sensitivity, reverse=True)]


def test_packs_reads_released_tables_and_what_is_public():
    """As the page says of the last step."""
    public = {table.name for table in REGION_TABLES if table.sensitivity == Sensitivity.PUBLIC}
    reads = set(next(step.reads for step in STEPS if step.name == "packs"))

    assert {TABLES[name].sensitivity for name in reads - public} <= {Sensitivity.PARTNER}


# Why 0 to 7.


def possible(parts: list[range], total: range) -> list[range]:
    """What each part may be to a reader who knows the ranges of all parts and of their total."""
    lows, highs = [part[0] for part in parts], [part[-1] for part in parts]
    found = []
    for low, high in zip(lows, highs, strict=True):
        least = max(low, total[0] - (sum(highs) - high))
        most = min(high, total[-1] - (sum(lows) - low))
        found.append(range(least, most + 1))
    return found


def stands_for(cell: str) -> range:
    """Counts behind a cell of the page: `[c]`, a shown count under our rule, or "1 to 7"."""
    if cell == "[c]":
        return range(RULE.minimum_count)
    between = re.fullmatch(r"(\d+) to (\d+)", cell)
    if between:
        return range(int(between[1]), int(between[2]) + 1)
    return counts_shown_as(int(cell), RULE.rounding_base, RULE.minimum_count)


def shown(true: int) -> str:
    return "[c]" if true < RULE.minimum_count else str(round_half_up(true, RULE.rounding_base))


def test_the_token_is_that_of_the_policy():
    assert (RULE.minimum_count, RULE.rounding_base, LEAST_VALUES) == (8, 5, 5)


def test_each_minimum_that_could_be_chosen_lets_cells_stand_for_so_many_counts():
    def words(counts: range) -> str:
        span = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        return f"{span}: {len(counts)} count{'s' if len(counts) > 1 else ''}"

    limits = [int(row[0]) for row in rows_below(TOKEN, "| Shown from |")]
    expected = []
    for limit in limits:
        first = counts_shown_as(round_half_up(limit, RULE.rounding_base), RULE.rounding_base, limit)
        expected.append([str(limit), words(range(limit)), words(first)])

    assert limits == list(range(3, RULE.minimum_count + 1))
    assert [
        [cell.replace("`", "") for cell in row] for row in rows_below(TOKEN, "| Shown from |")
    ] == expected


def test_the_minimum_is_the_first_at_which_every_cell_stands_for_enough_counts():
    def least(limit: int) -> int:
        return min(
            limit, len(counts_shown_as(round_half_up(limit, RULE.rounding_base), RULE.rounding_base, limit))
        )

    assert next(limit for limit in count(1) if least(limit) >= LEAST_VALUES) == RULE.minimum_count


def test_a_zero_that_is_shown_names_the_area_that_is_left():
    *areas, ward = rows_below(TOKEN, "| | True | Zeros shown |")
    zeros_shown = [range(1) if row[2] == "0" else stands_for(row[2]) for row in areas]
    here = [stands_for(row[3]) for row in areas]

    assert sum(int(row[1]) for row in areas) == int(ward[1]) == 3
    assert [row[3] for row in (*areas, ward)] == [shown(int(row[1])) for row in (*areas, ward)]
    assert [list(found) for found in possible(zeros_shown, stands_for(ward[2]))].count([0]) == 3
    assert possible(here, stands_for(ward[3])) == [range(8)] * 4


def test_seven_suppressed_areas_of_a_suppressed_ward_are_one_each_where_zeros_are_shown():
    assert possible([range(1, 8)] * 7, range(1, 8)) == [range(1, 2)] * 7
    assert possible([range(8)] * 7, range(8)) == [range(8)] * 7


def test_totals_that_are_exact_give_a_suppressed_count_away():
    *wards, district = rows_below(TOKEN, "| | True | Below 5 suppressed")
    true = [int(row[1]) for row in wards]
    middle = [range(5) if row[2] == "suppressed" else range(int(row[2]), int(row[2]) + 1) for row in wards]
    total = int(district[2])

    assert [row[3] for row in (*wards, district)] == [shown(n) for n in (*true, sum(true))]
    assert list(possible(middle, range(total, total + 1))[0]) == [true[0]] == [2]
    assert possible([stands_for(row[3]) for row in wards], stands_for(district[3]))[0] == range(7)
    assert "27 - 8 - 13 = 6" in TOKEN


def test_a_hospital_that_takes_its_own_from_a_shown_total_is_left_with_a_few_counts():
    def others(total: str, own: int) -> list[int]:
        return [count - own for count in stands_for(total) if count >= own]

    told = " ".join(TOKEN.split())

    assert (others("25", 20)[0], others("25", 20)[-1]) == (3, 7)
    assert (others("10", 10)[0], others("10", 10)[-1]) == (0, 2)
    assert "of a shown 25 and 20 of its own, the other has 3 to 7" in told
    assert "of a shown 10 and 10 of its own, 0 to 2" in told


# What a figure means.


@pytest.fixture(scope="module")
def tables(demo) -> dict[str, list[dict]]:
    with reading(open_home(demo.home)) as held:
        return {
            name: held.read(name).to_pylist() for name in ("indicator_values", "population_bases", "released")
        }


def of(rows: list[dict], figure: str) -> dict:
    return next(row for row in rows if row["figure"] == figure)


QUELLBOROUGH = "ed_assault_attendances.v1/district/XD01"
PERIODS = [*(f"month/2025-{month}" for month in (10, 11, 12)), "to_date/2025-12"]


def test_the_figure_that_is_traced_is_that_of_the_demo(tables):
    told = rows_below(FIGURE, "| Month |")
    expected = []
    for period in PERIODS:
        figure = f"{QUELLBOROUGH}/{period}/all/all/count"
        exact, released = of(tables["indicator_values"], figure), of(tables["released"], figure)
        expected.append([f"{exact['count']:,}", f"{exact['coverage']:.3f}", f"{released['value']:,.0f}"])

    assert [row[1:] for row in told] == expected


def test_its_rate_is_worked_out_as_the_page_says(tables):
    rate = of(tables["released"], f"{QUELLBOROUGH}/to_date/2025-12/all/all/crude_rate")
    base = next(
        row["person_years"]
        for row in tables["population_bases"]
        if (row["area"], row["period_type"], row["age_band"]) == ("XD01", "to_date", "all")
    )
    told = re.search(r"([\d,]+) person-years. The rate is ([\d,]+) / [\d,]+ x 100,000 = ([\d.]+)", FIGURE)
    limits = re.search(
        r"limits are ([\d.]+) to ([\d.]+): the lower from ([\d,]+) .+ upper from ([\d,]+),", FIGURE
    )
    count_shown = int(told[2].replace(",", ""))
    ends = counts_shown_as(count_shown, RULE.rounding_base, RULE.minimum_count)

    assert told[1] == f"{base:,.0f}"
    assert told[3] == f"{count_shown / base * 100_000:.1f}" == f"{rate['value']:.1f}"
    assert (limits[1], limits[2]) == (f"{rate['lower']:.1f}", f"{rate['upper']:.1f}")
    assert [f"{ends[0]:,}", f"{ends[-1]:,}"] == [limits[3], limits[4]]


def test_its_month_that_lacks_a_hospital_and_its_totals_are_those_of_the_demo(tables):
    november = "ed_assault_attendances.v1/region/X01/month/2025-11/all/all/count"
    december = [
        row
        for row in tables["indicator_values"]
        if re.fullmatch(
            r"ed_assault_attendances\.v1/(district|region)/\w+/month/2025-12/all/all/count", row["figure"]
        )
    ]
    districts = [row["count"] for row in december if row["area_type"] == "district"]
    (region,) = [row["count"] for row in december if row["area_type"] == "region"]

    assert f"region {of(tables['indicator_values'], november)['coverage']:.3f} has been sent" in FIGURE
    assert of(tables["released"], november)["value_note"] == "[x]"
    assert sum(districts) == region
    assert (
        f"shown as {sum(int(shown(n)) for n in districts):,} together, the region as {int(shown(region)):,}"
        in FIGURE
    )
    assert f"{int(shown(region)):,}. Its exact count is {region:,}" in FIGURE


def test_the_page_tells_every_mark_measure_and_period():
    column = TABLES["released"].column("value_note")
    marks = [mark for mark in column.allowed if mark]
    words = [*TABLES["released"].column("measure").allowed, *TABLES["released"].column("period_type").allowed]

    assert [row[0] for row in rows_below(FIGURE, "| Mark |")] == marks
    assert [word for word in words if f"`{word}`" not in FIGURE] == []
    assert f"from {RULE.minimum_coverage:.0%} on".replace("%", " %") in FIGURE
    assert f"period from {RULE.minimum_coverage_of_longer_periods:.0%}".replace("%", " %") in FIGURE.replace(
        "\n", " "
    )
