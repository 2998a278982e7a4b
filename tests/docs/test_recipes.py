"""The recipes work when followed: what a page says to do is done here, through the command line."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap

import pytest
from conftest import preventable, preventable_here
from repository import ROOT

from preventable.codes import code_file
from preventable.store.home import open_home
from preventable.store.session import reading
from preventable.tables.conditions import LIST_COLUMNS, OPERATORS, RECORD_COLUMNS


def test_an_indicator_is_added_with_data_alone(demo, tmp_path):
    """docs/how-to/add-an-indicator.md, steps 1, 4 and 6."""
    home, policy = tmp_path / "home", tmp_path / "policy"
    demo.copied_to(home)
    shutil.copytree(ROOT / "policy", policy)
    knife = (policy / "definitions" / "ed_knife_attendances.toml").read_text(encoding="utf-8")
    blunt = knife.replace("ed_knife_attendances", "ed_blunt_attendances").replace('["sharp"]', '["blunt"]')
    (policy / "definitions" / "ed_blunt_attendances.toml").write_text(blunt, encoding="utf-8")
    recipients = (policy / "recipients.toml").read_text(encoding="utf-8")
    wider = recipients.replace('"ed_knife_attendances"', '"ed_knife_attendances", "ed_blunt_attendances"')
    (policy / "recipients.toml").write_text(wider, encoding="utf-8")

    preventable("run", "--home", home, PREVENTABLE_POLICY=str(policy))

    with reading(open_home(home)) as tables:
        shown = {row["definition"] for row in tables.read("released").to_pylist() if row["value"] is not None}
    assert "ed_blunt_attendances" in shown


def test_a_changed_format_is_taken_once_its_mapping_is_given(demo, tmp_path):
    """docs/how-to/mend-a-changed-format.md, steps 3 and 4."""
    mapping = next((demo.invented / "region" / "mappings" / "later").glob("*.toml"))
    provider = mapping.stem.rpartition(".v")[0]
    months = sorted(
        name for name in (demo.invented / "submissions" / provider).iterdir() if "2025-12" in name.name
    )
    given = ("--provider", provider)
    region = ("--region", demo.invented / "region")

    before = preventable_here("check", months[0], *region, *given, expect=3)
    preventable_here("submit", months[0], "--home", tmp_path / "home", *region, *given, expect=3)
    after = preventable_here("submit", months[0], "--home", tmp_path / "home", *given, "--mapping", mapping)

    assert before.stdout.startswith("Q403  ")
    assert "loaded       1 file " in after.stdout


def test_a_supplier_of_a_known_kind_is_added_without_code(demo, tmp_path):
    """docs/how-to/add-a-source.md, steps 2 to 6: the page's own lines, typed as they stand."""
    page = (ROOT / "docs" / "how-to" / "add-a-source.md").read_text(encoding="utf-8")
    lines = textwrap.dedent(
        re.search(r"(?ms)^   \.venv/bin/python - REGION <<'END'\n(.+?)^   END$", page).group(1)
    )
    provider = re.search(r'"provider": "([a-z-]+)"', lines).group(1)
    region, file = tmp_path / "region", tmp_path / "month.csv"
    shutil.copytree(demo.invented / "region", region)
    known = sorted((demo.invented / "submissions" / "ed-oxmundle").glob("*2025-12.csv"))
    shutil.copy(known[0], file)
    mapping = (region / "mappings" / "ed-oxmundle.v1.toml").read_text(encoding="utf-8")
    (region / "mappings" / f"{provider}.v1.toml").write_text(
        mapping.replace('provider = "ed-oxmundle"', f'provider = "{provider}"'), encoding="utf-8"
    )

    subprocess.run([sys.executable, "-", str(region)], input=lines, text=True, check=True)
    checked = preventable_here("check", file, "--region", region, "--provider", provider)
    given = ("--home", tmp_path / "home", "--region", region, "--provider", provider)
    sent = preventable_here("submit", file, *given)

    assert f"{provider} 2025-12" in checked.stdout
    assert "loaded       1 file " in sent.stdout


def test_the_recipe_of_an_indicator_names_every_column_and_operator_of_a_condition():
    page = (ROOT / "docs" / "how-to" / "add-an-indicator.md").read_text(encoding="utf-8")

    assert [word for word in (*RECORD_COLUMNS, *LIST_COLUMNS, *OPERATORS) if f"`{word}`" not in page] == []
    of_lists = {"sex", "method", "weapon_class", "place_type", "place_qualifier", "severity", "yes_no"}
    assert of_lists <= set(code_file("canonical")["lists"])
    assert [name for name in of_lists if f"`{name}`" not in page] == []


@pytest.mark.parametrize("page", ["add-an-indicator", "add-a-recipient"])
def test_the_last_commands_of_a_recipe_name_the_home(page):
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    commands = re.findall(r"(?m)^ +\./preventable .+$", text)

    assert commands
    assert [command for command in commands if "--home HOME" not in command] == []


def test_a_recipient_of_a_known_type_is_added_without_code(demo, tmp_path):
    """docs/how-to/add-a-recipient.md, steps 1 and 5: the page's own lines, typed as they stand."""
    page = (ROOT / "docs" / "how-to" / "add-a-recipient.md").read_text(encoding="utf-8")
    lines = re.search(r"(?ms)^   \.venv/bin/python - REGION <<'END'\n(.+?)^   END$", page).group(1)
    region, home = tmp_path / "region", tmp_path / "home"
    shutil.copytree(demo.invented / "region", region)
    subprocess.run([sys.executable, "-", region], input=textwrap.dedent(lines), text=True, check=True)
    admissions = next((demo.invented / "submissions").glob("*admissions*"))

    preventable_here("submit", admissions, "--home", home, "--region", region)
    preventable_here("run", "--home", home)

    with reading(open_home(home)) as tables:
        received = {row["recipient"] for row in tables.read("released").to_pylist()}
    assert "licensing-quarnmere" in received
