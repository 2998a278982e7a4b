-- What each provider sent of each month with an area, and how much of it lies in an area that the region has: records by the
-- small area of residence, lines of counts by their own area, or by an older one that the region knows.
-- in: located_records, listings, small_areas, indicator_wider_areas, indicator_older_areas, indicator_counted_sources
SELECT r.provider, r.source, r.month, CAST(count(*) AS BIGINT) AS told, CAST(count(s.small_area) AS BIGINT) AS known
FROM located_records r
LEFT JOIN small_areas s ON s.small_area = r.residence_small_area
WHERE r.residence_small_area IS NOT NULL
GROUP BY r.provider, r.source, r.month
UNION ALL
SELECT n.provider, n.source, n.month, CAST(sum(coalesce(n.quantity, 0)) AS BIGINT),
    CAST(sum(CASE WHEN s.small_area IS NULL AND w.area IS NULL AND o.older_area IS NULL THEN 0 ELSE coalesce(n.quantity, 0) END) AS BIGINT)
FROM listings n
JOIN indicator_counted_sources c ON c.source = n.source
LEFT JOIN small_areas s ON s.small_area = n.subject_area
LEFT JOIN indicator_wider_areas w ON w.area = n.subject_area AND s.small_area IS NULL
LEFT JOIN (SELECT DISTINCT older_area FROM indicator_older_areas) o ON o.older_area = n.subject_area
WHERE n.subject_area IS NOT NULL
GROUP BY n.provider, n.source, n.month
