-- Every weekly count that must exist, once for each month that the week touches: definition x region and districts x week.
-- in: indicator_weekly_definitions, indicator_areas, indicator_week_days
SELECT d.definition, d.definition_version, d.source, d.area_basis, a.area_type, a.area, a.district, w.week, w.month
FROM indicator_weekly_definitions d
JOIN indicator_areas a ON a.area_type IN ('region', 'district')
JOIN (SELECT week, month FROM indicator_week_days GROUP BY week, month) w ON 1 = 1
