-- Months of every figure of region and districts that counts records of persons' contacts without breakdown.
-- in: indicator_values, indicator_levels
SELECT v.definition, v.definition_version, v.source, l.area_basis, v.area_type, v.area, v.period_end AS period,
    v.count AS reported, v.coverage
FROM indicator_values v
JOIN (SELECT definition, area_basis FROM indicator_levels WHERE monthly GROUP BY definition, area_basis) l
    ON l.definition = v.definition AND l.area_basis IN ('residence', 'place')
WHERE v.period_type = 'month' AND v.dimension = 'all' AND v.area_type IN ('region', 'district')
