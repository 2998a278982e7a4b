-- Exact counts of the smaller areas by month, where there are any, for what is estimated of them.
-- in: indicator_cells, indicator_levels, indicator_period_months
SELECT c.definition, l.definition_version, l.source, c.area_type, c.area, c.month, CAST(c.records AS BIGINT) AS count
FROM indicator_cells c
JOIN (SELECT DISTINCT definition, version AS definition_version, source FROM indicator_levels) l
    ON l.definition = c.definition
JOIN indicator_period_months m ON m.period_type = 'month' AND m.month = c.month
WHERE c.dimension = 'all' AND c.area_type IN ('middle_area', 'small_area') AND c.records > 0
