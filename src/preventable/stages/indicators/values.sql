-- Exact figures: count, population at risk where a rate means something, and coverage. Below the district, a count too
-- small to be shown takes the district's coverage: whether it is marked incomplete must not tell who treated whom there.
-- in: indicator_frame, indicator_counts, indicator_period_coverage, indicator_providers,
--     indicator_older_figures, population_bases; $minimum
SELECT
    concat(f.definition, '.v', CAST(f.definition_version AS VARCHAR), '/', f.area_type, '/', f.area, '/',
           f.period_type, '/', f.period_end, '/', f.dimension, '/', replace(f.category, ' ', '_'), '/count')
        AS figure,
    f.definition, f.definition_version, f.source, 'count' AS measure, f.area_type, f.area,
    f.period_type, f.period_start, f.period_end, f.dimension, f.category,
    coalesce(c.records, 0) AS count,
    CASE WHEN f.denominator = 'residents' THEN b.person_years END AS person_years,
    coalesce(CASE WHEN f.area_type IN ('region', 'district') OR coalesce(c.records, 0) >= $minimum THEN v.coverage
        ELSE v.district_coverage END, 0.0) AS coverage,
    coalesce(s.not_expected, 0) AS providers_not_expected,
    o.older_areas
FROM indicator_frame f
LEFT JOIN indicator_counts c
    ON c.definition = f.definition AND c.area_type = f.area_type AND c.area = f.area
    AND c.period_type = f.period_type AND c.period_end = f.period_end
    AND c.dimension = f.dimension AND c.category = f.category
LEFT JOIN indicator_period_coverage v
    ON v.source = f.source AND v.area_basis = f.area_basis AND v.area_type = f.area_type AND v.area = f.area
    AND v.period_type = f.period_type AND v.period_end = f.period_end
LEFT JOIN indicator_providers s ON s.source = f.source AND s.district = coalesce(f.district, '')
LEFT JOIN indicator_older_figures o
    ON o.source = f.source AND f.area_basis = 'counts' AND o.area_type = f.area_type AND o.area = f.area
    AND o.period_type = f.period_type AND o.period_end = f.period_end
LEFT JOIN population_bases b
    ON b.area_type = f.area_type AND b.area = f.area AND b.period_type = f.period_type
    AND b.period_end = f.period_end
    AND ((f.dimension = 'all' AND b.age_band = 'all') OR (f.dimension = 'age_band' AND b.age_band = f.category))
