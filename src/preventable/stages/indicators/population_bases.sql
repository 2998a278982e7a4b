-- Person-years at risk: persons at mid-year times the weight of that mid-year in the period, in whole numbers.
-- Bands for region and districts, where rates are standardised; everybody for every area.
-- in: indicator_area_persons, indicator_period_years, indicator_frame, indicator_peopled, indicator_standard; $units
SELECT p.area_type, p.area, w.period_type, w.period_start, w.period_end, p.age_band,
    CAST(sum(p.persons * w.weight) AS DOUBLE) / $units AS person_years,
    max(s.weight) AS standard_weight
FROM (
    SELECT area_type, area, year, age_band, persons FROM indicator_area_persons
    WHERE area_type IN ('region', 'district')
    UNION ALL
    SELECT area_type, area, year, 'all', CAST(sum(persons) AS BIGINT) FROM indicator_area_persons
    GROUP BY area_type, area, year
) p
JOIN (SELECT DISTINCT area_type, period_type, period_end FROM indicator_frame) f ON f.area_type = p.area_type
JOIN indicator_period_years w
    ON w.year = p.year AND w.period_type = f.period_type AND w.period_end = f.period_end
JOIN indicator_peopled g
    ON g.area_type = p.area_type AND g.area = p.area AND g.period_type = w.period_type AND g.period_end = w.period_end
LEFT JOIN indicator_standard s ON s.age_band = p.age_band
GROUP BY p.area_type, p.area, w.period_type, w.period_start, w.period_end, p.age_band
