"""ARCHITECTURE.md answers ten questions, and every pointer it gives exists."""

from __future__ import annotations

import importlib
import re

import pytest
from repository import ROOT

PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
QUOTED = sorted(set(re.findall(r"`([^`\n]+)`", PAGE)))
OBJECTS = [word for word in QUOTED if re.fullmatch(r"preventable(\.\w+)*:\w+", word)]
PATHS = [word for word in QUOTED if "/" in word and re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", word)]


def test_the_ten_questions_are_answered():
    questions = re.findall(r"(?m)^## (\d+)\. .+\?$", PAGE)

    assert questions == [str(number) for number in range(1, 11)]


def test_there_are_pointers():
    assert len(OBJECTS) >= 8
    assert len(PATHS) >= 20


@pytest.mark.parametrize("path", PATHS)
def test_a_path_on_the_page_exists(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("pointer", OBJECTS)
def test_a_function_or_class_on_the_page_exists(pointer):
    module, name = pointer.split(":")

    assert hasattr(importlib.import_module(module), name)


def test_the_order_of_imports_is_that_of_the_contract():
    """The line of floors on the page, without what need not exist yet, is the contract's."""
    contract = (ROOT / ".importlinter").read_text(encoding="utf-8")
    layers = re.search(r"layers =\n((?:    .+\n)+)", contract).group(1).split("\n")
    floors = [re.sub(r"\s*\|\s*\(\w+\)", "", layer.strip()) for layer in layers if layer.strip()]
    line = re.search(r"(?ms)^`__main__` >.*?`counted`$", PAGE).group(0)

    assert re.findall(r"`([^`]+)`", line) == floors
