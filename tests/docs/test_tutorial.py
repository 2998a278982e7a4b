"""The lessons are true: their commands, typed in order in a clean clone, print what their pages show.

What may differ is listed, and taken out on both sides, by `write_tutorial.comparable`: seconds, versions, hashes (which are
equal must stay equal), reviews that have come due. Mend a page with scripts/write_tutorial.py.
"""

from __future__ import annotations

import shutil

import launch
import pytest
import write_tutorial
from repository import ROOT
from write_tutorial import Block, Printed, blocks, comparable, replay, written

TUTORIALS = ROOT / "docs" / "tutorials"
BY_HAND = (TUTORIALS / "from-clone-to-pack.md").read_text(encoding="utf-8")
FIRST_RUN = (TUTORIALS / "first-run.md").read_text(encoding="utf-8")


def assert_prints_what_is_shown(page: str, printed: list[Printed]) -> None:
    told = blocks(page)
    shown, found = comparable([b.shown for b in told]), comparable([p.output for p in printed])
    for block, done, expected, output in zip(told, printed, shown, found, strict=True):
        typed = block.command or block.glob
        due = "was due for review" in done.output
        assert done.exit_code == block.exit_code or (due and done.exit_code == 1), f"{typed}\n{done.output}"
        assert output == expected, (
            f"{typed}\nrun .venv/bin/python scripts/write_tutorial.py, and read what changed"
        )


@pytest.fixture
def git() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip(
            "this copy is no git repository, or git is not on this machine: there is nothing to clone"
        )


@pytest.mark.usefixtures("git", "demo")
def test_from_clone_to_pack_prints_what_its_page_shows(tmp_path):
    """With this Python in the place of the clone's environment, whose making is a matter of the slow test.

    After the demo, which compiled what the clone is then given.
    """
    assert_prints_what_is_shown(BY_HAND, replay(BY_HAND, tmp_path, stand_in=True))


@pytest.mark.slow
@pytest.mark.usefixtures("git")
@pytest.mark.parametrize("page", [FIRST_RUN, BY_HAND], ids=["first run", "from clone to pack"])
def test_a_lesson_prints_what_its_page_shows_in_an_environment_that_it_makes(page, tmp_path):
    assert_prints_what_is_shown(page, replay(page, tmp_path, stand_in=False))


def test_the_first_run_prints_what_its_page_shows(demo):
    """The demo that all tests share is the one of the page, in another folder."""
    clone, version, shown = blocks(FIRST_RUN)
    printed = demo.stdout.replace(f" --home {demo.home}", "").replace(str(demo.home), "preventable-home")

    assert clone.command.endswith("cd preventable\n")
    assert shown.command == "./preventable demo --quick\n"
    assert_prints_what_is_shown(FIRST_RUN, [Printed("", 0), Printed(version.shown, 0), Printed(printed, 0)])


@pytest.mark.parametrize("page", sorted(TUTORIALS.glob("*.md")), ids=lambda page: page.stem)
def test_every_command_of_a_lesson_is_replayed(page):
    """No box of commands is in a form that the replay does not know."""
    text = page.read_text(encoding="utf-8")
    told = blocks(text)

    assert text.count("```sh\n") == sum(bool(block.command) for block in told)
    assert text.count("```text\n") == sum(bool(block.shown) for block in told)
    assert text.count("```") == 2 * (text.count("```sh\n") + text.count("```text\n"))


def test_a_lesson_goes_from_a_clone_to_a_pack_with_every_verb_of_a_month():
    typed = "".join(block.command for block in blocks(BY_HAND))
    steps = ("git clone", "invent", "check", "submit", "run", "packs", "explain", "checksums", "doctor")

    assert [step for step in steps if step not in typed] == []
    assert typed.count("./preventable run") == 2


PAGE = """# A

<!-- exit 3 -->
```sh
false
```

<!-- first 1, last 1 -->
```text
one
```

```sh
true
```

<!-- page *.html, first 2 -->
```text
old
```
"""


def test_what_a_page_says_is_read_as_it_stands():
    assert blocks(PAGE) == [
        Block("false\n", "one\n", 3, 1, 1),
        Block("true\n", ""),
        Block("", "old\n", first=2, glob="*.html"),
    ]


def test_new_outputs_take_the_place_of_old_ones_and_nothing_else_changes():
    new = written(PAGE, [Printed("two\n", 3), Printed("three\n", 0), Printed("new\n", 0)])

    assert [block.shown for block in blocks(new)] == ["two\n", "three\n", "new\n"]
    assert written(new, [Printed("one\n", 3), Printed("", 0), Printed("old\n", 0)]) == PAGE


def test_an_output_that_differs_in_seconds_alone_is_not_written_anew():
    page = "```sh\nrun\n```\n\n```text\nplaces   3 records    2.5 s\n```\n"

    assert written(page, [Printed("places   3 records   11.0 s\n", 0)]) == page
    assert written(page, [Printed("places   4 records    2.5 s\n", 0)]) != page


def test_a_replay_sees_output_exit_code_and_folder(tmp_path):
    page = "```sh\nmkdir a\ncd a\n```\n\n<!-- exit 4 -->\n```sh\nseq 9; basename $PWD >&2; exit 4\n```\n"
    few = page.replace("```sh\nseq", "```sh\nseq").replace(
        "exit 4\n```\n", "exit 4\n```\n\n<!-- first 2, last 1 -->\n```text\n```\n"
    )

    (made, said) = replay(few, tmp_path, stand_in=False)

    assert made == Printed("", 0)
    assert said == Printed("1\n2\n... 7 lines more ...\na\n", 4)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("quality  3 rows    1.2 s", "quality  3 rows   91.0 s", True),
        ("quality  3 rows    1.2 s", "quality  4 rows    1.2 s", False),
        ("ok    duckdb 2.0.0", "ok    duckdb 2.1.0.post1", True),
        ("ok    duckdb 2.0.0", "MEND  duckdb 2.0.0", False),
        ("state " + "a" * 64, "state " + "b" * 64, True),
        ("a " + "a" * 64 + "\nb " + "a" * 64, "a " + "a" * 64 + "\nb " + "b" * 64, False),
    ],
)
def test_only_what_may_differ_is_taken_out(one, other, alike):
    assert (comparable([one]) == comparable([other])) is alike


def test_a_page_is_read_as_its_lines():
    html = "<title>no</title><h1>A <em>b</em></h1><svg><text>no</text></svg><p>c\n d</p><td>1</td><td>2</td>"

    assert write_tutorial.page_lines(html) == ["A b", "c d", "1", "2"]


@pytest.mark.parametrize("page", [FIRST_RUN, BY_HAND], ids=["first run", "from clone to pack"])
def test_what_is_said_while_the_environment_is_made_is_what_the_launcher_says(page):
    """Ordinary tests make none: its words are read here, and seen in the slow test."""
    assert f"\nPreventable: making .venv ({launch.WAITS['run']}; once)\n" in page
