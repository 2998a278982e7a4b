"""Sparse symmetric positive definite matrices that keep their pattern while their values change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class SparsePattern:
    """Where the factor of a matrix can have elements, in an order that keeps them few.

    Attributes:
        order: Which row of the matrix stands at each place of the factor.
        starts: Where each column of the factor starts in `rows`.
        rows: Row of each element of the factor, ascending within its column.
        row_starts: Where each row starts in `row_columns`.
        row_columns: Column of each element, ascending within its row.
        row_places: Place of that element in `rows`.
        pair_places: Place in `rows` of each pair of the matrix that was given.
    """

    order: Indices
    starts: Indices
    rows: Indices
    row_starts: Indices
    row_columns: Indices
    row_places: Indices
    pair_places: Indices


@dataclass(frozen=True)
class Factor:
    """Factors L and D of a matrix, in its pattern."""

    pattern: SparsePattern
    lower: Numbers
    pivots: Numbers

    @property
    def log_determinant(self) -> float:
        """Logarithm of the determinant of the matrix."""
        return float(np.log(self.pivots).sum())


def sparse_pattern(size: int, pairs: Indices, last: int) -> SparsePattern:
    """Pattern of the factor of a symmetric matrix.

    Args:
        size: Rows of the matrix.
        pairs: Off-diagonal elements, n x 2, each pair once.
        last: How many of the last rows stay last whatever the others' order: rows that touch all others.

    Sources:
        Davis (2006), Direct Methods for Sparse Linear Systems, ch. 4 and 7 (elimination tree, minimum degree).
    """
    order = _order(size, pairs, last)
    place = np.empty(size, dtype=np.int64)
    place[order] = np.arange(size)
    ends = np.sort(place[pairs], axis=1)
    columns: list[set[int]] = [set() for _ in range(size)]
    for column, row in ends.tolist():
        columns[column].add(row)
    filled: list[list[int]] = []
    for column in range(size):
        rows = sorted(columns[column])
        filled.append(rows)
        if rows:
            columns[rows[0]].update(rows[1:])
        columns[column] = set()
    starts = np.cumsum([0, *map(len, filled)], dtype=np.int64)
    rows_of = np.array([row for rows in filled for row in rows], dtype=np.int64)
    columns_of = np.repeat(np.arange(size), np.diff(starts))
    by_row = np.lexsort((columns_of, rows_of))
    row_starts = np.searchsorted(rows_of[by_row], np.arange(size + 1)).astype(np.int64)
    keys = columns_of * size + rows_of
    pair_places = np.searchsorted(keys, ends[:, 0] * size + ends[:, 1]).astype(np.int64)
    return SparsePattern(order, starts, rows_of, row_starts, columns_of[by_row], by_row, pair_places)


def _order(size: int, pairs: Indices, last: int) -> Indices:
    """Minimum degree over all rows but the last ones, by the ordering of SuperLU."""
    free = size - last
    inner = pairs[(pairs < free).all(axis=1)]
    ends = np.concatenate([inner, inner[:, ::-1], np.repeat(np.arange(free), 2).reshape(-1, 2)])
    values = np.concatenate([np.full(2 * len(inner), -1.0), np.full(free, float(size))])
    matrix = csc_matrix((values, (ends[:, 0], ends[:, 1])), shape=(free, free))
    found = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    order = np.argsort(found.perm_c).astype(np.int64)
    return np.concatenate([order, np.arange(free, size, dtype=np.int64)])


def factor_of(pattern: SparsePattern, diagonal: Numbers, pairs: Numbers) -> Factor:
    """Factor of the matrix with this diagonal and these values at the pairs of the pattern."""
    from preventable.methods.sparse_kernel import factorise

    below = np.zeros(len(pattern.rows))
    below[pattern.pair_places] = pairs
    lower, pivots = factorise(
        diagonal[pattern.order],
        below,
        pattern.starts,
        pattern.rows,
        pattern.row_starts,
        pattern.row_columns,
        pattern.row_places,
    )
    return Factor(pattern, lower, pivots)


def solved(factor: Factor, right: Numbers) -> Numbers:
    """Solution of matrix x = right."""
    from preventable.methods.sparse_kernel import solve_factorised

    pattern = factor.pattern
    found = np.empty(len(right))
    found[pattern.order] = solve_factorised(
        factor.lower, factor.pivots, pattern.starts, pattern.rows, right[pattern.order]
    )
    return found


def inverse_elements(factor: Factor) -> tuple[Numbers, Numbers]:
    """Diagonal of the inverse, and its elements at the pairs of the pattern.

    Sources:
        Takahashi, Fagan and Chin (1973), 8th PICA Conference, Minneapolis; Rue and Held (2005), Gaussian Markov Random
        Fields, 2.3.1.
    """
    from preventable.methods.sparse_kernel import inverse_in_pattern

    pattern = factor.pattern
    elements, diagonal = inverse_in_pattern(factor.lower, factor.pivots, pattern.starts, pattern.rows)
    found = np.empty(len(diagonal))
    found[pattern.order] = diagonal
    return found, elements[pattern.pair_places]
