"""Codes that were used on a day on which their list did not hold them: told, and kept."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.codes.validity import Validity


def used_outside(codes: pa.Array, days: np.ndarray, validity: Mapping[str, Validity]) -> list[int]:
    """Rows whose code did not hold on the day of their contact, in order.

    Args:
        codes: Texts, compared without regard to case; null and unknown ones hold always.
        days: Local times of the contacts, datetime64; where there is none nothing is said.
        validity: Codes that hold from or until a day.
    """
    if not validity:
        return []
    folded = {code.casefold(): span for code, span in validity.items()}
    distinct = codes.dictionary_encode()
    at = pc.fill_null(distinct.indices, -1).to_numpy(zero_copy_only=False)
    found: list[int] = []
    for number, code in enumerate(distinct.dictionary.to_pylist()):
        span = validity.get(code) or folded.get(code.casefold())
        if span is not None:
            rows = np.flatnonzero((at == number) & ~np.isnat(days))
            found += rows[_outside(days[rows].astype("datetime64[D]"), span)].tolist()
    return sorted(found)


def _outside(days: np.ndarray, span: Validity) -> np.ndarray:
    before = days < np.datetime64(span.first) if span.first else np.zeros(len(days), bool)
    return before | (days > np.datetime64(span.last)) if span.last else before
