-- V18, whole files of a month: its records are fewer than $low_percent or more than $high_percent in a hundred of the
-- mean of the provider's other months, of which there are at least $months with a mean of at least $least.
WITH files AS (
  SELECT submission_id, provider, month, CAST(sum(records) AS BIGINT) AS records
  FROM rule_rows
  GROUP BY submission_id, provider, month
),
monthly AS (
  SELECT provider, month, CAST(sum(records) AS BIGINT) AS records
  FROM files
  GROUP BY provider, month
),
compared AS (
  SELECT provider, month, records,
         count(*) OVER (PARTITION BY provider) - 1 AS other_months,
         sum(records) OVER (PARTITION BY provider) - records AS other_records
  FROM monthly
)
SELECT r.submission_id, r.provider, r.month, CAST(0 AS BIGINT) AS row_number, '' AS content_hash
FROM files AS r
JOIN compared AS c ON c.provider = r.provider AND c.month = r.month
WHERE c.other_months >= $months AND c.other_records >= $least * c.other_months
  AND (100 * c.records * c.other_months < $low_percent * c.other_records
       OR 100 * c.records * c.other_months > $high_percent * c.other_records)
