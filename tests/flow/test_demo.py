"""The demo as its user meets it."""

import json
import re
import shlex
import shutil

import pytest
from conftest import preventable

from preventable.pipeline import STEPS
from preventable.store.home import open_home
from preventable.store.session import reading

STAGES = (
    "invent",
    "sources",
    "quality",
    "pseudonyms",
    "places",
    "linkage",
    "indicators",
    "signals",
    "estimates",
    "clusters",
    "patterns",
    "disclosure",
    "packs",
)


def test_demo_writes_a_summary_of_stages_and_packs(demo):
    summary = json.loads((demo.home / "summary.json").read_text())

    names = [stage["name"] for stage in summary["stages"]]
    assert tuple(names) == STAGES
    assert all(set(stage) == {"name", "rows_in", "rows_out", "seconds"} for stage in summary["stages"])
    assert all(stage["rows_out"] > 0 for stage in summary["stages"])
    assert all((demo.home / path).is_file() for path in summary["packs"])


def test_every_partner_has_a_page_and_a_table(demo):
    packs = json.loads((demo.home / "summary.json").read_text())["packs"]

    partners = {path.split("/")[-2] for path in packs}
    assert len(partners) == 21
    for partner in partners:
        endings = {path.split(".", 1)[1] for path in packs if path.split("/")[-2] == partner}
        assert endings == {"html", "pdf", "csv", "csv-metadata.json", "xlsx", "ods"}


def test_one_page_leads_to_every_pack_and_is_named(demo):
    packs = json.loads((demo.home / "summary.json").read_text())["packs"]
    index = (demo.home / packs[0]).parents[1] / "index.html"

    links = set(re.findall(r'href="([^"#]+)"', index.read_text(encoding="utf-8")))

    assert f"  {index}\n" in demo.stdout
    pages = {"/".join(path.split("/")[-2:]) for path in packs if path.endswith(".html")}
    assert links == {path.replace("html", e) for path in pages for e in ("html", "pdf", "xlsx", "ods", "csv")}


def test_demo_says_of_all_that_was_planted_what_became_of_it(demo):
    planted = json.loads((demo.invented / "truth" / "planted.json").read_text())["planted"]

    told = demo.stdout.split("Planted in the county:\n")[1].split("\n\n")[0].splitlines()

    times = [int(found.group(1)) if (found := re.match(r"  (\d+) x ", line)) else 1 for line in told]
    assert sum(times) == len(planted)
    said = re.compile(
        r": (not looked for|(found|missed|not detectable|rightly not told|wrongly told) \(.+\))$"
    )
    assert [line for line in told if not said.search(line)] == []


def test_what_was_planted_is_in_the_summary_with_its_result_and_figures(demo):
    planted = json.loads((demo.invented / "truth" / "planted.json").read_text())["planted"]

    told = json.loads((demo.home / "summary.json").read_text())["planted"]

    assert [one["what"] for one in told] == [item["what"] for item in planted]
    by_kind = {one["kind"]: one for one in told}
    for kind in ("late_month", "changed_format", "correction"):
        assert by_kind[kind]["result"] == "found"
    # Three months are no history: nothing is scored, so nothing was looked for.
    for kind in ("time_cluster", "slow_rise", "badly_run_venue", "space_cluster", "programme"):
        assert by_kind[kind]["result"] == "not looked for"


def test_the_share_unknown_to_police_stands_beside_the_truth(demo):
    truth = json.loads((demo.invented / "truth" / "truth.json").read_text())

    told = json.loads((demo.home / "summary.json").read_text())["unknown_to_police"]

    assert set(told) == {"ed", "ambulance"}
    for source, one in told.items():
        assert one["truth"] == truth[f"{source}_unknown_to_police"]
        if one["calibrated"]:
            assert 0 <= one["lower"] < one["estimate"] < one["upper"] <= 1
            assert f"{source:<10} estimated {one['estimate']:.1%}" in demo.stdout
        else:
            assert one["estimate"] is None
            assert one["reason"]
            assert f"{source:<10} not calibrated: {one['reason']}" in demo.stdout


