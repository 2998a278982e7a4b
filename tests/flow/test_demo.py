"""The demo as its user meets it."""

import json

from conftest import preventable


def test_demo_writes_a_summary_of_stages_and_packs(demo):
    summary = json.loads((demo.home / "summary.json").read_text())

    names = [stage["name"] for stage in summary["stages"]]
    assert names == [
        "invent",
        "sources",
        "quality",
        "pseudonyms",
        "places",
        "indicators",
        "disclosure",
        "packs",
    ]
    assert all(set(stage) == {"name", "rows_in", "rows_out", "seconds"} for stage in summary["stages"])
    assert all(stage["rows_out"] > 0 for stage in summary["stages"])
    assert all((demo.home / path).is_file() for path in summary["packs"])


def test_every_partner_has_a_page_and_a_table(demo):
    packs = json.loads((demo.home / "summary.json").read_text())["packs"]

    partners = {path.split("/")[-2] for path in packs}
    assert len(partners) == 21
    for partner in partners:
        endings = {path.split(".", 1)[1] for path in packs if path.split("/")[-2] == partner}
        assert endings == {"html", "csv", "csv-metadata.json"}


def test_demo_says_what_was_planted_and_that_it_was_not_looked_for(demo):
    planted = json.loads((demo.invented / "truth" / "planted.json").read_text())["planted"]

    assert demo.stdout.count("not looked for yet") == len(planted) > 5


def test_demo_says_what_to_try_next(demo):
    assert "explain FIGURE" in demo.stdout


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
