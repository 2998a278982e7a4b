-- Rows by provider, month of the file and month of the contact. Out: provider, file_month, month, rows.
SELECT provider, file_month,
       concat(lpad(CAST(contact_year AS VARCHAR), 4, '0'), '-', lpad(CAST(contact_month AS VARCHAR), 2, '0')) AS month,
       rows
FROM (
  SELECT provider, month AS file_month, year(contact_local) AS contact_year, month(contact_local) AS contact_month,
         count(*) AS rows
  FROM submissions
  WHERE contact_local IS NOT NULL
  GROUP BY provider, month, year(contact_local), month(contact_local)
) AS counted
ORDER BY provider, month, file_month
