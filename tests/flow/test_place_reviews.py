"""The queue of the invented county, decisions taken from a file, the next run, and what was released before."""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
import stat
from pathlib import Path

import pytest
from conftest import preventable_here

from preventable.errors import UsageError
from preventable.explain import explain_figure
from preventable.reviews import place_reviews
from preventable.settings import load_policy
from preventable.store.home import open_home
from preventable.store.session import home_checksums, reading

BY = "A. Tester (invented)"


def files_of(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def filled(path: Path, decide) -> Path:
    """A copy of a queue's file with the decisions that a function makes of its lines, by number."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    for number, line in enumerate(lines):
        line |= decide(number, line)
    taken = path.with_name(f"filled-{path.name}")
    with taken.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)
    return taken


@pytest.fixture(scope="module")
def decided(demo, tmp_path_factory):
    """A home whose queue was decided, all to its second place; what stood before, and what was said."""
    folder = tmp_path_factory.mktemp("reviews")
    home = demo.copied_to(folder / "home")
    before = {"packs": files_of(home / "released" / "packs"), "sums": home_checksums(open_home(home))}
    queue = folder / "queue.csv"
    said = [preventable_here("places", "review", "--home", home, "--out", queue).stdout]
    taken = filled(queue, lambda number, line: {"decision": "2"} if line["place_2"] else {"decision": "none"})
    said.append(preventable_here("places", "review", "--take", taken, "--by", BY, "--home", home).stdout)
    between = home_checksums(open_home(home))
    said.append(preventable_here("run", "--home", home).stdout)
    said.append(preventable_here("packs", "--home", home).stdout)
    return {"home": home, "queue": queue, "before": before, "between": between, "said": said}


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_file_is_its_owners_alone_and_says_restricted(decided):
    assert stat.S_IMODE(decided["queue"].stat().st_mode) == 0o600
    assert "Restricted" in decided["said"][0].splitlines()[0]


def test_lines_stand_in_order_of_records_times_doubt(decided):
    lines = lines_of(decided["queue"])
    weights = [int(line["records"]) * (1 - float(line["probability"])) for line in lines]

    assert len(lines) > 100
    # The file tells probabilities to three digits.
    assert all(before >= after - 0.01 for before, after in zip(weights, weights[1:], strict=False))
    assert len({line["review_id"] for line in lines}) == len(lines)


def test_places_of_a_line_are_distinct_and_their_probabilities_fall(decided):
    for line in lines_of(decided["queue"]):
        places = [line[f"place_{n}"] for n in "123" if line[f"place_{n}"]]
        shares = [float(line[f"p_{n}"]) for n in "123" if line[f"p_{n}"]]

        assert len(set(places)) == len(places) >= 1
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1.001


def test_a_queue_is_not_written_over_a_file(decided):
    done = preventable_here(
        "places", "review", "--home", decided["home"], "--out", decided["queue"], expect=2
    )

    assert done.stderr.startswith("U101")


def test_a_queue_is_not_written_where_partners_look_nor_into_no_folder(decided):
    released = decided["home"] / "released" / "packs"
    before = files_of(released)

    for out in (
        released / "queue.csv",
        released / ".." / "queue.csv",
        decided["home"] / "nowhere" / "queue.csv",
    ):
        done = preventable_here("places", "review", "--home", decided["home"], "--out", out, expect=2)
        assert done.stderr.startswith("U101")
        assert not out.exists()
    assert files_of(released) == before


@pytest.mark.parametrize("by", ["", " ", "A\x1b[31m", "A\nB"])
def test_who_decides_is_named_in_letters_that_can_be_printed(decided, by):
    with pytest.raises(UsageError):
        place_reviews.take(
            open_home(decided["home"]), decided["queue"], by=by, at="2026-01-02T03:04:05+00:00"
        )


def test_a_name_that_no_place_has_is_said_to_be_none(decided):
    done = preventable_here("places", "find", "qqqqxxxx", "--home", decided["home"])

    assert done.stdout.strip() == "No place has a name like that"


def test_the_same_file_taken_twice_is_taken_once(decided):
    home = open_home(decided["home"])
    before = place_reviews.listed(home)
    again = decided["queue"].with_name(f"filled-{decided['queue'].name}")

    done = preventable_here("places", "review", "--take", again, "--by", BY, "--home", decided["home"])

    assert done.stdout.startswith("No decision taken")
    assert place_reviews.listed(home) == before


def test_decisions_change_nothing_before_the_next_run_and_the_places_of_their_texts_in_it(decided):
    home = open_home(decided["home"])
    after = home_checksums(home)["tables"]

    assert decided["between"] == decided["before"]["sums"]
    assert after["place_matches"] == decided["before"]["sums"]["tables"]["place_matches"]
    assert after["located_records"] != decided["before"]["sums"]["tables"]["located_records"]
    with reading(home) as tables:
        places = set(tables.read("located_records").column("place_id").to_pylist())
    assert {line["place_2"] for line in lines_of(decided["queue"]) if line["place_2"]} - places == set()


def test_what_was_decided_is_asked_no_more(decided):
    done = preventable_here("places", "review", "--home", decided["home"])

    assert done.stdout.startswith("0 texts")


def test_packs_made_before_stay_byte_for_byte_and_their_figures_are_explained(decided, demo):
    packs = files_of(decided["home"] / "released" / "packs")
    before = decided["before"]["packs"]
    (old,) = {path.split("/")[0] for path in before}
    figure = figure_that_changed(decided, demo)

    explained = explain_figure(open_home(decided["home"]), load_policy(), figure, release=old)

    assert {path: packs[path] for path in before} == before
    assert len({path.split("/")[0] for path in packs}) == 2
    assert explained == explain_figure(open_home(demo.home), load_policy(), figure)
    assert explained.count != explain_figure(open_home(decided["home"]), load_policy(), figure).count


def figure_that_changed(decided, demo) -> str:
    """A count that was released before and after, and is another one now."""
    exact = {}
    for folder in (demo.home, decided["home"]):
        with reading(open_home(folder)) as tables:
            told = set(tables.read("released").column("figure").to_pylist())
            rows = tables.read("indicator_values").select(["figure", "count"]).to_pylist()
        exact[folder] = {
            row["figure"]: row["count"]
            for row in rows
            if row["figure"] in told and row["figure"].endswith("/count")
        }
    one, other = exact[demo.home], exact[decided["home"]]
    return min(name for name in set(one) & set(other) if one[name] != other[name])


def test_no_release_of_that_name_is_told(decided):
    done = preventable_here("explain", "a", "--release", "2020-01-x", "--home", decided["home"], expect=2)

    assert done.stderr.startswith("U106")


def test_no_text_stands_among_the_decisions_and_none_is_said_of_them(decided):
    """Three letters on: a shorter word may stand in a hash by chance."""
    texts = [line["text"].casefold() for line in lines_of(decided["queue"])]
    kept = (decided["home"] / "restricted" / "decisions" / "000001.json").read_text(encoding="utf-8")
    words = {word for text in texts for word in re.findall(r"[a-z]{6,}", text)}
    named = {
        word
        for line in lines_of(decided["queue"])
        for n in "123"
        for word in re.findall(r"[a-z]{6,}", line[f"name_{n}"].casefold())
    }

    assert [word for word in words if word in kept.casefold()] == []
    said = "\n".join(decided["said"][1:]).casefold()
    assert [word for word in words - named - {"inside", "outside"} if f" {word} " in said] == []


def test_decisions_undone_restore_every_table(decided, tmp_path):
    home = Path(shutil.copytree(decided["home"], tmp_path / "home"))
    opened = open_home(home)
    for one in place_reviews.listed(opened):
        place_reviews.undo(opened, one.kept.decision, by=BY, at="2026-01-02T03:04:05+00:00")
    done = preventable_here("run", "--home", home)

    assert "0 decisions of people" in done.stdout
    before = decided["before"]["sums"]["tables"]
    after = home_checksums(opened)["tables"]
    # What packs was made of stays that of the release between.
    assert {name: after[name] for name in before if name != "partner_packs"} == {
        name: before[name] for name in before if name != "partner_packs"
    }
