-- Areas above the small area by code, each with those that it is or lies in, as far as that is one: a supplier may count
-- by any of them. A code that two levels share is both.
-- in: indicator_areas
SELECT area,
    max(CASE WHEN area_type = 'middle_area' THEN area END) AS middle_area,
    max(CASE WHEN area_type = 'neighbourhood' THEN area END) AS neighbourhood,
    max(CASE WHEN area_type = 'ward' THEN area END) AS ward,
    max(district) AS district
FROM indicator_areas
WHERE area_type IN ('region', 'district', 'ward', 'neighbourhood', 'middle_area') AND area IS NOT NULL
GROUP BY area
