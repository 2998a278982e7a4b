"""What must not change what a file says: order of rows and columns, container, spelling, order of arrival."""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources_world import (
    ED_MAPPING,
    ED_ROW,
    MAPPINGS,
    NHS_NUMBERS,
    PROVIDERS,
    csv_bytes,
    hashed_rows,
    numbered,
    read,
    xlsx_bytes,
    xlsx_mapping,
)

from preventable.errors import RefusedFileError
from preventable.settings import Policy
from preventable.stages.sources.cells import nhs_number
from preventable.stages.sources.mapping import supplier_mappings
from preventable.stages.sources.screening import screen
from preventable.stages.sources.sheet import Sheet, identify
from preventable.stages.sources.times import clock_of, read_stamps, to_local, to_utc
from preventable.tables.source_kinds import source_kinds

LONDON = ZoneInfo("Europe/London")
TABLES_READ = ("submissions", "intake_problems", "place_texts")
seeds = st.integers(0, 2**32)
texts = st.sampled_from(["Bar Beispiel", "bar beispiel", "town", "Mill St 07700 900123", "", "Cafe"])


@st.composite
def ed_rows(draw):
    """A few rows, some of them wrong in one cell or another, some equal."""
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        rows.append(
            {
                **ED_ROW,
                "Att No": draw(st.sampled_from(["A1", "A2", "A3", ""])),
                "Ver": draw(st.sampled_from(["1", "2", "x"])),
                "Arrival": draw(
                    st.sampled_from(["14/03/2025 23:10", "30/03/2025 01:30", "", "31/04/2025 10:00"])
                ),
                "Place": draw(texts),
                "Where": draw(st.sampled_from(["H", "P", "", "??"])),
            }
        )
    return rows


def said(found):
    return found.submission_id, [hashed_rows(name, getattr(found, name)) for name in TABLES_READ]


@settings(max_examples=40, deadline=None)
@given(rows=ed_rows(), seed=seeds)
def test_order_of_rows_and_columns_changes_nothing(rows, seed):
    order = random.Random(seed)
    columns = list(ED_ROW)
    order.shuffle(columns)
    moved = [{column: row[column] for column in columns} for row in order.sample(rows, len(rows))]

    assert said(read(moved)) == said(read(rows))


