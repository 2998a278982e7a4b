-- What each provider usually sends of an area, in millionths of a record a month, from the months in which it sent.
-- Counts are taken as they would be shown (below $minimum none, the others to the nearest $base), so that the mark
-- "incomplete" of a small area tells nothing that a shown count would not.
-- in: indicator_sent (records by area and provider), coverage; $minimum, $base
SELECT
    r.source, r.area_basis, r.area_type, r.area, r.provider,
    CAST(CASE WHEN r.records < $minimum THEN 0
         ELSE floor(floor((2 * r.records + $base) / (2 * $base)) * $base * 1000000 / m.months) END AS BIGINT) AS usual
FROM indicator_sent r
JOIN (SELECT provider, count(*) AS months FROM coverage WHERE received GROUP BY provider) m
    ON m.provider = r.provider
