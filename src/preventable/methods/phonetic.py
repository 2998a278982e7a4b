"""Names that sound alike under one code."""

from __future__ import annotations

import unicodedata

_CODES = {
    letter: digit
    for digit, letters in {"1": "BFPV", "2": "CGJKQSXZ", "3": "DT", "4": "L", "5": "MN", "6": "R"}.items()
    for letter in letters
}
_LENGTH = 4
_MADE_OF_TWO = str.maketrans({"Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Þ": "TH", "ß": "SS"})


def soundex(name: str) -> str:
    """American Soundex of a name: its first letter and three digits; empty where it has no letter from A to Z.

    Accents, spaces, hyphens and apostrophes are passed over.

    Sources:
        US National Archives, The Soundex Indexing System (letters with the same digit parted by H or W count once).

    Example:
        >>> soundex("Ashcraft"), soundex("O'Brien"), soundex("Müller")
        ('A261', 'O165', 'M460')
    """
    upper = unicodedata.normalize("NFKD", name.upper().translate(_MADE_OF_TWO))
    letters = [letter for letter in upper if "A" <= letter <= "Z"]
    if not letters:
        return ""
    code, before = letters[0], _CODES.get(letters[0], "")
    for letter in letters[1:]:
        digit = _CODES.get(letter, "")
        if digit and digit != before:
            code += digit
        if letter not in "HW":
            before = digit
    return code[:_LENGTH].ljust(_LENGTH, "0")
