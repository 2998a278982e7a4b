"""Who lives in the invented small areas, and how deprived they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.invented.draws import stream
from preventable.invented.geography import Floats, Geography, Ints

AGE_FROM = np.arange(0, 91, 5)
AGE_TO = np.r_[AGE_FROM[1:] - 1, 120]


def deprivation_ranks(geography: Geography, parameters: Mapping[str, Any], *, seed: int) -> Ints:
    """Rank of each small area, 1 the most deprived: inner towns and large patches are worse."""
    rule = parameters["deprivation"]
    rng = stream(seed, "deprivation")
    score = (
        rule["centre_weight"] * geography.inner
        + rule["field_weight"] * _patches(geography, rule["patches"], rule["patch_m"], rng)
        + rule["noise_weight"] * rng.normal(size=len(geography.inner))
    )
    rank = np.empty(len(score), dtype=np.int64)
    rank[np.argsort(-score, kind="stable")] = np.arange(1, len(score) + 1)
    return rank


def deciles(rank: Ints) -> Ints:
    """Decile of each rank, 1 the most deprived."""
    return (rank - 1) * 10 // len(rank) + 1


def populations(
    geography: Geography, parameters: Mapping[str, Any], *, seed: int, years: Sequence[int]
) -> tuple[Ints, pa.Table]:
    """Residents of each small area at each mid-year, by sex and five-year band.

    A year's figures do not depend on which other years are asked for.

    Returns:
        Residents in the base year by small area and band, both sexes; and the columns of the table
        `populations`, with small areas as numbers in `small_area`.
    """
    rule = parameters["population"]
    rng = stream(seed, "population")
    count = len(geography.inner)
    persons = np.exp(rng.normal(0.0, rule["spread"], count))
    persons = np.clip(persons * rule["mean_persons"] / persons.mean(), rule["smallest"], rule["largest"])
    growth = rng.normal(rule["growth_mean"], rule["growth_spread"], count)
    expected = persons[:, None, None] * _age_and_sex(geography, parameters, rng)
    chance = rng.random(expected.shape)
    by_year = np.stack(
        [
            np.floor(expected * np.exp(growth * (year - rule["base_year"]))[:, None, None] + chance)
            for year in years
        ]
    ).astype(np.int64)
    year, area, sex, band = (index.reshape(-1) for index in np.indices(by_year.shape))
    table = pa.table(
        {
            "small_area": area,
            "year": np.asarray(years, dtype=np.int64)[year],
            "sex": pa.array(["male", "female"]).take(pa.array(sex)),
            "age_from": AGE_FROM[band],
            "age_to": AGE_TO[band],
            "persons": by_year.reshape(-1),
            "basis": ["official"] * by_year.size,
        }
    )
    base_year = np.floor(expected + chance).astype(np.int64)
    return base_year.sum(axis=1), table


def _age_and_sex(geography: Geography, parameters: Mapping[str, Any], rng: np.random.Generator) -> Floats:
    """Share of each small area's residents by sex and band (n, 2, 19)."""
    rule = parameters["population"]
    kinds = np.array(
        [rule["kinds"][kind] for kind in ("inner", "family", "settled", "elderly", "student")], float
    )
    bands = _mixture(geography, parameters, rng) @ (kinds / kinds.sum(axis=1, keepdims=True))
    bands = bands * np.exp(rng.normal(0.0, rule["area_noise"], bands.shape))
    bands = bands / bands.sum(axis=1, keepdims=True)
    female = np.array(rule["female_share"])
    return np.stack([bands * (1.0 - female), bands * female], axis=1)


def _mixture(geography: Geography, parameters: Mapping[str, Any], rng: np.random.Generator) -> Floats:
    """How much of each kind (inner, family, settled, elderly, student) a small area is; rows sum to 1."""
    rule = parameters["population"]
    student = np.minimum(0.85, _student_pull(geography, parameters))
    inner = geography.inner * (1.0 - student)
    rest = 1.0 - student - inner
    age = _patches(geography, rule["age_patches"], rule["age_patch_m"], rng)
    further = geography.distance_to_centre_m() / (4.0 * geography.pull_m[geography.district])
    weights = np.exp(np.stack([-0.8 * age, np.zeros_like(age), 0.9 * age + np.minimum(further, 1.5) - 0.9]))
    family, settled, elderly = rest * weights / weights.sum(axis=0)
    return np.column_stack([inner, family, settled, elderly, student])


def _student_pull(geography: Geography, parameters: Mapping[str, Any]) -> Floats:
    rule = parameters["population"]["student_areas"]
    number = {district["code"]: index for index, district in enumerate(parameters["districts"])}
    pull = np.zeros(len(geography.inner))
    for district, shift, reach in zip(rule["districts"], rule["shift_m"], rule["reach_m"], strict=True):
        campus = geography.centres_m[number[district]] + np.asarray(shift, float)
        away = np.linalg.norm(geography.points_m - campus, axis=1)
        pull += np.exp(-((away / reach) ** 2))
    return pull


def _patches(geography: Geography, patches: int, reach_m: float, rng: np.random.Generator) -> Floats:
    """A smooth field over the small areas, mean 0 and standard deviation 1."""
    centres = rng.uniform(geography.points_m.min(axis=0), geography.points_m.max(axis=0), (patches, 2))
    height = rng.normal(size=patches)
    away = np.linalg.norm(geography.points_m[:, None, :] - centres[None, :, :], axis=2)
    field = (height * np.exp(-((away / reach_m) ** 2))).sum(axis=1)
    standard: Floats = (field - field.mean()) / field.std()
    return standard
