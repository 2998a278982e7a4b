-- No shares: what the others are put below, so that there is a table without them.
SELECT CAST('' AS VARCHAR) AS definition, CAST('' AS VARCHAR) AS area, CAST('' AS VARCHAR) AS month,
    CAST(0 AS BIGINT) AS millionths
WHERE 1 = 0
