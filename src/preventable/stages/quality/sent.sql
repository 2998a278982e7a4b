-- What came, by provider, source and month of the file, with the number of the month: months are compared as numbers.
-- In: sent_files.
SELECT provider, source, month, CAST(sum(lines) AS BIGINT) AS sent,
       CAST(substr(month, 1, 4) AS BIGINT) * 12 + CAST(substr(month, 6, 2) AS BIGINT) AS month_number
FROM sent_files
GROUP BY provider, source, month
