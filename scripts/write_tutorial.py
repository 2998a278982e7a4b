"""Replay the lessons from a clean clone, and write what was printed onto their pages.

    .venv/bin/python scripts/write_tutorial.py

Run it after changing what a command prints; then read `git diff docs/tutorials`. tests/docs/test_tutorial.py replays
the same pages and holds them equal. A page is a row of blocks: a `sh` fence is typed, and the `text` fence below it is
what that printed on both streams (nothing, where there is none). A comment above a fence tells more:

    <!-- exit 3 -->            the commands end with this code; else 0
    <!-- first 4, last 6 -->   so many lines of the output are shown, the others are counted
    <!-- page GLOB, first 9 -->  the fence is no output but the first lines of the text of a page that was made

ADDRESS in a command is the address of the repository.
"""

from __future__ import annotations

import glob
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LESSONS = tuple(sorted((ROOT / "docs" / "tutorials").glob("*.md")))
_BLOCK = re.compile(
    r"(?ms)^(?:<!-- exit (?P<exit>\d+) -->\n)?```sh\n(?P<command>.*?)^```\n"
    r"(?:\n(?:<!-- first (?P<first>\d+), last (?P<last>\d+) -->\n)?```text\n(?P<output>.*?)^```\n)?"
    r"|^<!-- page (?P<glob>[^,\n]+), first (?P<lines>\d+) -->\n```text\n(?P<words>.*?)^```\n"
)
#: What the launcher says while it makes an environment; a stand-in environment has nothing to say.
_SET_UP = re.compile(r"(?m)^Preventable: (?:making|adding to|ready after) .*\n")
_INLINE = {"a", "abbr", "b", "code", "em", "i", "small", "span", "strong", "sup", "time"}
_SILENT = {"script", "style", "svg", "title"}


@dataclass(frozen=True)
class Block:
    """What a page tells a reader to type or to look at, and what it says they will see.

    Attributes:
        command: Lines to type; empty where a page is looked at.
        shown: What stands on the page.
        exit_code: How the commands end.
        first: Lines shown of the beginning; None where all are shown.
        last: Lines shown of the end.
        glob: Path of the page that is looked at, else empty.
    """

    command: str
    shown: str
    exit_code: int = 0
    first: int | None = None
    last: int = 0
    glob: str = ""


@dataclass(frozen=True)
class Printed:
    """What a block did: its output as the page would show it, and its exit code."""

    output: str
    exit_code: int


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    return [_block(found) for found in _BLOCK.finditer(page)]


def _block(found: re.Match[str]) -> Block:
    if found["glob"]:
        return Block("", found["words"], first=int(found["lines"]), glob=found["glob"])
    first = int(found["first"]) if found["first"] else None
    return Block(
        found["command"], found["output"] or "", int(found["exit"] or 0), first, int(found["last"] or 0)
    )


def replay(page: str, folder: Path, *, stand_in: bool) -> list[Printed]:
    """Type a page's blocks one after another, in an empty folder.

    Args:
        page: Its text.
        folder: Where the reader begins.
        stand_in: Whether the clone gets the environment of this Python instead of making one of its own.
    """
    lesson = _Lesson(folder, stand_in)
    return [lesson.follow(block) for block in blocks(page)]


