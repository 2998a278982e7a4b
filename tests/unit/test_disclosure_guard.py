"""The guard: planted leaks do not leave."""

import pytest
from figures_world import (
    context,
    random_year_handed_on,
    released_from,
    session,
)

from preventable import methods
from preventable.errors import ReleaseRefusedError
from preventable.settings import load_policy
from preventable.stages.disclosure import stage
from preventable.stages.disclosure.cells import (
    Cell,
)
from preventable.stages.disclosure.recipients import read_recipients
from preventable.stages.disclosure.rule import read_release_rule
from preventable.tables import TABLES

RULE = read_release_rule(load_policy())


@pytest.fixture(scope="module")
def exact():
    """What the stage of figures hands on."""
    return random_year_handed_on()


@pytest.fixture(scope="module")
def release(exact):
    """A session after a release that nobody tampered with; tests read it."""
    engine = session(exact)
    return engine, released_from(engine)


# --- planted leaks ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leak", "sql"),
    [
        (
            "exact counts",
            "SELECT * REPLACE (CASE WHEN r.measure = 'count' AND r.value IS NOT NULL THEN CAST(i.count AS DOUBLE)"
            " ELSE r.value END AS value) FROM released_before r LEFT JOIN (SELECT figure AS f, count FROM"
            " indicator_values) i ON i.f = r.figure",
        ),
        (
            "zeros told apart",
            "SELECT * REPLACE (CASE WHEN i.count = 0 AND r.value_note = '[c]' THEN 0.0 ELSE r.value END AS value,"
            " CASE WHEN i.count = 0 AND r.value_note = '[c]' THEN '' ELSE r.value_note END AS value_note)"
            " FROM released_before r LEFT JOIN (SELECT figure AS f, count FROM indicator_values) i ON i.f = r.figure",
        ),
        (
            "a margin summed from its shown parts",
            "SELECT * REPLACE (CASE WHEN area_type = 'region' AND measure = 'count' THEN value + 5 ELSE value END AS value)"
            " FROM released_before",
        ),
        (
            "a small count noted in words",
            "SELECT * REPLACE (CASE WHEN value_note = '[c]' THEN '3' ELSE note END AS note) FROM released_before",
        ),
        (
            "a rate beside a token",
            "SELECT * REPLACE (CASE WHEN measure = 'count' AND value IS NULL THEN 5.0 END AS lower) FROM released_before",
        ),
        (
            "another district",
            "SELECT * REPLACE (replace(recipient, 'XD01', 'XD02') AS recipient) FROM released_before"
            " WHERE recipient = 'licensing-XD01'",
        ),
        (
            "premises of another district",
            "SELECT * FROM released_before UNION ALL SELECT * REPLACE ('licensing-XD01' AS recipient)"
            " FROM released_before WHERE recipient = 'licensing-XD02' AND area_type = 'venue'",
        ),
        (
            "figures under another area's name",
            "SELECT * REPLACE (CASE WHEN area = 'XD01' THEN 'XD02' ELSE area END AS area) FROM released_before",
        ),
        (
            "age and sex to licensing",
            "SELECT * REPLACE (replace(recipient, 'public_health', 'licensing') AS recipient) FROM released_before",
        ),
        (
            "empty categories left out",
            "SELECT * FROM released_before WHERE category <> 'Fri_21-24' AND category <> 'Fri 21-24'",
        ),
        (
            "a category twice",
            "SELECT * FROM released_before UNION ALL SELECT * FROM released_before WHERE area = 'V000'",
        ),
        ("an invented figure", "SELECT * REPLACE (concat(figure, 's') AS figure) FROM released_before"),
        ("a token where a count is shown", "SELECT * REPLACE ('[c]' AS value_note) FROM released_before"),
        (
            "rates per another number",
            "SELECT * REPLACE (CASE WHEN per IS NOT NULL THEN 1000 END AS per) FROM released_before",
        ),
    ],
)
def test_the_guard_refuses_a_planted_leak(exact, release, leak, sql):
    engine = session({**exact, "released_before": release[0].table("released")})
    names = ", ".join(column.name for column in TABLES["released"].columns)

    with pytest.raises(ReleaseRefusedError):
        guarded(engine, f"SELECT {names} FROM ({sql})")


def guarded(engine, sql):
    """The guard as the stage calls it, on a table `released` that was tampered with."""
    given = load_policy()
    engine.create("released", sql)
    engine.create("release_areas", stage._statement("areas"))
    grants = stage._partner_grants(engine, read_recipients(given), "2025-12")
    stage._guard(engine, read_release_rule(given), grants)


def test_the_guard_lets_an_untouched_release_pass(exact, release):
    engine = session({**exact, "released_before": release[0].table("released")})

    guarded(engine, "SELECT * FROM released_before")


def test_a_stage_that_computed_a_rate_from_the_exact_count_would_not_release(exact, monkeypatch):
    engine = session(exact)
    true = {row["figure"].rpartition("/")[0]: row for row in exact["indicator_values"].to_pylist()}

    class Leaking(stage.ShownTables):
        def compute(self, stem, measure):
            if measure == "crude_rate":
                rate = methods.crude_rate(true[stem]["count"], true[stem]["person_years"])
                return Cell(rate.value, lower=rate.lower, upper=rate.upper)
            return super().compute(stem, measure)

    monkeypatch.setattr(stage, "ShownTables", Leaking)

    with pytest.raises(ReleaseRefusedError) as refused:
        stage.protect_indicators(engine, context())
    assert "crude_rate" in refused.value.where
    assert refused.value.exit_code == 4
