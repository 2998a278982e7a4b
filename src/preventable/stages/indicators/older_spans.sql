-- Months from the first to the last in which a provider named an older area: in these its lines are led or shared out,
-- whatever they count. That an area has no line of its own must not be told from having a small count.
-- in: listings, indicator_older_areas
SELECT n.source, n.provider, min(n.month) AS first_month, max(n.month) AS last_month
FROM listings n
JOIN (SELECT DISTINCT older_area FROM indicator_older_areas) o ON o.older_area = n.subject_area
GROUP BY n.source, n.provider
