"""What nobody may be granted: subjects of definitions, by picking and by leaving out, and no word misspelt."""

import pytest
from figures_world import granting, policy

from preventable.errors import PolicyError
from preventable.settings import load_policy
from preventable.stages.disclosure.never import read_marks, read_never_rules, subjects_of
from preventable.stages.disclosure.recipients import read_recipients

#: Conditions, and the subject that each of them is about.
ABOUT = [
    ("domestic_flag", "is", ["yes"], "domestic"),
    ("domestic_flag", "not_in", ["yes"], "domestic"),
    ("assailant_relation", "in", ["partner", "ex_partner"], "domestic"),
    ("assailant_relation", "is", ["stranger"], "domestic"),
    ("hate_flag", "not_in", ["no"], "hate"),
    ("offence_code", "in", ["8M", "8P", "9B", "105B"], "hate"),
    ("record_category", "in", ["hate_crime"], "hate"),
    ("subject_type", "in", ["alcohol_related"], "alcohol"),
    ("alcohol_involved", "in", ["yes", "suspected"], "alcohol"),
    ("knife_flag", "is", ["yes"], "weapon"),
    ("firearm_flag", "not_in", ["no", "unknown"], "weapon"),
    ("icd10_external_cause", "in", ["Y07", "Y06.1"], "domestic"),
    ("place_type", "is", ["own_home"], "home"),
    ("place_type", "in", ["own_home", "street_public"], "home"),
    ("place_type", "not_in", ["own_home", "other_home"], "home"),
    ("place_type", "not_ends_with", ["_home"], "home"),
    ("place_type", "is", ["street_public"], "place"),
    ("method", "is", ["sexual"], "sexual"),
    ("method", "starts_with", ["sex"], "sexual"),
    ("method", "not_in", ["sexual"], "sexual"),
    ("method", "not_ends_with", ["xual"], "sexual"),
    ("icd10_external_cause", "starts_with", ["Y05"], "sexual"),
    ("offence_code", "in", ["19C", "17A"], "sexual"),
    ("determinant", "not_ends_with", ["S"], "sexual"),
    ("age_band", "in", ["0-9", "10-19"], "young"),
    ("age_band", "not_in", ["20-29"], "young"),
    ("offence_code", "is", ["11A"], "young"),
    ("sex", "is", ["female"], "sex"),
    ("weapon_class", "is", ["sharp"], "weapon"),
    ("weapon_class", "not_in", ["sharp"], "weapon"),
    ("method", "is", ["knife_sharp"], "weapon"),
    ("method", "starts_with", ["knife"], "weapon"),
    ("icd10_external_cause", "starts_with", ["X99"], "weapon"),
    ("icd10_external_cause", "not_in", ["X99.1", "W01"], "weapon"),
    ("determinant", "starts_with", ["MPDS 27"], "weapon"),
    ("determinant", "in", ["MPDS 27D03S", "MPDS 04D02T"], "weapon"),
    ("determinant", "not_ends_with", ["X", "G"], "weapon"),
    *(
        (column, operator, values, subject)
        for column in ("subject_type", "record_category")
        for operator, values, subject in (
            ("is", ["knife_crime"], "weapon"),
            ("not_in", ["Possession-of  Weapons", "robbery"], "weapon"),
            ("starts_with", ["weap"], "weapon"),
            ("starts_with", ["possession_"], "weapon"),
            ("in", ["sexual_offences", "Rape"], "sexual"),
            ("is", ["Domestic violence"], "domestic"),
        )
    ),
]
#: Conditions that tell of no subject, because the codes are those of every assault or of something else.
ABOUT_NOTHING = [
    ("determinant", "starts_with", ["MPDS 04", "MPDS 27"]),
    ("determinant", "not_ends_with", ["X", "Y"]),
    ("icd10_external_cause", "starts_with", ["X99", "Y04"]),
    ("icd10_external_cause", "not_in", ["W01"]),
    ("offence_code", "in", ["8N", "19C"]),
    ("police_informed", "is", ["no"]),
    ("record_category", "in", ["assault", "stabbing"]),
    ("record_category", "starts_with", ["weather"]),
]


def condition(column, operator, values):
    return {"column": column, "operator": operator, "values": values}


def ward_grant(*conditions, area_type="ward"):
    """The policy with a grant by ward of a definition that has some conditions more."""
    given = granting("community_safety", "police_assault_offences", area_type, "last12", "all", "count")
    given.definitions["police_assault_offences"]["conditions"] += conditions
    for level in given.definitions["police_assault_offences"]["levels"]:
        level["area_types"] = [*level["area_types"], *({area_type} - set(level["area_types"]))]
    return given


@pytest.mark.parametrize(("column", "operator", "values", "subject"), ABOUT)
def test_a_condition_is_about_what_it_picks_and_what_it_leaves_out(column, operator, values, subject):
    marks = read_marks(load_policy())

    assert subject in subjects_of([condition(column, operator, values)], marks)


@pytest.mark.parametrize(("column", "operator", "values"), ABOUT_NOTHING)
def test_codes_of_every_assault_are_about_no_kind_of_it(column, operator, values):
    assert subjects_of([condition(column, operator, values)], read_marks(load_policy())) == frozenset()


