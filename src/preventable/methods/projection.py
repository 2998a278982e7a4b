"""Degrees on the globe to metres in a region's projection."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from pyproj import CRS, Transformer, network
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

_LONGITUDE_LATITUDE = "OGC:CRS84"
_DM_PER_M = 10


def is_metric_projection(crs: str) -> bool:
    """Whether PROJ knows a projection by that name and it counts in metres."""
    try:
        axes = CRS.from_user_input(crs).axis_info
    except CRSError:
        return False
    return [axis.unit_name for axis in axes] == ["metre", "metre"]


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
    easting, northing = _transformer(crs).transform(longitude, latitude)
    placed = np.isfinite(easting) & np.isfinite(northing)
    return _decimetres(easting, placed), _decimetres(northing, placed)


def _decimetres(metres: np.ndarray, placed: np.ndarray) -> np.ndarray:
    whole = np.floor(np.where(placed, metres, 0.0) * _DM_PER_M + 0.5)
    return np.where(placed, whole / _DM_PER_M, np.nan)


@cache
def _transformer(crs: str) -> Transformer:
    # Never a grid from the network: the same degrees give the same metres, and those of the region's boundaries.
    network.set_network_enabled(False)  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        # It warns of a better grid that is not installed; the region's region.toml states the error.
        warnings.simplefilter("ignore")
        return TransformerGroup(_LONGITUDE_LATITUDE, crs, always_xy=True).transformers[0]
