"""Compiled loops over a sparse symmetric matrix: its factors and the elements of its inverse that they need."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from preventable.methods.compiled import compiled

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@compiled
def factorise(
    diagonal: Numbers,
    below: Numbers,
    starts: Indices,
    rows: Indices,
    row_starts: Indices,
    row_columns: Indices,
    row_places: Indices,
) -> tuple[Numbers, Numbers]:
    """L and D of A = L D L', L with ones on its diagonal and the pattern given by columns and by rows.

    Args:
        diagonal: Diagonal of A.
        below: A below its diagonal, in the pattern of L; 0 where A has nothing.
        starts: Where each column of L starts in `rows`.
        rows: Row of each element, ascending within its column.
        row_starts: Where each row of L starts in `row_columns`.
        row_columns: Column of each element, ascending within its row.
        row_places: Place of that element in `rows`.

    Returns:
        Elements of L in the pattern, and D. D has an element of 0 or less where A is not positive definite.
    """
    number = len(diagonal)
    pivots = diagonal.copy()
    lower = np.zeros(len(rows))
    work = np.zeros(number)
    filled = starts[:-1].copy()
    for row in range(number):
        first, last = row_starts[row], row_starts[row + 1]
        for at in range(first, last):
            work[row_columns[at]] = below[row_places[at]]
        for at in range(first, last):
            column = row_columns[at]
            value = work[column]
            work[column] = 0.0
            for place in range(starts[column], filled[column]):
                work[rows[place]] -= lower[place] * value
            element = value / pivots[column]
            pivots[row] -= element * value
            lower[row_places[at]] = element
            filled[column] += 1
    return lower, pivots


@compiled
def solve_factorised(
    lower: Numbers, pivots: Numbers, starts: Indices, rows: Indices, right: Numbers
) -> Numbers:
    """Solution x of L D L' x = right."""
    found = right.copy()
    number = len(pivots)
    for column in range(number):
        for place in range(starts[column], starts[column + 1]):
            found[rows[place]] -= lower[place] * found[column]
    for column in range(number - 1, -1, -1):
        value = found[column] / pivots[column]
        for place in range(starts[column], starts[column + 1]):
            value -= lower[place] * found[rows[place]]
        found[column] = value
    return found


@compiled
def inverse_in_pattern(
    lower: Numbers, pivots: Numbers, starts: Indices, rows: Indices
) -> tuple[Numbers, Numbers]:
    """Elements of the inverse of L D L' in the pattern of L, and its diagonal, from the last column to the first."""
    number = len(pivots)
    inverse, diagonal = np.zeros(len(rows)), np.zeros(number)
    factor, found = np.zeros(number), np.zeros(number)
    for column in range(number - 1, -1, -1):
        first, last = starts[column], starts[column + 1]
        for place in range(first, last):
            factor[rows[place]] = lower[place]
        for place in range(first, last):
            row = rows[place]
            found[row] -= factor[row] * diagonal[row]
            for other in range(starts[row], starts[row + 1]):
                beyond = rows[other]
                found[row] -= factor[beyond] * inverse[other]
                found[beyond] -= factor[row] * inverse[other]
        value = 1.0 / pivots[column]
        for place in range(first, last):
            inverse[place] = found[rows[place]]
            value -= lower[place] * inverse[place]
        diagonal[column] = value
        for place in range(first, last):
            row = rows[place]
            factor[row] = 0.0
            found[row] = 0.0
            for other in range(starts[row], starts[row + 1]):
                found[rows[other]] = 0.0
    return inverse, diagonal
