-- Every count of a week or month that must exist, once for each month that it touches: definition x area x week or month.
-- in: indicator_weekly_definitions, indicator_areas, indicator_week_days
SELECT d.definition, d.definition_version, d.source, d.area_basis, a.area_type, a.area, a.district, w.unit, w.week, w.month
FROM indicator_weekly_definitions d
JOIN indicator_areas a ON a.area_type = d.area_type
JOIN (SELECT unit, week, month FROM indicator_week_days GROUP BY unit, week, month) w ON 1 = 1
