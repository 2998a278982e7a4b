-- Records or groups of them, with the region: of all, and of those that are located in one of its districts.
-- Put in: rows, those records or groups; $region
SELECT t.*, $region AS region, CASE WHEN t.place_district IS NOT NULL THEN $region END AS place_region
FROM ({rows}) t