@pytest.mark.parametrize("area_type", ["ward", "neighbourhood", "middle_area", "venue"])
@pytest.mark.parametrize(("column", "operator", "values", "subject"), ABOUT)
def test_a_definition_about_a_protected_subject_stops_at_the_district(
    column, operator, values, subject, area_type
):
    given = ward_grant(condition(column, operator, values), area_type=area_type)

    with pytest.raises(PolicyError, match="at the district"):
        read_recipients(given)


@pytest.mark.parametrize(("column", "values"), [("sex", ["male"]), ("age_band", ["20-29"])])
def test_licensing_gets_no_definition_that_picks_by_age_or_sex(column, values):
    given = policy()
    recipients = given.files["recipients"]["recipients"]
    recipients[:] = [one for one in recipients if one["partner_type"] == "licensing"]
    given.definitions["ed_assault_places"]["conditions"] = [condition(column, "is", values)]

    with pytest.raises(PolicyError, match="licensing gets places and times"):
        read_recipients(given)


def test_knife_attendances_are_granted_at_districts_alone():
    with pytest.raises(PolicyError, match="stops at the district"):
        read_recipients(
            granting("community_safety", "ed_knife_attendances", "ward", "last12", "all", "count")
        )

    levels = load_policy().definitions["ed_knife_attendances"]["levels"]
    assert {area_type for level in levels for area_type in level["area_types"]} == {"region", "district"}


def test_what_a_definition_is_about_and_what_nobody_may_have_are_the_policys_to_say():
    """With another mark, or without the rule, the same grant passes: both are read from the file."""
    for change in ("about", "never"):
        given = ward_grant(condition("domestic_flag", "is", ["yes"]))
        with pytest.raises(PolicyError):
            read_recipients(given)
        rules = given.files["disclosure"][change]
        if change == "about":
            next(mark for mark in rules if mark["column"] == "domestic_flag")["values"] = ["no"]
        else:
            rules[:] = [rule for rule in rules if "domestic" not in rule.get("about", ())]

        assert read_recipients(given)


@pytest.mark.parametrize(
    "key", ["partner_types", "area_types", "period_types", "dimensions", "measures", "about"]
)
@pytest.mark.parametrize("words", [["mispelt"], [], "ward", [1]])
def test_a_misspelt_word_of_a_never_rule_is_refused(key, words):
    given = policy()
    given.files["disclosure"]["never"].append({"reason": "a reason", key: words})

    with pytest.raises(PolicyError) as refused:
        read_never_rules(given)
    assert refused.value.where == "policy/disclosure.toml"


@pytest.mark.parametrize(
    "rule",
    [
        {"reason": "a reason"},
        {"area_types": ["ward"]},
        {"reason": "", "area_types": ["ward"]},
        {"reason": "a reason", "area_typs": ["ward"]},
        {"reason": "a reason", "area_types": ["ward"], "dimension": ["sex"]},
    ],
)
def test_a_never_rule_with_a_misspelt_key_or_without_a_part_is_refused(rule):
    given = policy()
    given.files["disclosure"]["never"].append(rule)

    with pytest.raises(PolicyError):
        read_recipients(given)


@pytest.mark.parametrize(
    "mark",
    [
        {"column": "sex"},
        {"subject": "sex"},
        {"subject": "sex", "column": "sexx"},
        {"subject": "sex", "column": "record_key"},
        {"subject": "home", "column": "place_type", "value": ["own_home"]},
        {"subject": "home", "column": "place_type", "values": ["own_hom"]},
        {"subject": "home", "column": "place_type", "values": []},
        {"subject": "home", "column": "place_type", "codes": ["own"]},
        {"subject": "young", "column": "age_band", "values": ["0-17"]},
        {"subject": "weapon", "column": "icd10_external_cause"},
        {"subject": "weapon", "column": "icd10_external_cause", "values": ["X99"]},
        {"subject": "weapon", "column": "icd10_external_cause", "codes": "X99"},
    ],
)
def test_a_misspelt_mark_is_refused(mark):
    given = policy()
    given.files["disclosure"]["about"].append(mark)

    with pytest.raises(PolicyError) as refused:
        read_recipients(given)
    assert refused.value.where == "policy/disclosure.toml"


def test_a_subject_that_no_mark_tells_is_refused():
    """Without its mark a rule would forbid nothing."""
    given = policy()
    marks = given.files["disclosure"]["about"]
    marks[:] = [mark for mark in marks if mark["subject"] != "weapon"]

    with pytest.raises(PolicyError, match="weapon"):
        read_recipients(given)


def test_nobody_gets_months_and_quarters_of_the_same_figure():
    """A month is narrowed by its quarter, and the quarter by its months."""
    kinds: dict[tuple[str, str, str], set[str]] = {}
    for recipient in read_recipients(load_policy()):
        for grant in recipient.grants:
            key = (grant.partner_type, grant.definition, grant.area_type)
            kinds.setdefault(key, set()).add(grant.period_type)

    assert kinds
    assert [key for key, types in kinds.items() if {"month", "quarter"} <= types] == []


@pytest.mark.parametrize("key", ["definitions", "area_types", "period_types", "dimensions", "measures"])
@pytest.mark.parametrize("words", [["mispelt"], [], "count", None])
def test_a_misspelt_word_of_a_grant_is_refused(key, words):
    given = granting("community_safety", "police_assault_offences", "district", "last12", "all", "count")
    given.files["recipients"]["recipients"][0]["allowed"][-1][key] = words

    with pytest.raises(PolicyError) as refused:
        read_recipients(given)
    assert refused.value.where == "policy/recipients.toml"
