"""The pages on sources and mappings: their examples are those that run, and they leave out no field and no key."""

from __future__ import annotations

import re
import tomllib

import pytest
from repository import ROOT

from preventable.settings import load_policy
from preventable.stages.sources.mapping import FIELDS, supplier_mappings
from preventable.tables.source_kinds import declaration_keys, source_kinds

HOW_TO = ROOT / "docs" / "how-to"
EXAMPLES = sorted(ROOT.glob("examples/*/mappings/*.toml"))


def example_of(page: str) -> dict:
    text = (HOW_TO / page).read_text(encoding="utf-8")
    return tomllib.loads(re.search(r"(?ms)^```toml\n(.+?)^```$", text).group(1))


def toml(path: str) -> dict:
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


def test_the_mapping_of_the_page_is_the_one_that_runs():
    assert example_of("write-a-mapping.md") == toml("examples/dentists/mappings/dental-quarnmere.v1.toml")


def test_the_declaration_of_the_page_is_the_one_that_runs():
    runs = toml("examples/dentists/policy/sources/dental.toml")

    assert example_of("add-a-source.md") == {key: value for key, value in runs.items() if key != "source"}


def test_the_page_of_mappings_names_every_field():
    page = (HOW_TO / "write-a-mapping.md").read_text(encoding="utf-8")

    assert [field for field in FIELDS if f"`{field}`" not in page] == []


def test_the_page_of_sources_names_every_key_of_a_declaration():
    page = (HOW_TO / "add-a-source.md").read_text(encoding="utf-8")

    assert [key for key in declaration_keys() if f"| `{key}` |" not in page] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_mapping_of_an_example_is_one_that_its_source_can_have(path):
    mapping = tomllib.loads(path.read_text(encoding="utf-8"))
    kinds = source_kinds(load_policy(ROOT / "policy", path.parents[1] / "policy"))
    provider = {"provider": mapping["provider"], "source": mapping["source"]}

    read = supplier_mappings([mapping], provider=provider, kind=kinds[mapping["source"]], where="here")

    assert path.name == f"{read[0].provider}.v{read[0].version}.toml"
    assert len(mapping["approved_by"]) >= 2
