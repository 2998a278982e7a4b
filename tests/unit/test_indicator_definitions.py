"""Definitions: a change of one changes its figures, one alone has those it has among all, ill-formed ones are refused."""

from dataclasses import replace

import pytest
from figures_world import counted, figures, months, policy, random_records, record, school_lines

from preventable.errors import PolicyError

HELD = months(24)


@pytest.fixture(scope="module")
def records():
    return random_records(7, 2_500, HELD)


@pytest.fixture(scope="module")
def found(records):
    return figures(counted(records, HELD, listings=school_lines({"XD01": 12, "XD02": 3})))


def test_a_change_of_a_definition_changes_the_figures(records):
    changed = policy({("definitions", "ed_knife_attendances", "conditions"): [
        {"column": "weapon_class", "operator": "in", "values": ["sharp", "glass"]}
    ], ("definitions", "ed_knife_attendances", "version"): 2})  # fmt: skip

    before, after = figures(counted(records, HELD)), figures(counted(records, HELD, policy=changed))

    name = "ed_knife_attendances.v{}/region/X01/last12/2025-12/all/all/count"
    assert after[name.format(2)]["count"] > before[name.format(1)]["count"]
    assert name.format(1) not in after


@pytest.mark.parametrize("definition", sorted(policy().definitions))
def test_a_definition_alone_has_the_figures_that_it_has_among_all(records, found, definition):
    """Records are grouped once for all definitions: which others there are must not be seen."""
    # Signals need a series: of itself, or else of one other definition.
    series = [one for one in policy().files["signals"]["series"] if one["definition"] == definition] or [
        {"definition": "police_assault_offences", "severity_weight": 1}
    ]
    given = policy({("signals", "series"): series})
    kept = {definition, series[0]["definition"]}
    alone = replace(given, definitions={name: given.definitions[name] for name in kept})

    engine = counted(records, HELD, policy=alone, listings=school_lines({"XD01": 12, "XD02": 3}))
    figured = {name: row for name, row in figures(engine).items() if row["definition"] == definition}

    assert figured
    assert figured == {name: row for name, row in found.items() if row["definition"] == definition}


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ({"column": "method", "operator": "not_in", "values": ["knife_sharp"]}, 2),
        ({"column": "method", "operator": "is", "values": ["knife_sharp"]}, 1),
        ({"column": "offence_code", "operator": "starts_with", "values": ["8"]}, 1),
        ({"column": "offence_code", "operator": "in", "values": ["' OR 1=1 --"]}, 0),
        ({"column": "offence_code", "operator": "not_ends_with", "values": ["N", "05A"]}, 2),
        ({"column": "offence_code", "operator": "not_ends_with", "values": ["x8N", "'"]}, 3),
    ],
)
def test_a_condition_picks_its_records_and_a_missing_value_fulfils_only_a_negation(condition, count):
    made = [record(1, method="knife_sharp"), record(2, method=None, offence_code="8N"), record(3)]

    found = figures(
        counted(
            made,
            months(12),
            policy=policy({("definitions", "ed_assault_attendances", "conditions"): [condition]}),
        )
    )

    assert found["ed_assault_attendances.v1/region/X01/last12/2025-12/all/all/count"]["count"] == count


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("id",), "another", "not the name of the file"),
        (("version",), 0, "version"),
        (("source",), "hearsay", "source"),
        (("area_basis",), "postcode", "area_basis"),
        (("title",), "", "lacks title"),
        (("conditions",), [{"column": "person_key", "operator": "is", "values": ["x"]}], "column"),
        (("conditions",), [{"column": "method", "operator": "like", "values": ["x"]}], "operator"),
        (("conditions",), [{"column": "method", "operator": "is", "values": ["sword"]}], "value of method"),
        (
            ("conditions",),
            [{"column": "method", "operator": "is", "values": ["glass", "bottle"]}],
            "not one value",
        ),
        (("conditions",), [{"column": "method", "operator": "in", "values": []}], "no list of words"),
        (("levels",), [], "lacks levels"),
        (("levels", 0, "area_types"), ["street"], "area_type"),
        (("levels", 0, "area_types"), ["venue"], "nobody lives at a venue"),
        (("levels", 0, "dimensions"), ["person_key"], "dimension"),
        (("source",), "police", "police does not record place_type, weapon_class"),
        (("source",), "admissions", "admissions does not record place_type"),
        (("source",), "licensing", "licensing has the form list"),
        (("levels", 0, "period_types"), ["day"], "period_type"),
        (("levels", 0, "period_types"), [], None),
        (("levels", 0, "period_types"), ["month", "month"], "twice"),
    ],
)
def test_a_definition_that_is_not_well_formed_is_refused(path, value, said):
    given = policy({("definitions", "ed_assault_attendances", *path): value})

    if said is None:
        assert counted([record(1)], months(12), policy=given)
        return
    with pytest.raises(PolicyError) as refused:
        counted([record(1)], months(12), policy=given)
    assert said in str(refused.value)
