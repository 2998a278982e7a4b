-- Share of the providers of a source that have sent a month, by the district where they decide, for areas of which nothing
-- is usual; providers that have never sent are taken into account with the others' (period_coverage.sql).
-- in: coverage, indicator_scopes
SELECT k.source, o.district, k.month,
    CAST(count(CASE WHEN k.received THEN 1 END) AS BIGINT) AS sent, CAST(count(*) AS BIGINT) AS usual
FROM coverage k
JOIN (SELECT provider FROM coverage WHERE received GROUP BY provider) p ON p.provider = k.provider
JOIN indicator_scopes o ON o.source = k.source AND o.provider = k.provider
GROUP BY k.source, o.district, k.month
