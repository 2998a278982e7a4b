-- Every area that figures are counted for, with the district it lies in (null where it lies in several). A level that
-- the region does not have, or a small area that lies in none of it, has no figure.
-- in: small_areas, venues; $region
SELECT 'small_area' AS area_type, small_area AS area, district FROM small_areas
UNION ALL
SELECT 'middle_area', middle_area, CASE WHEN min(district) = max(district) THEN min(district) END
FROM small_areas WHERE middle_area IS NOT NULL GROUP BY middle_area
UNION ALL
SELECT 'ward', ward, CASE WHEN min(district) = max(district) THEN min(district) END
FROM small_areas WHERE ward IS NOT NULL GROUP BY ward
UNION ALL
SELECT 'neighbourhood', neighbourhood, CASE WHEN min(district) = max(district) THEN min(district) END
FROM small_areas WHERE neighbourhood IS NOT NULL GROUP BY neighbourhood
UNION ALL
SELECT 'district', district, district FROM small_areas GROUP BY district
UNION ALL
SELECT 'region', $region, CAST(NULL AS VARCHAR)
UNION ALL
SELECT 'venue', v.venue, s.district FROM venues v LEFT JOIN small_areas s ON s.small_area = v.small_area
