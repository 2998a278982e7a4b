-- Each recipient's figures: those granted, of the region (to compare with) and of its own district.
-- in: release_cells, release_grants, release_areas
SELECT g.recipient, c.figure, c.definition, c.definition_version, c.source, c.measure, c.area_type, c.area,
    c.period_type, c.period_start, c.period_end, c.dimension, c.category,
    c.value, c.lower, c.upper, c.per, c.value_note, c.note
FROM release_cells c
JOIN release_grants g
    ON g.definition = c.definition AND g.area_type = c.area_type AND g.period_type = c.period_type
    AND g.dimension = c.dimension AND g.measure = c.measure
LEFT JOIN release_areas a ON a.area_type = c.area_type AND a.area = c.area
WHERE c.area_type = 'region' OR a.district = g.district
ORDER BY g.recipient, c.figure
