-- Areas and periods whose residents are held: every small area of them, at every mid-year that weighs in the period. A sum
-- that lacks some would make a rate too high.
-- in: indicator_band_persons, indicator_period_years, small_areas; $region
SELECT l.area_type, l.area, w.period_type, w.period_end
FROM (
    SELECT small_area, 'small_area' AS area_type, small_area AS area FROM small_areas
    UNION ALL
    SELECT small_area, 'middle_area', middle_area FROM small_areas
    UNION ALL
    SELECT small_area, 'ward', ward FROM small_areas
    UNION ALL
    SELECT small_area, 'neighbourhood', neighbourhood FROM small_areas
    UNION ALL
    SELECT small_area, 'district', district FROM small_areas
    UNION ALL
    SELECT small_area, 'region', $region FROM small_areas
) l
CROSS JOIN indicator_period_years w
LEFT JOIN (SELECT small_area, year FROM indicator_band_persons GROUP BY small_area, year) b
    ON b.small_area = l.small_area AND b.year = w.year
WHERE w.weight > 0
GROUP BY l.area_type, l.area, w.period_type, w.period_end
HAVING count(*) = count(b.small_area)
