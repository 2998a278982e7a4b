-- Shares of each figure of a venue without breakdown that has any.
-- in: indicator_values, indicator_shared; its sums by definition, venue and month are put in
SELECT v.figure, CAST(sum(c.millionths) AS BIGINT) AS millionths
FROM indicator_values v
JOIN ({cells}) c
    ON c.definition = v.definition AND c.area = v.area
    AND c.month BETWEEN v.period_start AND v.period_end
WHERE v.area_type = 'venue' AND v.dimension = 'all'
GROUP BY v.figure
