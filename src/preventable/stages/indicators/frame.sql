-- Every figure that must exist: definition x area x period x category, the empty ones too (an area without
-- records is an ordinary day, and a figure that is missing would tell it from a small one).
-- in: indicator_levels, indicator_areas, indicator_periods, indicator_categories, indicator_unreached, coverage
SELECT
    l.definition, l.version AS definition_version, l.source, l.area_basis, l.denominator, l.area_type, a.area, a.district,
    p.period_type, p.period_start, p.period_end, l.dimension, c.category
FROM indicator_levels l
JOIN indicator_areas a ON a.area_type = l.area_type
JOIN indicator_periods p ON p.asked_as = l.period_type AND (l.periods = 'all' OR p.is_latest)
JOIN indicator_categories c ON c.dimension = l.dimension
LEFT JOIN (SELECT source, month FROM coverage WHERE received GROUP BY source, month) s
    ON s.source = l.source AND s.month = p.period_end
LEFT JOIN indicator_unreached u
    ON u.source = l.source AND u.area_type = l.area_type AND u.district = coalesce(a.district, '')
    AND l.area_basis = 'counts'
-- What is not owed monthly has no months between its returns: only those that came are periods.
WHERE (l.monthly OR s.month IS NOT NULL) AND u.source IS NULL