class _Lesson:
    def __init__(self, folder: Path, stand_in: bool) -> None:
        self.here = folder
        self.clone = folder / "preventable"
        self.stand_in = stand_in
        self.prepared = False

    def follow(self, block: Block) -> Printed:
        done = self._look(block) if block.glob else self._type(block)
        if not self.prepared and (self.clone / ".git").is_dir():
            self.prepared = True
            lay_working_tree_over(self.clone)
            if self.stand_in:
                stand_in_environment(self.clone)
        return done

    def _type(self, block: Block) -> Printed:
        """Run the commands where the last ones ended, both streams in one, as a terminal shows them."""
        with tempfile.NamedTemporaryFile() as where:
            lines = block.command.replace("ADDRESS", shlex.quote(ROOT.as_uri()))
            script = f"{lines}\nended=$?; pwd > {shlex.quote(where.name)}; exit $ended"
            done = subprocess.run(
                ["bash", "-c", script],
                cwd=self.here,
                env=_environ(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            self.here = Path(where.read().decode().strip() or self.here)
        output = "".join(_SET_UP.findall(block.shown)) + done.stdout if self.stand_in else done.stdout
        return Printed(_shortened(output, block.first, block.last), done.returncode)

    def _look(self, block: Block) -> Printed:
        (page,) = glob.glob(block.glob, root_dir=self.here)
        lines = page_lines((self.here / page).read_text(encoding="utf-8"))
        return Printed("".join(f"{line}\n" for line in lines[: block.first]), 0)


def _shortened(output: str, first: int | None, last: int) -> str:
    lines = output.splitlines(keepends=True)
    if first is None or len(lines) <= first + last:
        return output
    left_out = len(lines) - first - last
    return "".join([*lines[:first], f"... {left_out} lines more ...\n", *lines[len(lines) - last :]])


def _environ() -> dict[str, str]:
    """The caller's environment, less what is ours, with this Python first and a repository of any owner."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREVENTABLE", "PYTHON"))
    }
    trusted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    return {**kept, **trusted, "PREVENTABLE_PYTHON": sys.executable, "LC_ALL": "C.UTF-8"}


def lay_working_tree_over(clone: Path) -> None:
    """Give a clone what this copy has and has not committed yet; of a clean copy, nothing."""
    for options in (("diff", "--name-only", "-z", "HEAD"), ("ls-files", "-o", "-z", "--exclude-standard")):
        listed = subprocess.run(
            ["git", *options], cwd=ROOT, env=_environ(), capture_output=True, text=True, check=True
        )
        for name in filter(None, listed.stdout.split("\0")):
            target = clone / name
            target.unlink(missing_ok=True)
            if (ROOT / name).is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes((ROOT / name).read_bytes())
                target.chmod((ROOT / name).stat().st_mode)


def stand_in_environment(clone: Path) -> None:
    """Give a clone a `.venv` that is this Python with the clone's own code, so that nothing need be installed."""
    spec = importlib.util.spec_from_file_location("launch_of_clone", clone / "scripts" / "launch.py")
    launch = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(launch)
    environment = launch.Environment(clone)
    environment.python.parent.mkdir(parents=True)
    code, python = shlex.quote(str(clone / "src")), shlex.quote(sys.executable)
    environment.python.write_text(f'#!/bin/sh\nPYTHONPATH={code} exec {python} "$@"\n', encoding="utf-8")
    environment.python.chmod(0o755)
    environment._write_stamp()
    give_compiled(clone)


def give_compiled(clone: Path) -> None:
    """Give a clone the machine code that this copy has of its loops: numba takes it for a source of the same time."""
    for kept in (ROOT / "src").rglob("__pycache__/*.nb[ci]"):
        target = clone / kept.relative_to(ROOT)
        target.parent.mkdir(exist_ok=True)
        shutil.copy2(kept, target)
        source = kept.parent.with_name(kept.name.partition(".")[0] + ".py")
        own, seen = clone / source.relative_to(ROOT), source.stat()
        os.utime(own, ns=(seen.st_atime_ns, seen.st_mtime_ns))


class _Words(HTMLParser):
    """The text of a page, a line for each heading, paragraph, item or cell; drawings are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._silent += tag in _SILENT
        self._end_line(tag)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT
        self._end_line(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.lines[-1] += data

    def _end_line(self, tag: str) -> None:
        if tag not in _INLINE:
            self.lines.append("")


def page_lines(html: str) -> list[str]:
    """Lines of text that a reader sees on a page."""
    words = _Words()
    words.feed(html)
    return [line for line in (" ".join(line.split()) for line in words.lines) if line]


def comparable(outputs: Sequence[str]) -> list[str]:
    """Outputs of a lesson without what differs from run to run or machine to machine.

    Seconds; the versions of Python and of libraries; hashes and the names made of them, of which only stays which are
    the same; and what the machine's date says of reviews.
    """
    seen: dict[str, str] = {}
    rules: tuple[tuple[str, object], ...] = (
        (r" +\d+(\.\d)? s$", " # s"),
        (r"^(ok +[\w-]+) \d[\w.]*$", r"\1 #"),
        (
            r"\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b",
            lambda found: seen.setdefault(found[0], f"<hash {len(seen)}>"),
        ),
        (r"^MEND +policy/\S+ was due for review on .*\n", ""),
    )
    told = []
    for output in outputs:
        for pattern, instead in rules:
            output = re.sub(pattern, instead, output, flags=re.MULTILINE)
        told.append(output)
    return told


def written(page: str, printed: Sequence[Printed]) -> str:
    """A page with these outputs in the place of its own; an output that says the same, but for seconds, stays."""
    stand, new = [block.shown for block in blocks(page)], [done.output for done in printed]
    told = zip(stand, new, comparable(stand), comparable(new), strict=True)
    outputs = iter([old if same == other else output for old, output, same, other in told])
    return _BLOCK.sub(lambda found: _with_output(found, next(outputs)), page)


def _with_output(found: re.Match[str], output: str) -> str:
    whole = found[0]
    if found["glob"]:
        return f"<!-- page {found['glob']}, first {found['lines']} -->\n```text\n{output}```\n"
    typed = whole[: found.end("command") - found.start()] + "```\n"
    few = f"<!-- first {found['first']}, last {found['last']} -->\n" if found["first"] else ""
    return f"{typed}\n{few}```text\n{output}```\n" if output else typed


def main() -> None:
    for lesson in LESSONS:
        page = lesson.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            printed = replay(page, Path(folder).resolve(), stand_in=True)
        for block, done in zip(blocks(page), printed, strict=True):
            if done.exit_code != block.exit_code:
                sys.exit(f"{lesson.name}: exit code {done.exit_code} of\n{block.command}{done.output}")
        lesson.write_text(written(page, printed), encoding="utf-8")
        print(lesson.relative_to(ROOT))


if __name__ == "__main__":
    main()
