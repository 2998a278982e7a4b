-- Ward, neighbourhood and district of each place of the gazetteer that lies in one.
-- In: venues, streets, institutions, areas, small_areas.
SELECT p.place_id, s.ward, s.neighbourhood, s.district
FROM (
    SELECT venue AS place_id, small_area FROM venues
    UNION ALL
    SELECT street, small_area FROM streets
    UNION ALL
    SELECT institution, small_area FROM institutions
) p
JOIN small_areas s ON s.small_area = p.small_area
UNION ALL
SELECT
    area,
    CASE WHEN area_type = 'ward' THEN area END,
    CASE WHEN area_type = 'neighbourhood' THEN area END,
    CASE WHEN area_type = 'district' THEN area ELSE district END
FROM areas
WHERE area_type IN ('ward', 'neighbourhood', 'district')
