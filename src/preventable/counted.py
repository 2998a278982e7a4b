"""Counts of things in words: the one place where a noun gets its plural outside of pages, which have gettext's."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """A number with what it counts: the singular for exactly one, else the plural.

    Args:
        number: How many, 0 or more.
        one: Said of one; may go on with a verb: "file was".
        many: Said of all other numbers; where it is empty, `one` with an s.

    Example:
        >>> counted(1, "file"), counted(0, "row"), counted(2_000, "file was", "files were")
        ('1 file', '0 rows', '2,000 files were')
    """
    return f"{number:,} {named(number, one, many)}"


def named(number: int, one: str, many: str = "") -> str:
    """What a number counts, without the number, for where that stands apart.

    Example:
        >>> named(1, "row"), named(3, "person", "people")
        ('row', 'people')
    """
    return one if number == 1 else many or f"{one}s"
