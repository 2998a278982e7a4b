-- Records by provider and month, which is the month of their file too. Out: provider, file_month, month, rows.
SELECT provider, month AS file_month, month, count(*) AS rows
FROM pseudonymous_records
GROUP BY provider, month
ORDER BY provider, month
