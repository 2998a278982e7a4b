-- Rows by provider and month of the file, in which their outcomes stand too. Out: provider, file_month, month, rows.
SELECT provider, month AS file_month, month, CAST(sum(sent) AS BIGINT) AS rows
FROM sent
GROUP BY provider, month
ORDER BY provider, month
