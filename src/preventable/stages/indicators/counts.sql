-- Records of every cell by period.
-- in: indicator_cells, indicator_period_months
SELECT
    c.definition, c.area_type, c.area, m.period_type, m.period_end, c.dimension, c.category,
    CAST(sum(c.records) AS BIGINT) AS records
FROM indicator_cells c
JOIN indicator_period_months m ON m.month = c.month
GROUP BY c.definition, c.area_type, c.area, m.period_type, m.period_end, c.dimension, c.category
