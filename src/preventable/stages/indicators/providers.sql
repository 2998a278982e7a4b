-- Of each kind of source, by the district where they decide: its providers that have ever sent, those that are expected to
-- (listed in the region, and every one that has sent), and those that have never sent and are not expected to.
-- in: coverage, indicator_scopes, indicator_not_expected
SELECT k.source, o.district,
    CAST(count(CASE WHEN k.ever THEN 1 END) AS BIGINT) AS sent,
    CAST(count(CASE WHEN k.ever OR n.provider IS NULL THEN 1 END) AS BIGINT) AS expected,
    CAST(count(CASE WHEN NOT k.ever AND n.provider IS NOT NULL THEN 1 END) AS BIGINT) AS not_expected
FROM (
    SELECT source, provider, max(CASE WHEN received THEN 1 ELSE 0 END) = 1 AS ever FROM coverage
    GROUP BY source, provider
) k
JOIN indicator_scopes o ON o.source = k.source AND o.provider = k.provider
LEFT JOIN indicator_not_expected n ON n.provider = k.provider
GROUP BY k.source, o.district
