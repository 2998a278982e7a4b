"""What is written can be read again: clocks, dates, TOML, choices, and texts of a receptionist."""

from __future__ import annotations

import datetime as dt
import tomllib
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preventable.invented.capture import level_for
from preventable.invented.place_words import Typist
from preventable.invented.suppliers import quoted, written_day, written_times
from preventable.invented.world import NO_TIME, Clock, Groups, draw_parameters

LONDON = ZoneInfo("Europe/London")
CLOCK = Clock.london(2023, 2026)
RULES = draw_parameters(seed=1)["words"]
utc_minutes = st.integers(int(dt.datetime(2023, 1, 2, tzinfo=dt.UTC).timestamp()) // 60, 29_450_000)
FORMATS = ["%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M:%S", "%d-%b-%Y %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%y %H:%M"]


def minutes_of(local: dt.datetime) -> int:
    return int((local - dt.datetime(1970, 1, 1)).total_seconds()) // 60


@given(utc_minutes)
def test_the_local_clock_is_that_of_london(utc):
    local = dt.datetime.fromtimestamp(utc * 60, tz=LONDON).replace(tzinfo=None)

    assert int(CLOCK.local(np.array([utc]))[0]) == minutes_of(local)


@given(utc_minutes)
def test_universal_time_comes_back_from_the_local_clock_and_its_pass(utc):
    aware = dt.datetime.fromtimestamp(utc * 60, tz=LONDON)
    local = CLOCK.local(np.array([utc]))

    assert CLOCK.utc(local, second_pass=np.array([aware.fold == 1]))[0] == utc


@given(st.integers(0, 59))
def test_a_time_that_the_clocks_skip_moves_an_hour_later_and_others_stay(minute):
    skipped = minutes_of(dt.datetime(2025, 3, 30, 1, minute))
    others = [skipped - 60, skipped + 60, minutes_of(dt.datetime(2025, 10, 26, 1, minute)), NO_TIME]

    assert CLOCK.out_of_gap(np.array([skipped]))[0] == skipped + 60
    assert CLOCK.out_of_gap(np.array(others)).tolist() == others


@pytest.mark.parametrize("form", FORMATS)
@given(minutes=st.lists(st.integers(27_000_000, 29_450_000), min_size=1, max_size=20))
def test_a_time_written_in_a_suppliers_form_reads_back(form, minutes):
    written = written_times(np.array(minutes, dtype=np.int64), form)

    assert [minutes_of(dt.datetime.strptime(text, form)) for text in written] == minutes


def test_no_time_is_written_as_the_suppliers_word_for_it():
    none = np.array([NO_TIME])

    assert written_times(none, "%d/%m/%Y %H:%M", missing="01/01/1900 00:00") == ["01/01/1900 00:00"]
    assert written_times(none, "real") == [""]
    assert written_times(none, "%d/%m/%Y") == [""]


def test_months_are_english_whatever_the_locale():
    assert written_day(dt.date(2025, 5, 3), "%d-%b-%Y") == "03-May-2025"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40))
def test_a_quoted_text_is_toml(text):
    assert tomllib.loads(f"key = {quoted(text)}")["key"] == text


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(0.01, 9.0)), min_size=1, max_size=40),
    st.integers(0, 2**32),
)
def test_a_choice_within_a_group_is_of_that_group(items, seed):
    group = np.array([g for g, _ in items])
    weight = np.array([w for _, w in items])
    asked = np.repeat(np.unique(group), 5)

    chosen = Groups.of(group, weight, groups=5).draw(asked, np.random.default_rng(seed))

    assert group[chosen].tolist() == asked.tolist()


def test_a_choice_follows_the_weights():
    groups = Groups.of(np.array([0, 1, 1, 1]), np.array([5.0, 1.0, 0.0, 3.0]), groups=2)

    chosen = groups.draw(np.ones(40_000, dtype=np.int64), np.random.default_rng(1))

    assert np.bincount(chosen, minlength=4) / 40_000 == pytest.approx([0, 0.25, 0, 0.75], abs=0.01)
    assert groups.totals().tolist() == [5.0, 4.0]


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=50), st.floats(0.02, 0.98))
def test_the_level_gives_the_share_asked_for(log_odds, share):
    odds = np.array(log_odds)
    level = level_for(odds, share)

    assert float(np.mean(1 / (1 + np.exp(-odds - level)))) == pytest.approx(share, abs=1e-6)


names = st.text("abcdefghijklmnopqrstuvwxyz ABCDEFG'", min_size=4, max_size=70).filter(lambda s: s.strip())


@settings(max_examples=40)
@given(names, names, names, st.integers(0, 2**31))
def test_a_typed_place_is_never_longer_than_the_field_and_repeats_with_its_seed(name, street, area, seed):
    def typed() -> list[str]:
        typist = Typist(RULES, seed=seed, name="test")
        return [
            typist.premises(name, (), street, area),
            typist.street(street, area, "ZZ1 2AB"),
            typist.area(area),
            typist.generic(),
            typist.home(own=True),
        ]

    assert all(len(text) <= RULES["clip"] for text in typed())
    assert typed() == typed()


def test_a_careful_typist_writes_the_name_as_it_is():
    careful = {name: 0.0 if isinstance(value, float) else value for name, value in RULES.items()}
    typist = Typist(careful, seed=1, name="test")

    assert typist.premises("Bar Quellander", (), "Quell Street", "Quellborough") == "Bar Quellander"
    assert typist.street("Quell Street", "Quellborough", "") == "Quell Street"
