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
#: Degrees by which a place may lie beside the part of the world that a projection is made for: a region may reach
#: into the next zone. Latitude and longitude that stand in each other's place lie much farther off.
_BESIDE = 3.0


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


def lies_where_made_for(crs: CRS, longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Whether places lie in the part of the world that a projection is made for, or no more than 3 degrees beside it.

    Args:
        crs: The projection.
        longitude: Degrees east (n).
        latitude: Degrees north (n).

    Returns:
        Truth values (n); all true where PROJ does not say what the projection is made for.
    """
    if crs.area_of_use is None:
        return np.ones(len(longitude), dtype=bool)
    west, south, east, north = crs.area_of_use.bounds
    # Round the globe from the western edge: a projection may cross the date line.
    eastward = (longitude - west + _BESIDE) % 360
    across = eastward <= (east - west) % 360 + 2 * _BESIDE
    if east - west == 360:
        across = np.ones(len(longitude), dtype=bool)
    return across & (latitude >= south - _BESIDE) & (latitude <= north + _BESIDE)


def metres_of_degrees(
    longitude: np.ndarray, latitude: np.ndarray, *, crs: str
) -> tuple[np.ndarray, np.ndarray]:
    """Metres east and north of points given in degrees (WGS 84), to the nearest decimetre.

    Args:
        longitude: Degrees east, -180 to 180; NaN where there is none.
        latitude: Degrees north, -90 to 90.
        crs: A projection in metres as PROJ names it, such as `EPSG:27700`.

    Returns:
        Easting and northing; NaN where there is no point or it is not where the projection is made for. Rounding makes
        the answer the same on every machine.

    Raises:
        CRSError: PROJ does not know the projection.

    Sources:
        PROJ (https://proj.org): the best operation that needs no grid file beyond those of the installed package.
    """
    easting, northing = _transformer_of_degrees(crs).transform(longitude, latitude)
    made_for = lies_where_made_for(CRS.from_user_input(crs), longitude, latitude)
    placed = np.isfinite(easting) & np.isfinite(northing) & made_for
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
