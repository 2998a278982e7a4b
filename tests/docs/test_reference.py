"""Reference pages are what the code says. Mend them with scripts/write_reference.py."""

from __future__ import annotations

import importlib.util
from collections import Counter

import pytest
from repository import ROOT


def _writer():
    spec = importlib.util.spec_from_file_location("write_reference", ROOT / "scripts" / "write_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WRITER = _writer()


@pytest.mark.parametrize("name", sorted(WRITER.PAGES))
def test_a_reference_page_is_what_the_code_says(name):
    written = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")

    assert written == WRITER.PAGES[name](), "run .venv/bin/python scripts/write_reference.py"


def test_every_error_has_a_number_of_its_own_and_stands_on_the_page():
    numbers = [error.number for error in WRITER.error_classes()]
    page = WRITER.errors_page()

    assert [number for number, times in Counter(numbers).items() if times > 1] == []
    assert [number for number in numbers if f"### {number} " not in page] == []


@pytest.mark.parametrize("error", WRITER.error_classes(), ids=lambda error: error.number)
def test_an_error_says_remedy_and_state_in_sentences(error):
    message = str(error("a place", "what was found", (7,)))

    assert message.startswith(f"{error.number}  a place: what was found (first: row 7). ")
    assert error.remedy.endswith(".")
    assert error.state.endswith(".")
    assert error.exit_code in WRITER.EXIT_CODES


def test_data_refused_and_release_refused_keep_their_exit_codes():
    codes = {error.number: error.exit_code for error in WRITER.error_classes()}

    assert {code for number, code in codes.items() if number.startswith("D")} == {4}
    assert codes["Q403"] == 3
    assert codes["U101"] == 2
