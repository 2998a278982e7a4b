"""What people decided of a text goes before what its words say, for that site or all, and leaves no trace when undone."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places_region import PHRASE_KEY, decided, located, located_tables, record, region_tables, rows_of

from preventable.stages.places.decisions import Decision, Standing
from preventable.stages.places.normalise import read_list
from preventable.stages.places.phrases import form, phrase, phrase_id

CHAIN = "copper zettle"


def one(records, texts, **more):
    rows, _ = located(records, texts, **more)
    return {key: row["venue_id"] for key, row in rows.items()}


# --- phrases ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Copper Zettle",
        "o/s the COPPER ZETTLE",
        "O/SIDE copper zettle",
        "i/s copper zettle",
        "queue for Copper-Zettle!",
        "@copper zéttle",
        "in copper zettle.",
    ],
)
def test_capitals_signs_accents_and_cue_words_make_no_other_phrase(text):
    assert phrase(text) == ("copper", "zettle")


@pytest.mark.parametrize("text", ["copper zettle 2", "copper", "zettle copper", "copper zettles"])
def test_another_word_number_or_order_is_another_phrase(text):
    assert phrase(text) != phrase(CHAIN)


@pytest.mark.parametrize(("text", "words"), [("", ()), ("!?", ()), ("outside the", ("outside", "the"))])
def test_a_text_of_cue_words_alone_keeps_them(text, words):
    assert phrase(text) == words


#: Form -> texts of which each letter rule has one, as phrases of that form, and sha256 of these with the lists.
FORMS = {1: "a7be25e2e93a99bfda47b5ce1db24e6e46c521e274749f6e436e68f0dd372206"}
_OF_EACH_RULE = (
    "O/S St. Mary\u2019s Caf\u00e9, 12-14 Mill St",
    "o/side J.D. Zettle's @ quay",
    "I/S the Z\ufb01nch \u00c6ther Stra\u00dfe \u2163",
    "a in at by of for nr opp os oside",
    "metro/station o/squay taxi/stand @zettle",
    "rear back front behind near between next corner jct car park",
    "chemists pharmacy bros & brothers ltd",
)


def test_a_form_of_phrases_never_changes_or_stored_decisions_would_find_their_texts_no_more():
    """Who changes phrases.toml or plain_letters gives the form its next number, and a line above."""
    lists = read_list("phrases")
    said = [lists["signs"], sorted(lists["left_out"]["words"]), [phrase(text) for text in _OF_EACH_RULE]]

    assert hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest() == FORMS[form()]
    assert max(FORMS) == form()


def test_words_of_a_phrase_are_written_out_by_no_list_of_the_search():
    assert phrase("chemists at mill street") == ("chemists", "mill", "street")
    assert phrase("j d zettle co. ltd") == ("j", "d", "zettle", "co", "ltd")


def test_a_phrase_is_hashed_under_the_key():
    assert phrase_id(("copper",), b"a") != phrase_id(("copper",), b"b")
    # openssl: printf 'phrase|copper zettle' | openssl dgst -sha256 -hmac 'a' -binary | head -c 20 | base32, in small letters
    assert phrase_id(("copper", "zettle"), b"a") == "522flvdpqesq7c7yhnajk3ootgvgh25y"


# --- which decision holds -----------------------------------------------------------------------

decisions = st.lists(
    st.builds(
        Decision,
        decision=st.integers(1, 40),
        form=st.just(form()),
        phrase_id=st.sampled_from("pq"),
        site_code=st.sampled_from(["*", "", "A", "B"]),
        choice=st.just("place"),
        place_id=st.sampled_from(["x", "y"]),
    ),
    unique_by=lambda decision: decision.decision,
)


@given(decisions, st.randoms())
def test_the_order_of_decisions_does_not_matter_and_the_latest_that_fits_holds(taken, dice):
    shuffled = list(taken)
    dice.shuffle(shuffled)
    for phrase_ in "pq":
        for site in ("", "A", "B"):
            fit = [one for one in taken if one.phrase_id == phrase_ and one.site_code in (site, "*")]
            latest = max(fit, key=lambda decision: decision.decision, default=None)

            assert Standing(shuffled).of(phrase_, site) == latest


def test_a_decision_of_another_form_of_phrases_does_not_hold():
    assert not Standing([Decision(1, form() + 1, "p", "A", "place", "x")])


# --- over a region ------------------------------------------------------------------------------


def test_a_decision_places_the_text_for_its_site_alone():
    records = [record("here", place_text_id="t"), record("there", place_text_id="t", site_code="ZXB01")]

    places = one(records, {"t": "o/s Copper Zettle"}, decisions=[decided(1, CHAIN, "XV4")])

    assert places == {"here": "XV4", "there": None}


def test_a_decision_for_all_sites_places_the_text_from_each():
    records = [record("here", place_text_id="t"), record("there", place_text_id="t", site_code="ZXB01")]

    places = one(records, {"t": CHAIN}, decisions=[decided(1, CHAIN, "XV4", site="*")])

    assert places == {"here": "XV4", "there": "XV4"}


def test_a_decided_place_is_as_sure_and_as_large_as_the_rules_say():
    rows, _ = located([record("r", place_text_id="t")], {"t": CHAIN}, decisions=[decided(1, CHAIN, "XV4")])

    row = rows["r"]
    assert (row["place_kind"], row["place_probability"], row["sigma_m"]) == ("premises", 0.97, 30.0)
    assert (row["small_area"], row["precision_class"]) == ("XS00002", "L5")


def test_a_text_may_be_decided_to_be_a_street_or_an_area():
    rows, _ = located(
        [record("s", place_text_id="s"), record("a", place_text_id="a")],
        {"s": "the cut", "a": "over the water"},
        decisions=[decided(1, "the cut", "XT3"), decided(2, "over the water", "XW002")],
    )

    assert [(rows[k]["place_kind"], rows[k]["place_id"]) for k in "sa"] == [
        ("street", "XT3"),
        ("area", "XW002"),
    ]
    assert rows["a"]["ward"] == "XW002"


@pytest.mark.parametrize("choice", ["none", "generic"])
def test_a_text_decided_to_name_no_place_has_none_and_keeps_its_type(choice):
    text = "the pub bar verazul"

    rows, _ = located(
        [record("r", place_text_id="t")], {"t": text}, decisions=[decided(1, text, choice=choice)]
    )

    assert (rows["r"]["place_kind"], rows["r"]["venue_id"], rows["r"]["easting_m"]) == ("none", None, None)
    assert rows["r"]["place_type"] == "licensed_premises_inside"


def test_a_place_decided_is_not_used_after_it_closed():
    records = [
        record("march", month="2025-03", place_text_id="t"),
        record("april", month="2025-04", place_text_id="t"),
    ]

    assert one(records, {"t": "the quid"}, decisions=[decided(1, "the quid", "XV2")]) == {
        "march": "XV2",
        "april": None,
    }


@pytest.mark.parametrize(
    ("place", "months", "used"),
    [
        ("XV2", ["2025-02", "2025-03", "2025-04"], [True, True, False]),
        ("XV6", ["2025-05", "2025-06", "2025-07"], [False, True, True]),
    ],
)
def test_a_place_decided_counts_in_the_months_in_which_it_opened_and_closed(place, months, used):
    # The words alone tell nothing: what is placed was decided.
    records = [record(month, month=month, place_text_id="t") for month in months]

    found = one(records, {"t": "wuffi tok"}, decisions=[decided(1, "wuffi tok", place)])
    assert [found[month] for month in months] == [place if counts else None for counts in used]


def test_a_decision_for_a_place_that_the_gazetteer_lacks_changes_nothing():
    records = [record("r", place_text_id="t"), record("other", place_text_id="u")]
    texts = {"t": CHAIN, "u": "bar verazul"}

    assert located(
        records, texts, decisions=[decided(1, CHAIN, "XV99"), decided(2, "bar verazul", "XV98")]
    ) == (located(records, texts))


def test_a_decision_that_is_undone_leaves_no_trace_even_where_the_text_was_deleted_meanwhile():
    records = [record("r", place_text_id="t"), record("s", place_text_id="u")]
    texts = {"t": CHAIN, "u": "bar verazul"}
    taken = [decided(1, CHAIN, "XV4"), decided(2, "bar verazul", choice="none")]
    rows, tables = located_tables(records, texts)

    with_text, kept = located_tables(records, texts, decisions=taken)
    carried = {
        "previous": kept["place_matches"],
        "phrases": kept["place_phrases"],
        "candidates": kept["place_candidates"],
    }
    without_text, still = located_tables(records, {}, decisions=taken, **carried)
    undone, after = located_tables(records, {}, **carried)

    assert with_text == without_text != rows
    assert {key: row["venue_id"] for key, row in with_text.items()} == {"r": "XV4", "s": None}
    assert (undone, after) == (rows, tables)
    assert kept.pop("shared_records") == still.pop("shared_records") == []
    assert tables.pop("shared_records")
    assert kept == still == tables


def test_the_phrase_of_a_text_outlives_it_and_not_its_records():
    records = [record("r", place_text_id="t")]
    _, tables = located_tables(records, {"t": CHAIN, "unused": "bar verazul"})

    _, carried = located_tables(records, {}, phrases=tables["place_phrases"])
    _, gone = located_tables([record("other")], {}, phrases=tables["place_phrases"])

    expected = [{"place_text_id": "t", "phrase_id": phrase_id(("copper", "zettle"), PHRASE_KEY)}]
    assert tables["place_phrases"] == carried["place_phrases"] == expected
    assert gone["place_phrases"] == []


# --- names with time ----------------------------------------------------------------------------


def renamed(**changes):
    """The region where Bar Verazul was The Old Wherry until 14 March 2025."""
    region = region_tables()
    told = [
        {**row, "renamed_on": "2025-03-15"} | changes if row["venue"] == "XV1" else row
        for row in region["venues"].to_pylist()
    ]
    until = {"venue": "XV1", "alias": "The Old Wherry", "used_until": "2025-03-14"}
    region["venues"] = _dated("venues", told)
    region["venue_aliases"] = _dated("venue_aliases", [*region["venue_aliases"].to_pylist(), until])
    return region


def _dated(name, rows):
    return rows_of(
        name,
        [
            {
                k: dt.date.fromisoformat(v) if isinstance(v, str) and k.endswith(("_on", "_until")) else v
                for k, v in row.items()
            }
            for row in rows
        ],
    )


@pytest.mark.parametrize("text", ["the old wherry", "old wherry mill st"])
@pytest.mark.parametrize("month", ["2025-01", "2025-03", "2025-09"])
def test_the_old_name_of_renamed_premises_is_theirs_before_and_after(text, month):
    assert one([record("r", month=month, place_text_id="t")], {"t": text}, region=renamed()) == {"r": "XV1"}


def test_a_new_name_is_not_used_before_the_premises_had_it():
    records = [record(month, month=month, place_text_id="t") for month in ("2025-02", "2025-03", "2025-04")]

    assert one(records, {"t": "bar verazul"}, region=renamed()) == {
        "2025-02": None,
        "2025-03": "XV1",
        "2025-04": "XV1",
    }


def test_premises_that_opened_again_under_another_name_are_told_apart():
    region = region_tables()
    (closed,) = [row for row in region["venues"].to_pylist() if row["venue"] == "XV2"]
    again = {**closed, "venue": "XV9", "venue_name": "Otterhythe Rooms", "licence_number": "LIC/XV9"}
    again |= {"opened_on": "2025-06-01", "closed_on": None}
    region["venues"] = _dated("venues", [*region["venues"].to_pylist(), again])
    months = ("2025-03", "2025-04", "2025-06")
    records = [record(f"old {month}", month=month, place_text_id="o") for month in months]
    records += [record(f"new {month}", month=month, place_text_id="n") for month in months]

    found = one(records, {"o": "the quiddle arms", "n": "otterhythe rooms"}, region=region)

    assert found == {
        "old 2025-03": "XV2", "old 2025-04": None, "old 2025-06": None,
        "new 2025-03": None, "new 2025-04": None, "new 2025-06": "XV9",
    }  # fmt: skip
