-- Areas and periods whose counts were led from areas of an older year, or shared out between the parts of a split one.
-- By codes and months alone, never by how many were counted.
-- in: indicator_older_areas, indicator_older_spans, indicator_areas, indicator_scopes, indicator_period_months
SELECT s.source, a.area_type, a.area, m.period_type, m.period_end, max(a.basis) AS older_areas
FROM (
    SELECT DISTINCT area_type, area, basis FROM indicator_older_areas
    UNION ALL
    SELECT 'region', r.area, 'led' FROM indicator_areas r
    JOIN (SELECT count(*) AS n FROM indicator_older_areas) o ON o.n > 0
    WHERE r.area_type = 'region'
) a
JOIN indicator_areas d ON d.area_type = a.area_type AND d.area = a.area
JOIN indicator_scopes c ON c.district = coalesce(d.district, '')
JOIN indicator_older_spans s ON s.source = c.source AND s.provider = c.provider
JOIN indicator_period_months m ON m.month BETWEEN s.first_month AND s.last_month
GROUP BY s.source, a.area_type, a.area, m.period_type, m.period_end
