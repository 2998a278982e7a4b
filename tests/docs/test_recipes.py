"""The recipes work when followed: what a page says to do is done here, through the command line."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap

from conftest import preventable
from repository import ROOT

from preventable.store.home import open_home
from preventable.store.session import reading


def test_an_indicator_is_added_with_data_alone(demo, tmp_path):
    """docs/how-to/add-an-indicator.md, steps 1, 3 and 5."""
    home, policy = tmp_path / "home", tmp_path / "policy"
    shutil.copytree(demo.home, home)
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

    before = preventable("check", months[0], *region, *given, expect=3)
    preventable("submit", months[0], "--home", tmp_path / "home", *region, *given, expect=3)
    after = preventable("submit", months[0], "--home", tmp_path / "home", *given, "--mapping", mapping)

    assert before.stdout.startswith("Q403  ")
    assert "loaded       1 files" in after.stdout


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
    checked = preventable("check", file, "--region", region, "--provider", provider)
    given = ("--home", tmp_path / "home", "--region", region, "--provider", provider)
    sent = preventable("submit", file, *given)

    assert f"{provider} 2025-12" in checked.stdout
    assert "loaded       1 files" in sent.stdout
