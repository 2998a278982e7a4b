"""One projection in metres for a region, and what bringing points into it costs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from preventable.counted import counted
from preventable.errors import RegionProjectionError
from preventable.methods.projection import (
    CRS,
    LONGITUDE_LATITUDE,
    Transformer,
    best_transformer,
    is_metric_projection,
    lies_where_made_for,
    reference_system,
)


@dataclass
class Projection:
    """The region's projection.

    Attributes:
        crs: The projection, e.g. "EPSG:27700".
        stated: Accuracy in metres that PROJ states, by the name of each transformation that was used.
        measured: Distances in metres between points carried over and the same points as their file states them.
    """

    crs: CRS
    stated: dict[str, float] = field(default_factory=dict)
    measured: np.ndarray = field(default_factory=lambda: np.empty(0))

    def to_metres(self, x: np.ndarray, y: np.ndarray, crs: str = LONGITUDE_LATITUDE) -> np.ndarray:
        """Points (n, 2) in the region's projection; a NaN stays one.

        Args:
            x: Longitude, or metres east.
            y: Latitude, or metres north.
            crs: What they are in.

        Raises:
            RegionProjectionError: That is no reference system, or points lie where it cannot be carried over.
        """
        source = _crs(crs)
        if source == self.crs:
            return np.column_stack((x, y))
        carried = np.column_stack(self._transformer(source).transform(x, y))
        lost = np.isfinite(x) & np.isfinite(y) & ~np.isfinite(carried).all(axis=1)
        if lost.any():
            raise RegionProjectionError(
                self.crs.name,
                f"{counted(int(lost.sum()), 'point lies', 'points lie')} outside the projection",
            )
        return carried

    def refuse_elsewhere(self, points_m: np.ndarray) -> None:
        """Refuse points (n, 2) outside the part of the world that the projection is made for: lengths are wrong there.

        Raises:
            RegionProjectionError: Some lie outside it.
        """
        longitude, latitude = best_transformer(self.crs, _crs(LONGITUDE_LATITUDE)).transform(*points_m.T)
        inside = lies_where_made_for(self.crs, longitude, latitude)
        if not inside.all():
            raise RegionProjectionError(
                self.crs.name,
                f"{counted(int((~inside).sum()), 'area lies', 'areas lie')} outside the part of the world that it"
                " is made for",
            )

    def measure(self, carried: np.ndarray, stated: np.ndarray) -> None:
        """Hold points carried over against the same points in the projection as their publisher states them."""
        apart = np.hypot(*(carried - stated).T)
        self.measured = np.concatenate((self.measured, apart[np.isfinite(apart)]))

    def error_m(self) -> tuple[float, str]:
        """The error of the transform in metres, and how it is known.

        Returns:
            The distance that 99 of 100 points do not exceed where points were measured; else the accuracy that
            PROJ states (-1 where it states none) for what was carried over, or for longitude and latitude, in which
            records may come, where nothing was.
        """
        if not self.stated:
            self.to_metres(np.empty(0), np.empty(0))
        # One of which PROJ states nothing is the least sure of all.
        accuracy, name = max(
            ((metres, name) for name, metres in self.stated.items()),
            key=lambda one: (one[0] < 0, one),
        )
        stated = f"PROJ states {accuracy:g} m" if accuracy >= 0 else "PROJ states no accuracy"
        stated += f" for {name}"
        if not len(self.measured):
            return accuracy, stated
        middle, high, most = np.percentile(self.measured, (50, 99, 100))
        return round(float(high), 2), (
            f"{len(self.measured):,} postcodes whose file states longitude and latitude and metres too: half within"
            f" {middle:.2f} m, 99 of 100 within {high:.2f} m, all within {most:.2f} m; {stated}"
        )

    def _transformer(self, source: CRS) -> Transformer:
        chosen = best_transformer(source, self.crs)
        self.stated[chosen.description] = float(chosen.accuracy)
        return chosen


def region_projection(name: str) -> Projection:
    """The projection that a manifest names.

    Raises:
        RegionProjectionError: It is unknown, or not in metres.
    """
    crs = _crs(name)
    if not is_metric_projection(name):
        raise RegionProjectionError(name, "it is not a projection in metres")
    return Projection(crs)


def _crs(name: str) -> CRS:
    crs = reference_system(name)
    if crs is None:
        raise RegionProjectionError(name[:40], "it is no reference system that PROJ knows")
    return crs
