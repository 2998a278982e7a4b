-- Coverage of a period is the share of its usual records whose providers have sent: the mean of its months, in whole
-- thousand-millionths. An area of which too little is usual to tell takes its district's coverage, a district the
-- region's, a region the providers' (of counts a district takes its own providers' at once: what others sent says nothing
-- of it). `district_coverage` leaves the area's own records out: figures too small to be
-- shown take it (values.sql). What is usual knows nothing of a provider that has never sent: all of it is scaled by the
-- share of the expected providers that have ever sent.
-- in: indicator_frame_areas, indicator_period_months, indicator_month_coverage, indicator_provider_coverage,
--     indicator_providers, indicator_counted_sources
SELECT f.source, f.area_basis, f.area_type, f.area, f.period_type, f.period_end,
    CAST(s.sent * sum(CAST(round(1000000000 * CASE
        WHEN coalesce(a.usual, 0) > 0 THEN CAST(a.sent AS DOUBLE) / a.usual
        WHEN coalesce(d.usual, 0) > 0 THEN CAST(d.sent AS DOUBLE) / d.usual
        WHEN o.source IS NULL AND coalesce(r.usual, 0) > 0 THEN CAST(r.sent AS DOUBLE) / r.usual
        WHEN coalesce(p.usual, 0) > 0 THEN CAST(p.sent AS DOUBLE) / p.usual
        ELSE 0.0 END) AS BIGINT)) AS DOUBLE) / (1000000000 * s.expected * count(*)) AS coverage,
    CAST(s.sent * sum(CAST(round(1000000000 * CASE
        WHEN coalesce(d.usual, 0) > 0 THEN CAST(d.sent AS DOUBLE) / d.usual
        WHEN o.source IS NULL AND coalesce(r.usual, 0) > 0 THEN CAST(r.sent AS DOUBLE) / r.usual
        WHEN coalesce(p.usual, 0) > 0 THEN CAST(p.sent AS DOUBLE) / p.usual
        ELSE 0.0 END) AS BIGINT)) AS DOUBLE) / (1000000000 * s.expected * count(*)) AS district_coverage
FROM indicator_frame_areas f
JOIN indicator_period_months m ON m.period_type = f.period_type AND m.period_end = f.period_end
LEFT JOIN indicator_month_coverage a
    ON a.source = f.source AND a.area_basis = f.area_basis AND a.area_type = f.area_type AND a.area = f.area
    AND a.month = m.month
LEFT JOIN indicator_month_coverage d
    ON d.source = f.source AND d.area_basis = f.area_basis AND d.area_type = 'district' AND d.area = f.district
    AND d.month = m.month
LEFT JOIN indicator_month_coverage r
    ON r.source = f.source AND r.area_basis = f.area_basis AND r.area_type = 'region' AND r.month = m.month
LEFT JOIN indicator_counted_sources o ON o.source = f.source
LEFT JOIN indicator_provider_coverage p
    ON p.source = f.source AND p.district = coalesce(f.district, '') AND p.month = m.month
JOIN indicator_providers s ON s.source = f.source AND s.district = coalesce(f.district, '') AND s.expected > 0
GROUP BY f.source, f.area_basis, f.area_type, f.area, f.period_type, f.period_end, s.sent, s.expected
