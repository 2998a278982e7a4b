"""Missing provider-months as findings: who stopped, who is late, who never sent, and how much each carries."""

from __future__ import annotations

import pytest
from figures_world import SMALL_AREAS, counted, months, record

from preventable.stages.indicators.data_findings import changed_areas, missing_months

HELD = months(6)
NAMES = {"ed-a": "Hospital A", "ed-b": "Hospital B", "police": "Police"}


def coverage(missing=(), *, rows=(("ed-a", "ed", 300), ("ed-b", "ed", 100), ("police", "police", 900))):
    return [
        {
            "provider": provider,
            "source": source,
            "month": month,
            "received": (provider, month) not in missing,
            "rows_accepted": 0 if (provider, month) in missing else accepted,
        }
        for provider, source, accepted in rows
        for month in HELD
    ]


def found(*missing, last=HELD[-1], **options):
    return missing_months(coverage(missing), last, names=NAMES, **options)


def test_where_all_sent_there_is_no_finding():
    assert found() == []


def test_a_provider_that_stopped_is_told_with_its_share_and_since_when():
    (row,) = found(*[("ed-b", month) for month in HELD[-3:]])

    assert row["kind"] == "stopped"
    assert (row["provider"], row["first_month"], row["last_month"], row["months"]) == (
        "ed-b", HELD[-3], HELD[-1], 3,
    )  # fmt: skip
    assert row["share"] == pytest.approx(0.25)
    assert row["words"].startswith(
        f"Hospital B has sent nothing from {HELD[-3]} on, 3 months so far. It carries 25 %"
    )


def test_one_missing_month_at_the_end_is_not_sent_yet():
    (row,) = found(("ed-a", HELD[-1]))

    assert (row["kind"], row["words"]) == (
        "not_yet_sent",
        f"Hospital A has not sent {HELD[-1]}. It carries 75 % of the usual records of its kind.",
    )


def test_each_run_of_missing_months_in_the_middle_is_a_gap_of_its_own():
    rows = found(("police", HELD[1]), ("police", HELD[2]), ("police", HELD[4]))

    assert [(row["kind"], row["first_month"], row["last_month"]) for row in rows] == [
        ("gap", HELD[1], HELD[2]),
        ("gap", HELD[4], HELD[4]),
    ]
    assert rows[0]["share"] == 1.0


def test_the_share_is_the_same_to_the_last_bit_whatever_the_order_of_rows():
    # Means in sixths and a fifth: their sum's last bit depends on its order.
    rows = [
        {**row, "rows_accepted": row["rows_accepted"] + at % 7}
        for at, row in enumerate(
            coverage({("ed-2", HELD[2])}, rows=[(f"ed-{n}", "ed", 100 + n**3) for n in range(9)])
        )
    ]
    by_provider = [[row for row in rows if row["provider"] == f"ed-{n}"] for n in range(9)]

    told = [
        missing_months(sum(by_provider[n:] + by_provider[:n], []), HELD[-1], names=NAMES) for n in range(9)
    ]

    assert len(told[0]) == 1
    assert all(one == told[0] for one in told)


def test_who_never_sent_is_told_unless_nobody_expects_it():
    never = [("ed-b", month) for month in HELD]

    (row,) = found(*never)

    assert (row["kind"], row["share"], row["months"]) == ("never_sent", None, 6)
    assert found(*never, not_expected=("ed-b",)) == []


def test_months_before_the_first_that_came_and_after_the_last_reported_are_no_finding():
    assert found(("ed-a", HELD[0]), ("ed-a", HELD[-1]), last=HELD[-2]) == []


def test_a_home_without_months_has_no_finding():
    assert missing_months([], "", names={}) == []


# --- areas of another year ------------------------------------------------------------------------


def sent(*unknown, told=1_000):
    """Months of one provider, with so many of each under areas that the region lacks."""
    return [
        {"provider": "ed-a", "source": "ed", "month": month, "told": told, "known": told - lost}
        for month, lost in zip(HELD, unknown, strict=True)
    ]


def test_months_in_codes_of_another_year_are_told_with_what_falls_out():
    (row,) = changed_areas(sent(20, 25, 18, 22, 90, 85), names=NAMES)

    assert (row["kind"], row["first_month"], row["last_month"], row["months"]) == (
        "areas_changed", HELD[4], HELD[5], 2,
    )  # fmt: skip
    assert row["words"].startswith(
        f"Of what Hospital A sent of {HELD[4]} to {HELD[5]}, 9 % stands under areas"
    )


@pytest.mark.parametrize(
    "months",
    [
        sent(*[0] * 6),
        sent(*[900] * 6),
        sent(20, 25, 30, 22, 18, 40),
        sent(0, 1, 0, 2, 0, 3, told=20),
        sent(*[0] * 6, told=0),
        [],
    ],
)
def test_patients_from_elsewhere_are_no_change_of_areas(months):
    assert changed_areas(months, names=NAMES) == []


def test_a_series_of_areas_has_one_year_of_areas_throughout():
    """From the tenth month on a tenth of residents come under codes that the region lacks: counted by no area, and told."""
    held = months(12)
    made = [
        record(number, month=month, residence_small_area="OLD00001" if month >= held[9] and number % 10 == 0 else
               SMALL_AREAS[number % 12])
        for number, month in enumerate(month for month in held for _ in range(200))
    ]  # fmt: skip
    engine = counted(made, held)

    counts = {
        (row["area"], row["period_end"]): row["count"]
        for row in engine.table("indicator_values").to_pylist()
        if row["definition"] == "ed_assault_attendances" and row["period_type"] == "month"
        and row["dimension"] == "all" and row["area_type"] in ("region", "district")
    }  # fmt: skip
    assert {area for area, _ in counts} == {"X01", "XD01", "XD02", "XD03"}
    assert (counts["X01", held[8]], counts["X01", held[9]]) == (200, 180)
    (row,) = [one for one in engine.table("data_findings").to_pylist() if one["kind"] == "areas_changed"]
    assert (row["provider"], row["first_month"], row["last_month"]) == ("ed-north", held[9], held[11])
