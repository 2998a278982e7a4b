"""Points in one reference system to points in another: the only module that knows PROJ."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from pyproj import CRS, Transformer, network
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

#: Degrees (WGS 84), longitude first.
LONGITUDE_LATITUDE = "OGC:CRS84"
_DM_PER_M = 10


def reference_system(name: str) -> CRS | None:
    """The reference system of a name such as `EPSG:27700`; None where PROJ knows none."""
    try:
        return CRS.from_user_input(name)
    except CRSError:
        return None


def is_metric_projection(name: str) -> bool:
    """Whether PROJ knows a projection by that name and it counts in metres."""
    crs = reference_system(name)
    if crs is None or not crs.is_projected:
        return False
    return [axis.unit_name for axis in crs.axis_info] == ["metre", "metre"]


def metres_of_degrees(
    longitude: np.ndarray, latitude: np.ndarray, *, crs: str
) -> tuple[np.ndarray, np.ndarray]:
    """Metres east and north of points given in degrees (WGS 84), to the nearest decimetre.

    Args:
        longitude: Degrees east, -180 to 180; NaN where there is none.
        latitude: Degrees north, -90 to 90.
        crs: A projection in metres as PROJ names it, such as `EPSG:27700`.

    Returns:
        Easting and northing; NaN where there is no point or the projection has no place for it. Rounding makes the
        answer the same on every machine.

    Raises:
        CRSError: PROJ does not know the projection.

    Sources:
        PROJ (https://proj.org): the best operation that needs no grid file beyond those of the installed package.
    """
    easting, northing = _transformer_of_degrees(crs).transform(longitude, latitude)
    placed = np.isfinite(easting) & np.isfinite(northing)
    return _decimetres(easting, placed), _decimetres(northing, placed)


def _decimetres(metres: np.ndarray, placed: np.ndarray) -> np.ndarray:
    whole = np.floor(np.where(placed, metres, 0.0) * _DM_PER_M + 0.5)
    return np.where(placed, whole / _DM_PER_M, np.nan)


@cache
def _transformer_of_degrees(crs: str) -> Transformer:
    return best_transformer(CRS.from_user_input(LONGITUDE_LATITUDE), CRS.from_user_input(crs))


def best_transformer(source: CRS, target: CRS) -> Transformer:
    """The best operation that needs no grid file beyond those of the installed package; longitude or easting first.

    Never a grid from the network: the same points give the same metres, at the door and in the region's boundaries.
    """
    network.set_network_enabled(False)  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        # It warns of a better grid that is not installed; region.toml states the error.
        warnings.simplefilter("ignore")
        return TransformerGroup(source, target, always_xy=True).transformers[0]
