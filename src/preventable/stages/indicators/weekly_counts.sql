-- Exact counts by whole week and by month, 0 where nothing came, with the least coverage of the months that it touches.
-- in: indicator_weekly_frame, indicator_weekly_cells, indicator_period_coverage
SELECT f.definition, f.definition_version, f.source, f.area_type, f.area, f.unit, f.week,
    CAST(max(coalesce(c.records, 0)) AS BIGINT) AS count,
    min(coalesce(v.coverage, 0.0)) AS coverage
FROM indicator_weekly_frame f
LEFT JOIN indicator_weekly_cells c
    ON c.definition = f.definition AND c.area_type = f.area_type AND c.area = f.area
    AND c.unit = f.unit AND c.week = f.week
LEFT JOIN indicator_period_coverage v
    ON v.source = f.source AND v.area_basis = f.area_basis AND v.area_type = f.area_type AND v.area = f.area
    AND v.period_type = 'month' AND v.period_end = f.month
GROUP BY f.definition, f.definition_version, f.source, f.area_type, f.area, f.unit, f.week
