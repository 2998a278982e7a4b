"""A key that nothing reads is refused: a misspelt rule would be no rule."""

import pytest
from figures_world import policy

from preventable.errors import PolicyError
from preventable.partners.calendar_policy import read_calendar_policy
from preventable.stages.clusters.policy import read_cluster_policy
from preventable.stages.disclosure.recipients import read_recipients
from preventable.stages.disclosure.rule import read_release_rule
from preventable.stages.indicators.definitions import read_definitions
from preventable.stages.linkage.policy import read_linkage_policy
from preventable.stages.patterns.rules import read_pattern_policy
from preventable.stages.scorecards.rules import read_score_rules
from preventable.tables.estimate_rules import read_estimate_rules
from preventable.tables.signal_rules import read_signal_rules

#: Reader, and the part of a policy file that gets a key more.
PARTS = [
    (read_release_rule, ("disclosure",)),
    (read_release_rule, ("disclosure", "counts")),
    (read_release_rule, ("disclosure", "coverage")),
    (read_release_rule, ("disclosure", "rates")),
    (read_release_rule, ("disclosure", "shares")),
    (read_release_rule, ("disclosure", "notes")),
    (read_release_rule, ("disclosure", "notes", "incomplete")),
    (read_release_rule, ("disclosure", "notes", "not_expected")),
    (read_recipients, ("disclosure", "never", 0)),
    (read_recipients, ("disclosure", "about", 0)),
    (read_recipients, ("recipients",)),
    (read_recipients, ("recipients", "recipients", 0)),
    (read_recipients, ("recipients", "recipients", 0, "allowed", 0)),
    (read_linkage_policy, ("linkage",)),
    (read_linkage_policy, ("linkage", "estimates")),
    (read_signal_rules, ("signals",)),
    (read_signal_rules, ("signals", "series", 0)),
    (read_signal_rules, ("signals", "weeks")),
    (read_signal_rules, ("signals", "score")),
    (read_signal_rules, ("signals", "lines")),
    (read_pattern_policy, ("patterns",)),
    (read_pattern_policy, ("patterns", "agreements", 0)),
    (read_pattern_policy, ("patterns", "associations", 0)),
    (read_release_rule, ("disclosure", "patterns")),
    (read_estimate_rules, ("estimates",)),
    (read_estimate_rules, ("estimates", "areas")),
    (read_estimate_rules, ("estimates", "premises")),
    (read_cluster_policy, ("clusters",)),
    (read_cluster_policy, ("clusters", "areas")),
    (read_cluster_policy, ("clusters", "incidents")),
    (read_calendar_policy, ("calendar",)),
    (read_calendar_policy, ("calendar", "due")),
    (read_calendar_policy, ("calendar", "letters", 0)),
    (read_calendar_policy, ("calendar", "asks")),
    (read_calendar_policy, ("calendar", "page")),
    (read_score_rules, ("scorecards",)),
    (read_score_rules, ("scorecards", "weights")),
    (read_score_rules, ("scorecards", "location")),
    (read_score_rules, ("scorecards", "sources", "ed")),
    (read_score_rules, ("scorecards", "mend", "words", "late")),
    (read_definitions, ("definitions", "ed_knife_attendances")),
    (read_definitions, ("definitions", "ed_knife_attendances", "conditions", 0)),
    (read_definitions, ("definitions", "ed_knife_attendances", "levels", 0)),
]


@pytest.mark.parametrize(
    ("read", "path"), PARTS, ids=lambda part: "/".join(map(str, part)) if isinstance(part, tuple) else ""
)
def test_a_key_that_nothing_reads_is_refused_by_name(read, path):
    assert read(policy())

    with pytest.raises(PolicyError, match="a key that nothing reads: mispelt") as refused:
        read(policy({(*path, "mispelt"): 1}))
    file = f"definitions/{path[1]}" if path[0] == "definitions" else path[0]
    assert refused.value.where == f"policy/{file}.toml"


@pytest.mark.parametrize(
    "not_told", [{"police": ["weapon"]}, {"ed": ["wepon"]}, {"ed": "weapon"}, ["weapon"]]
)
def test_what_is_not_told_names_health_sources_and_break_downs(not_told):
    with pytest.raises(PolicyError, match="not_told"):
        read_linkage_policy(policy({("linkage", "estimates", "not_told"): not_told}))


@pytest.mark.parametrize("name", ["counts", "notes"])
def test_a_section_that_is_no_table_is_refused(name):
    with pytest.raises(PolicyError):
        read_release_rule(policy({("disclosure", name): 5}))


def test_a_condition_names_bands_of_age_that_exist():
    given = policy()
    given.definitions["ed_knife_attendances"]["conditions"].append(
        {"column": "age_band", "operator": "in", "values": ["0-17"]}
    )

    with pytest.raises(PolicyError, match="0-17"):
        read_definitions(given)