@settings(max_examples=15, deadline=None)
@given(rows=ed_rows(), seed=seeds, level=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_a_workbook_compressed_anew_and_shuffled_is_the_same(rows, seed, level):
    plain = xlsx_bytes(rows)
    packed = io.BytesIO()
    shuffled = xlsx_bytes(random.Random(seed).sample(rows, len(rows)))
    with zipfile.ZipFile(io.BytesIO(shuffled)) as old, zipfile.ZipFile(packed, "w", level) as new:
        for name in reversed(old.namelist()):
            new.writestr(name, old.read(name))

    again = read(packed.getvalue(), mappings=[xlsx_mapping()], file_name="another.xlsx")

    assert said(again) == said(read(plain, mappings=[xlsx_mapping()]))


@settings(max_examples=40, deadline=None)
@given(rows=ed_rows(), at=st.integers(0, 5), column=st.sampled_from(["Age", "Place", "How", "Ver"]))
def test_one_changed_cell_makes_another_submission(rows, at, column):
    changed = [dict(row) for row in rows]
    changed[at % len(rows)][column] += "7"

    assert read(changed).submission_id != read(rows).submission_id


@settings(max_examples=20, deadline=None)
@given(rows=ed_rows(), at=st.integers(0, 5))
def test_a_row_that_stands_once_more_makes_another_submission(rows, at):
    """Else a file whose row was doubled by mistake, and then mended, would be taken for a file that came before."""
    assert read([*rows, rows[at % len(rows)]]).submission_id != read(rows).submission_id


def test_the_same_rows_of_another_kind_of_source_are_another_submission():
    sheet = Sheet(("Id",), (("A1",),), (2,))

    ids = {identify(sheet, provider="one", source=source).submission_id for source in ("ed", "ambulance")}

    assert len(ids) == 2


def test_what_is_dropped_at_the_door_does_not_make_another_submission():
    again = read([{**ED_ROW, "Comments": "exported anew on another day"}])

    assert said(again) == said(read([ED_ROW]))


def test_the_same_rows_of_another_provider_are_another_submission():
    other = {**ED_MAPPING, "provider": "ed-other"}

    assert read([ED_ROW]).submission_id != read([ED_ROW], "ed-other", mappings=[other]).submission_id


def test_cells_cannot_be_moved_across_their_borders():
    ids = {
        read([{**ED_ROW, "Place": first, "Postcode": second}]).submission_id
        for first, second in [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc"), ("a,b", "c"), ("a", "b,c")]
    }

    assert len(ids) == 6


@pytest.mark.parametrize("bad", [0, 1, 5])
def test_none_one_and_all_rows_bad_are_read_with_a_problem_each(bad):
    rows = [*numbered("ed-example", bad, Arrival="no time"), *numbered("ed-example", 5 - bad, Place="Bar 1")]

    found = read(rows)

    assert found.rows == found.submissions.num_rows == 5
    problems = found.intake_problems.to_pylist()
    assert [row["problem"] for row in problems] == ["not_a_date"] * bad


SPELLINGS = (
    "{0}", " {0}", "{0} ", "{a} {b} {c}", "{a}  {b}   {c}", "{a}-{b}-{c}", "{a}\u2013{b}\u2013{c}", "{a}\u00a0{b}\u00a0{c}",
    "{a}.{b}.{c}", "'{0}", "{a} {b}-{c}", "{wide}", "{wide_spaced}", "\u200b{0}", "{0}\u200b", "{a}\t{b}\t{c}",
    "{arabic}", "{a}\u2009{b}\u2009{c}", "{a}\u2011{b}\u2011{c}", " {a} {b} {c} ",
)  # fmt: skip


@pytest.mark.parametrize("number", NHS_NUMBERS)
def test_twenty_spellings_of_an_nhs_number_are_one(number):
    parts = {"a": number[:3], "b": number[3:6], "c": number[6:]}
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    parts |= {"wide": wide, "wide_spaced": " ".join((wide[:3], wide[3:6], wide[6:]))}
    parts |= {"arabic": "".join(chr(0x0660 + int(digit)) for digit in number)}

    read_as = {nhs_number(spelling.format(number, **parts)) for spelling in SPELLINGS}

    assert len(SPELLINGS) == 20
    assert read_as == {(number, "")}


@given(st.integers(0, 10**10 - 1))
def test_of_ten_digits_at_most_one_last_digit_is_an_nhs_number(number):
    nine = f"{number:010d}"[:9]

    assert sum(nhs_number(nine + str(last))[0] is not None for last in range(10)) <= 1


minutes = st.datetimes(
    min_value=np.datetime64("2024-01-01T00:00").item(), max_value=np.datetime64("2026-12-31T23:59").item()
).map(lambda moment: moment.replace(second=0, microsecond=0))


@given(minutes)
def test_every_instant_has_a_local_time_that_leads_back_to_it(moment):
    utc = np.array([moment], dtype="datetime64[us]")

    back = to_utc(to_local(utc, LONDON), LONDON)

    # In the hour that the clock shows twice the earlier instant is taken.
    assert back[0] in (utc[0], utc[0] - np.timedelta64(1, "h"))


@given(st.lists(minutes, min_size=1, max_size=20))
def test_reading_a_column_is_reading_each_stamp(moments):
    clock = clock_of(["%d/%m/%Y %H:%M"], LONDON, sheet=False)
    written = [moment.strftime("%d/%m/%Y %H:%M") for moment in moments]

    together = read_stamps(pa.array(written), clock)

    for place, text in enumerate(written):
        alone = read_stamps(pa.array([text]), clock)
        assert str(alone.utc[0]) == str(together.utc[place])
    assert not np.isnat(together.local[[moment.month != 3 for moment in moments]]).any()


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_screening_never_fails_and_is_for_good(text):
    once = screen(text, place_type="own_home")

    assert screen(once.text, place_type="own_home").text == once.text


@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=300), provider=st.sampled_from(sorted(MAPPINGS)))
def test_any_bytes_are_refused_and_never_crash(content, provider):
    with pytest.raises(RefusedFileError):
        read(content, provider)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, cuts=st.integers(1, 40))
