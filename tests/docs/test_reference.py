"""Reference pages are what the code says. Mend them with scripts/write_reference.py."""

from __future__ import annotations

from collections import Counter

import pytest
import reference_data
import write_reference as WRITER
from repository import PACKAGE, ROOT

from preventable.stages.quality.rules import quality_rules


@pytest.mark.parametrize("name", sorted(WRITER.PAGES))
def test_a_reference_page_is_what_the_code_says(name):
    written = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")

    assert written == WRITER.PAGES[name](), "run .venv/bin/python scripts/write_reference.py"


def test_every_error_has_a_number_of_its_own_and_stands_on_the_page():
    numbers = [error.number for error in WRITER.error_classes()]
    page = WRITER.errors_page()

    assert [number for number, times in Counter(numbers).items() if times > 1] == []
    assert [number for number in numbers if f"### {number} " not in page] == []


@pytest.mark.parametrize("error", WRITER.error_classes(), ids=lambda error: error.number)
def test_an_error_says_remedy_and_state_in_sentences(error):
    message = str(error("a place", "what was found", (7,)))

    # Errors of a file's lines name all its rows, the others the first of them.
    assert message.startswith(f"{error.number}  a place: what was found (")
    assert "row 7). " in message
    assert error.remedy.endswith(".")
    assert error.state.endswith(".")
    assert error.exit_code in WRITER.EXIT_CODES


def test_data_refused_and_release_refused_keep_their_exit_codes():
    codes = {error.number: error.exit_code for error in WRITER.error_classes()}

    assert {code for number, code in codes.items() if number.startswith("D")} == {4}
    assert codes["Q403"] == 3
    assert codes["U101"] == 2


def test_the_data_pages_show_every_code_file_rule_and_policy_file_with_its_owner():
    codes, rules, policy = WRITER.codes_page(), WRITER.rules_page(), WRITER.policy_page()
    code_files = list((PACKAGE / "codes").glob("*.toml"))
    policy_files = [path.relative_to(ROOT / "policy") for path in (ROOT / "policy").rglob("*.toml")]

    assert code_files
    assert [path.stem for path in code_files if f"## {path.stem}\n" not in codes] == []
    assert codes.count("- Owner: ") == len(code_files)
    assert [rule.id for rule in quality_rules() if f"## {rule.id} ({rule.level})\n" not in rules] == []
    assert [str(path) for path in policy_files if f"`policy/{path}`" not in policy] == []


def test_a_comment_above_a_key_and_one_behind_it_both_stand_on_the_page(tmp_path):
    """Of a key and of a list of tables; a hash sign inside a text is no comment."""
    file = tmp_path / "made.toml"
    file.write_text(
        '# What it is.\nowner = "Somebody # one"\n\n# Above.\n[table]\n# Over\nkey = "a # b"  # behind\n'
        "[[rows]]\nfirst = 1  # of them\n[[rows]]\nfirst = 2\n",
        encoding="utf-8",
    )

    contents, said = reference_data.read(file)

    assert contents["table"]["key"] == "a # b"
    assert said == {
        "": "What it is.",
        "table": "Above.",
        "table.key": "behind. Over.",
        "rows.first": "of them.",
    }