def test_the_share_seen_by_neither_police_nor_ed_stands_beside_the_truth(demo):
    truth = json.loads((demo.invented / "truth" / "truth.json").read_text())

    one = json.loads((demo.home / "summary.json").read_text())["seen_by_neither"]

    assert one["truth"] == truth["ambulance_seen_by_neither"] > 0
    assert 0 <= one["lower"] < one["estimate"] < one["upper"] <= 1
    assert f"seen by neither police nor ED: estimated {one['estimate']:.1%}" in demo.stdout


def test_quick_packs_say_that_there_is_not_enough_history(demo):
    packs = json.loads((demo.home / "summary.json").read_text())["packs"]
    page = next(path for path in packs if path.endswith("community_safety.html"))

    assert "Not enough history to say what is usual" in (demo.home / page).read_text(encoding="utf-8")


def test_demo_tells_each_stage_with_its_counts_and_seconds(demo):
    for stage in STAGES:
        assert re.search(rf"(?m)^{stage} +[\d,]+ [a-z ]+ +-> +[\d,]+ [a-z]+ +[\d.]+ s$", demo.stdout), stage


def test_each_stage_takes_in_the_rows_that_a_stage_before_it_gave_out(demo):
    """Rows of the main table of each step: a record is never counted beside its own outcome or finding."""
    stages = json.loads((demo.home / "summary.json").read_text())["stages"]
    with reading(open_home(demo.home)) as tables:
        held = {name: tables.read(name).num_rows for step in STEPS for name in step.counted}

    steps = stages[2:]
    assert [stage["rows_in"] for stage in steps] == [held[step.counted[0]] for step in STEPS]
    assert [stage["rows_out"] for stage in steps] == [held[step.counted[1]] for step in STEPS]
    rows, records = held["outcomes"], held["pseudonymous_records"]
    assert f"{rows:,} outcomes -> {records:>9,} records" in demo.stdout
    assert f"{held['released']:,} released -> {held['partner_packs']:>9,} files" in demo.stdout


def test_what_demo_says_to_try_next_works(demo):
    commands = re.findall(r"(?m)^  \./preventable (.+)$", demo.stdout)

    assert [command.split()[0] for command in commands] == ["explain", "explain", "run", "checksums"]
    for command in commands[1:]:
        if not command.startswith("run "):
            preventable(*shlex.split(command))


def test_a_second_demo_in_the_same_home_says_that_nothing_changed(tmp_path, demo):
    home = tmp_path / "a home é"
    demo.copied_to(home)
    before = preventable("checksums", "--home", home, "--json").stdout

    again = preventable("demo", "--quick", "--home", home).stdout

    assert again.count("unchanged\n") == len(("sources", *STEPS))
    assert "Refused" not in again
    assert f"explain FIGURE --home '{home}'" in again
    assert preventable("checksums", "--home", home, "--json").stdout == before


@pytest.mark.parametrize("options", [("--seed", "2"), ("--vary",), ()])
def test_a_demo_of_another_making_is_refused(tmp_path, demo, options):
    home = tmp_path / "home"
    (home / "demo").mkdir(parents=True)
    shutil.copy(demo.invented / "demo.txt", home / "demo")

    quick = ("--quick",) if options else ()
    done = preventable("demo", *quick, *options, "--home", home, expect=2)

    assert "another seed, length or --vary" in done.stderr
    assert [path.name for path in home.iterdir()] == ["demo"]


def test_a_demo_does_not_rewrite_files_that_another_command_may_be_reading(tmp_path, demo):
    home = tmp_path / "home"
    demo.copied_to(home)
    before = {path: path.stat().st_mtime_ns for path in (home / "demo" / "submissions").rglob("*")}

    with open_home(home).lock():
        done = preventable("demo", "--quick", "--home", home, expect=1)

    assert "H203" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_changed_format_was_refused_until_its_mapping_was_given(demo):
    # November's and December's file of one hospital.
    assert demo.stdout.count("Q403") == 2


def test_a_demo_home_carries_a_marked_key(demo):
    assert 'key_id = "demo-' in (demo.home / "home.toml").read_text()


def test_demo_leaves_another_folder_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")

    done = preventable("demo", "--quick", "--home", tmp_path, expect=2)

    assert "U10" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
