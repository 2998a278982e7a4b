-- Residents of every area by mid-year and band. An area of a level that the region does not have (null) has none.
-- in: indicator_band_persons, small_areas; $region
SELECT 'small_area' AS area_type, small_area AS area, year, age_band, persons FROM indicator_band_persons
UNION ALL
SELECT 'middle_area', s.middle_area, b.year, b.age_band, CAST(sum(b.persons) AS BIGINT)
FROM indicator_band_persons b JOIN small_areas s ON s.small_area = b.small_area
WHERE s.middle_area IS NOT NULL
GROUP BY s.middle_area, b.year, b.age_band
UNION ALL
SELECT 'ward', s.ward, b.year, b.age_band, CAST(sum(b.persons) AS BIGINT)
FROM indicator_band_persons b JOIN small_areas s ON s.small_area = b.small_area
WHERE s.ward IS NOT NULL
GROUP BY s.ward, b.year, b.age_band
UNION ALL
SELECT 'neighbourhood', s.neighbourhood, b.year, b.age_band, CAST(sum(b.persons) AS BIGINT)
FROM indicator_band_persons b JOIN small_areas s ON s.small_area = b.small_area
WHERE s.neighbourhood IS NOT NULL
GROUP BY s.neighbourhood, b.year, b.age_band
UNION ALL
SELECT 'district', s.district, b.year, b.age_band, CAST(sum(b.persons) AS BIGINT)
FROM indicator_band_persons b JOIN small_areas s ON s.small_area = b.small_area
GROUP BY s.district, b.year, b.age_band
UNION ALL
SELECT 'region', $region, b.year, b.age_band, CAST(sum(b.persons) AS BIGINT)
FROM indicator_band_persons b JOIN small_areas s ON s.small_area = b.small_area
GROUP BY b.year, b.age_band
