-- One outcome for each row: accepted and standing, but for those that are set apart.
-- In: submissions or a part of them, set_apart. Of what is set apart only the months at hand are looked at.
SELECT s.submission_id, s.provider, s.month, s.source, s.row_number, s.content_hash,
       coalesce(a.outcome, 'accepted') AS outcome, a.outcome IS NULL AS standing
FROM submissions AS s
LEFT JOIN (
  SELECT f.submission_id, f.row_number, f.outcome
  FROM set_apart AS f
  JOIN (SELECT DISTINCT provider, month FROM submissions) AS m ON m.provider = f.provider AND m.month = f.month
) AS a
  ON a.submission_id = s.submission_id AND a.row_number = s.row_number
