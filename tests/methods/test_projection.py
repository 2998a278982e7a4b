"""Where a projection is made for."""

import numpy as np
import pytest
from pyproj import CRS

from preventable.methods.projection import lies_where_made_for, metres_of_degrees


@pytest.mark.parametrize(
    ("crs", "longitude", "latitude", "inside"),
    [
        ("EPSG:27700", -1.9, 52.5, True),
        ("EPSG:27700", 52.5, -1.9, False),
        ("EPSG:27700", 2.6, 51.4, True),
        ("EPSG:32618", -75.3, 40.2, True),
        ("EPSG:32618", -0.1, 51.5, False),
        ("EPSG:3832", 179.0, 10.0, True),
        ("EPSG:3832", -179.0, 10.0, True),
        ("EPSG:3857", -179.0, 10.0, True),
    ],
)
def test_a_place_lies_where_a_projection_is_made_for_or_up_to_three_degrees_beside(
    crs, longitude, latitude, inside
):
    found = lies_where_made_for(CRS.from_user_input(crs), np.array([longitude]), np.array([latitude]))

    assert found.tolist() == [inside]


def test_a_place_elsewhere_and_none_have_no_metres():
    east, north = metres_of_degrees(
        np.array([-1.9, 52.5, np.nan]), np.array([52.5, -1.9, 52.5]), crs="EPSG:27700"
    )

    assert np.isfinite(east).tolist() == np.isfinite(north).tolist() == [True, False, False]