def test_a_damaged_file_is_read_whole_or_refused(seed, cuts):
    draw = random.Random(seed)
    content = bytearray(csv_bytes(numbered("ed-example", 6)))
    for _ in range(cuts):
        content[draw.randrange(len(content))] = draw.choice(b'",\n\r\x00\xff;aA0')
    lines = bytes(content).count(b"\n") + bytes(content).count(b"\r")

    try:
        found = read(bytes(content))
    except RefusedFileError:
        return
    assert 0 < found.submissions.num_rows == found.rows <= lines


@settings(max_examples=40, deadline=None)
@given(seed=seeds, cuts=st.integers(1, 20))
def test_a_damaged_workbook_is_read_whole_or_refused(seed, cuts):
    draw = random.Random(seed)
    content = bytearray(xlsx_bytes(numbered("ed-example", 6)))
    for _ in range(cuts):
        content[draw.randrange(len(content))] = draw.randrange(256)

    try:
        found = read(bytes(content), mappings=[xlsx_mapping()])
    except RefusedFileError:
        return
    assert found.rows == 6


def test_mappings_are_tried_newest_first_whatever_their_order():
    mappings = [{**ED_MAPPING, "version": version} for version in (2, 10, 1)]
    kind = source_kinds(Policy({}))["ed"]

    for given_order in (mappings, mappings[::-1]):
        found = supplier_mappings(given_order, provider=PROVIDERS["ed-example"], kind=kind, where="here")
        assert [mapping.version for mapping in found] == [10, 2, 1]


written_stamps = st.tuples(
    st.sampled_from(("%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M:%S", "%d-%b-%Y")),
    st.tuples(
        st.integers(0, 32),
        st.integers(0, 13),
        st.integers(1898, 2202),
        st.integers(0, 25),
        st.integers(0, 61),
    ),
)


@given(st.lists(written_stamps, min_size=1, max_size=20))
def test_a_stamp_is_what_the_standard_library_reads_in_it(written):
    names = dict(zip("dmYHM", range(5), strict=True))
    texts = []
    for form, numbers in written:
        text = form.replace("%b", "Feb").replace("%S", "07")
        for name, place in names.items():
            text = text.replace(f"%{name}", f"{numbers[place]:0{4 if name == 'Y' else 2}d}")
        texts.append(text)
    forms = sorted({form for form, _ in written})

    read = read_stamps(pa.array(texts), clock_of(forms, LONDON, sheet=False))

    for text, local, utc in zip(texts, read.local.tolist(), read.utc.tolist(), strict=True):
        assert local == _by_the_library(text, forms)
        if local:
            assert utc == local.replace(tzinfo=LONDON).astimezone(dt.UTC).replace(tzinfo=None)


def _by_the_library(text, forms):
    """The moment by `strptime`; None where it is none, before 1900 or after 2200, or one that the clock never showed."""
    for form in forms:
        try:
            found = dt.datetime.strptime(text, form)
        except ValueError:
            continue
        there = (
            found.replace(tzinfo=LONDON).astimezone(dt.UTC).astimezone(LONDON).replace(tzinfo=None) == found
        )
        sound = 1900 <= found.year <= 2200 and found.date() not in (dt.date(1900, 1, 1), dt.date(1970, 1, 1))
        return found if sound and there else None
    return None
