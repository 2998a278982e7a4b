"""Compiled loops give the same bits as the loops that they were made from."""

from __future__ import annotations

import random

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from preventable.methods.compiled import compiled


def _add_up(values: NDArray[np.float64]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total


def _divide(one: float, other: float) -> float:
    return one / other


def test_a_sum_keeps_its_order_to_the_last_bit() -> None:
    draw = random.Random(1)
    values = [draw.uniform(-1, 1) * 10 ** draw.randint(-12, 12) for _ in range(10_000)]
    assert compiled(_add_up)(np.array(values)) == _add_up(np.array(values)) == sum_in_order(values)


def sum_in_order(values: list[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total


def test_a_division_by_zero_is_infinite_as_in_numpy() -> None:
    assert compiled(_divide)(1.0, 0.0) == np.inf
    assert np.isnan(compiled(_divide)(0.0, 0.0))


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    real = numba.njit

    def refuse(function: object, **options: object) -> object:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return real(function, **options)

    monkeypatch.setattr(numba, "njit", refuse)
    assert compiled(_add_up)(np.array([1.0, 2.0])) == 3.0
