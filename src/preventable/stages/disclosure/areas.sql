-- The one district that each area lies in; an area across districts is in nobody's scope.
-- in: small_areas, venues
SELECT 'small_area' AS area_type, small_area AS area, district FROM small_areas
UNION ALL
SELECT 'middle_area', middle_area, min(district) FROM small_areas
GROUP BY middle_area HAVING min(district) = max(district)
UNION ALL
SELECT 'ward', ward, min(district) FROM small_areas GROUP BY ward HAVING min(district) = max(district)
UNION ALL
SELECT 'neighbourhood', neighbourhood, min(district) FROM small_areas
GROUP BY neighbourhood HAVING min(district) = max(district)
UNION ALL
SELECT 'district', district, district FROM small_areas GROUP BY district
UNION ALL
SELECT 'venue', v.venue, s.district FROM venues v JOIN small_areas s ON s.small_area = v.small_area
