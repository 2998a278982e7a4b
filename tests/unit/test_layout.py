"""The house keeps its shape: no machine paths, files of readable length, one face of stages, owned policy."""

from __future__ import annotations

import ast
import datetime as dt
import re
import tomllib
from pathlib import Path

import pytest
from repository import PACKAGE, ROOT, repository_files, text_of

#: Folders of one machine or of one person's account. Assembled, so that this file is not its own finding.
MACHINE_PATH = re.compile(
    "|".join(
        [
            r"(?<![\w.}\])])/" + r"(home|Users)/[A-Za-z]\w*",
            r"(?<![\w.}\])])/" + r"root(?![\w-])",
            r"(?<![\w.}\])])/" + r"(tmp|var/tmp|private/var|var/folders|mnt/[a-z])/\w",
            "file:" + "///",
            r"(?<![A-Za-z])[A-Za-z]:\\+" + r"\w",
        ]
    )
)
LONGEST_FILE_LINES = 600
STAGES = sorted(
    path
    for path in (PACKAGE / "stages").glob("*")
    if (path / "stage.py").is_file() or (path / "README.md").is_file()
)
POLICY = sorted((ROOT / "policy").rglob("*.toml"))


@pytest.mark.parametrize(
    "text",
    [
        "see /" + "root/x",
        "(/" + "home/ann/data)",
        "C:" + "\\Users\\ann",
        "d:" + "\\data",
        "'/" + "Users/ann/data'",
        "<file:" + "///srv/x>",
        "HOME=/" + "root",
        "cd /" + "home/ann",
        "/" + "tmp/x",
    ],
)
def test_guard_of_machine_paths_finds_one(text):
    assert MACHINE_PATH.search(text)


def test_no_file_holds_a_path_of_the_machine_it_was_written_on():
    found = []
    for path in repository_files():
        for number, line in enumerate((text_of(path) or "").splitlines(), 1):
            if MACHINE_PATH.search(line):
                found.append(f"{path}:{number}")

    assert found == []


def test_no_python_file_is_longer_than_one_sitting():
    lengths = {
        path: len((text_of(path) or "").splitlines()) for path in repository_files() if path.suffix == ".py"
    }

    assert {str(path): lines for path, lines in lengths.items() if lines > LONGEST_FILE_LINES} == {}


@pytest.mark.parametrize(
    "folder",
    [
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
    ],  # fmt: skip
)
def test_every_stage_of_the_flow_has_a_folder(folder):
    assert PACKAGE / "stages" / folder in STAGES


@pytest.mark.parametrize("stage", STAGES, ids=lambda path: path.name)
def test_a_stage_has_a_read_me_and_one_public_function(stage):
    tree = ast.parse((stage / "stage.py").read_text(encoding="utf-8"))

    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    assert len([name for name in functions if not name.startswith("_")]) == 1
    assert (stage / "README.md").read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("stage", STAGES, ids=lambda path: path.name)
def test_the_read_me_of_a_stage_says_in_out_who_decides_and_weaknesses(stage):
    text = (stage / "README.md").read_text(encoding="utf-8").lower()

    assert [word for word in ("in", "out", "decides", "weakness") if word not in text] == []


def test_no_stage_without_its_face():
    folders = {path for path in (PACKAGE / "stages").glob("*") if path.is_dir() and list(path.glob("*.py"))}

    assert folders == set(STAGES)


def test_absent_rooms_are_absent_and_not_stubs():
    for name in ("evaluation",):
        assert not (PACKAGE / "stages" / name).exists()
    for name in ("programmes", "portal", "desk"):
        assert not (PACKAGE / name).exists()


def test_there_is_policy():
    assert POLICY


@pytest.mark.parametrize("path", POLICY, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_policy_file_has_an_owner_and_a_review_to_come(path: Path):
    contents = tomllib.loads(path.read_text(encoding="utf-8"))

    assert contents["owner"]
    assert contents["reviewer"]
    assert isinstance(contents["reviewed"], dt.date)
    assert contents["review_by"] > contents["reviewed"]


def test_every_rule_file_of_the_package_says_whose_it_is_and_where_it_comes_from():
    bare = []
    # A kit's mapping has the form of every supplier's: the kit.toml beside it says the rest.
    of_kits = set(PACKAGE.glob("kits/*/mapping.toml"))
    for path in sorted(set(PACKAGE.rglob("*.toml")) - of_kits):
        contents = tomllib.loads(path.read_text(encoding="utf-8"))
        missing = [name for name in ("owner", "source", "reviewed", "review_by") if name not in contents]
        if missing:
            bare.append(f"{path.relative_to(ROOT)} lacks {', '.join(missing)}")

    assert bare == []


#: Names of pages that a reader of the repository does not have.
ABSENT_PAGE = re.compile(r"\b(design|domain|linkage|reliability) pages?\b|\bissue \d", re.IGNORECASE)


@pytest.mark.parametrize("text", ["design page on places, 2.1", "Domain page 1.5, V02", "issue 3, item 6"])
def test_a_source_that_no_reader_has_is_found(text):
    assert ABSENT_PAGE.search(text)


def test_no_file_rests_on_a_page_that_no_reader_has():
    found = [
        f"{path}:{number}"
        for path in repository_files()
        if path.parts[0] in ("src", "policy", "docs")
        for number, line in enumerate((text_of(path) or "").splitlines(), 1)
        if ABSENT_PAGE.search(line)
    ]

    assert found == []


def test_every_page_that_a_source_names_exists():
    texts = [path.read_text(encoding="utf-8") for path in (*POLICY, *sorted(PACKAGE.rglob("*.toml")))]
    named = {page for text in texts for page in re.findall(r"docs/[a-z/-]+\.md", text)}

    assert len(named) >= 4
    assert [page for page in named if not (ROOT / page).is_file()] == []


def test_every_dependency_has_its_licence_and_its_reason_on_the_page():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "decisions" / "dependencies.md").read_text(encoding="utf-8").lower()
    wanted = list(project["project"]["dependencies"])
    for group in (
        *project["dependency-groups"].values(),
        *project["project"]["optional-dependencies"].values(),
    ):
        wanted += group
    names = {re.match(r"[A-Za-z0-9._-]+", entry).group(0).lower() for entry in wanted}

    lines = re.findall(r"(?m)^\| `([^`]+)` \| (\S[^|]*) \| (\S[^|]*) \|", page)

    assert {name for name, _licence, _reason in lines} == names
