"""Pages do not go stale: links lead somewhere, commands exist, words are those of the house."""

from __future__ import annotations

import itertools
import re
import shlex

import pytest
import write_reference
from repository import PACKAGE, ROOT, pages, repository_files

from preventable.__main__ import DEFAULT_HOME

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?m)^\s*(?:\|[^`\n]*)?`?(\./(?:preventable|test)\b[^`|\n]*)")
INLINE_COMMAND = re.compile(r"`(\./preventable [^`]+)`")
DESIGN_DOCS = {"tutorials", "how-to", "reference", "explanation", "decisions", "methods"}


def verbs() -> dict[str, set[str]]:
    """Options of every verb; one like `region build` has two words."""
    return {
        name: {opt for p in command.params for opt in p.opts} for name, command in write_reference.verbs()
    }


def commands_on(page) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return sorted({found.strip() for found in [*COMMAND.findall(text), *INLINE_COMMAND.findall(text)]})


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_relative_link_leads_to_a_file(page):
    targets = [
        target for target in LINK.findall((ROOT / page).read_text(encoding="utf-8")) if "://" not in target
    ]

    missing = [
        target
        for target in targets
        if not target.startswith("#") and not (ROOT / page.parent / target.split("#")[0]).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("page", [page for page in pages() if commands_on(page)], ids=str)
def test_every_command_on_a_page_is_a_verb_with_its_options(page):
    known = verbs()

    for line in commands_on(page):
        program, *words = shlex.split(line)
        if program == "./test" or not words or words[0] in {"VERB", "--help", "--version"}:
            continue
        verb = next(
            (name for name in (*(" ".join(words[:many]) for many in (3, 2)), words[0]) if name in known), None
        )
        assert verb, line
        given = {word.split("=")[0] for word in words if word.startswith("--")}
        assert given <= known[verb] | {"--help"}, line


@pytest.mark.parametrize("page", [page for page in pages() if commands_on(page)], ids=str)
def test_no_command_on_a_page_puts_records_into_the_clone(page):
    """What a reader names lies beside the clone; what a command makes by itself git does not see."""
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    given = [
        value
        for line in commands_on(page)
        for option, value in itertools.pairwise(shlex.split(line))
        if option in {"--home", "--out"}
    ]

    assert [value for value in given if not value.isupper() and not value.startswith("../")] == []
    assert f"/{DEFAULT_HOME}/" in ignored


def test_the_read_me_names_the_two_commands_and_every_verb():
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "./preventable demo" in text
    assert "./test" in text
    assert [verb for verb in verbs() if f"`{verb}`" not in text and f"./preventable {verb}" not in text] == []


def test_every_page_of_the_site_is_in_one_of_the_four_kinds_or_a_decision_or_a_method():
    kinds = {page.parts[1] for page in pages() if page.parts[0] == "docs" and len(page.parts) > 2}

    assert kinds == DESIGN_DOCS


def test_every_page_of_the_site_is_in_its_contents():
    # The index of methods lists its folder by a star.
    listed = {f"methods/{page.stem}" for page in (ROOT / "docs/methods").glob("*.md")}
    assert "\n*\n" in (ROOT / "docs/methods/index.md").read_text(encoding="utf-8")
    for index in (ROOT / "docs/index.md", ROOT / "docs/decisions/index.md"):
        base = index.parent.relative_to(ROOT / "docs")
        listed |= {
            str(base / line.strip())
            for line in index.read_text(encoding="utf-8").splitlines()
            if line.strip()
        }
    pages_of_site = {
        str(page.relative_to("docs").with_suffix("")) for page in pages() if page.parts[0] == "docs"
    }

    assert sorted(pages_of_site - listed - {"index"}) == []


def test_every_decision_has_context_choice_and_cost():
    for page in (ROOT / "docs/decisions").glob("*.md"):
        if page.stem in {"index", "dependencies"}:
            continue
        headings = re.findall(r"(?m)^## (\w+)", page.read_text(encoding="utf-8"))
        assert [word for word in ("Context", "Choice", "Cost") if word not in headings] == [], page.name


def test_every_definition_of_the_glossary_stands_once():
    words = re.findall(r"(?m)^\| ([^|]+?) \| ", (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"))
    words = [word for word in words if word not in {"Word", "---"}]

    assert len(words) == len(set(words))


def test_code_owners_give_policy_to_information_governance():
    lines = [line.split() for line in (ROOT / "CODEOWNERS").read_text(encoding="utf-8").splitlines()]
    owners = {line[0]: line[1:] for line in lines if line and not line[0].startswith("#")}

    assert owners["/policy/"] == ["@preventable/information-governance"]
    files = {str(path) for path in repository_files()}
    for pattern in set(owners) - {"*"}:
        assert any(name.startswith(pattern.strip("/")) for name in files), pattern


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_file_named_on_a_page_exists(page):
    """Counted from the root, from the page, or from the package."""
    named = set(
        re.findall(r"`([\w.-]+/[\w./-]+\.(?:py|toml|sql|md|txt|css))`", (ROOT / page).read_text("utf-8"))
    )

    missing = [
        name
        for name in named
        if not any((base / name).is_file() for base in (ROOT, ROOT / page.parent, PACKAGE))
    ]
    assert missing == []
