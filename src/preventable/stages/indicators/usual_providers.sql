-- Records that each provider usually sends of region and districts in a month: exact, for weights of providers.
-- in: indicator_sent (records by area and provider, of months that were received), coverage
SELECT r.source, r.area_basis, r.area_type, r.area, r.provider, CAST(r.records AS DOUBLE) / m.months AS usual
FROM indicator_sent r
JOIN (SELECT provider, count(*) AS months FROM coverage WHERE received GROUP BY provider) m ON m.provider = r.provider
WHERE r.area_type IN ('region', 'district')
