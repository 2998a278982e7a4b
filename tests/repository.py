"""The repository as the guard tests see it: its root, its files, its pages."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "preventable"
#: Not ours, or made: what .gitignore names, for a copy without git.
_MADE = {".git", ".venv", "__pycache__", "preventable-home", "dist", "_build", ".hypothesis", ".pytest_cache"}
_MADE |= {".ruff_cache", ".mypy_cache", ".import_linter_cache"}


def repository_files() -> list[Path]:
    """Every file that is committed or would be: relative paths, sorted."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        found = {Path(name) for name in listed.split("\0") if name}
    else:
        found = {path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()}
        found = {path for path in found if not _MADE & set(path.parts)}
    return sorted(path for path in found if (ROOT / path).is_file())


def text_of(path: Path) -> str | None:
    """A file's text; None where it is not UTF-8 text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def pages() -> list[Path]:
    """Every Markdown page, relative paths."""
    return [path for path in repository_files() if path.suffix == ".md"]
