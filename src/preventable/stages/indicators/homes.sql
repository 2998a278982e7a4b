-- Records or groups of them, with the areas that the small area of residence (home) lies in; none where the region lacks it.
-- in: small_areas. Put in: rows, those records or groups; $region
SELECT t.*,
    CASE WHEN h.small_area IS NOT NULL THEN $region END AS residence_region,
    h.district AS residence_district, h.ward AS residence_ward, h.neighbourhood AS residence_neighbourhood,
    h.middle_area AS residence_middle_area, h.small_area AS residence_small_area
FROM ({rows}) t
LEFT JOIN small_areas h ON h.small_area = t.home
