-- Share of the providers of a source that have sent a month, for areas of which nothing is usual; providers that
-- have never sent are taken into account with the others' (period_coverage.sql).
-- in: coverage
SELECT k.source, k.month,
    CAST(count(CASE WHEN k.received THEN 1 END) AS BIGINT) AS sent, CAST(count(*) AS BIGINT) AS usual
FROM coverage k
JOIN (SELECT provider FROM coverage WHERE received GROUP BY provider) p ON p.provider = k.provider
GROUP BY k.source, k.month
