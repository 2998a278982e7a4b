-- One judgement for each row. A row held by an error is quarantined. Of rows that say the same of the same version
-- one is accepted (lowest edition, then submission, then row), the others are duplicates. The highest accepted
-- version stands unless it withdraws the record. Nothing depends on the order in which files arrived.
WITH sound AS (
  SELECT s.submission_id, s.row_number,
         row_number() OVER (
           PARTITION BY s.provider, s.source_record_id, s.record_version, s.content_hash
           ORDER BY s.edition, s.submission_id, s.row_number
         ) AS copy
  FROM submissions AS s
  LEFT JOIN held AS h ON h.submission_id = s.submission_id AND h.row_number = s.row_number
  WHERE h.submission_id IS NULL
),
highest AS (
  SELECT s.provider, s.source_record_id, max(s.record_version) AS highest_version
  FROM submissions AS s
  JOIN sound AS a ON a.submission_id = s.submission_id AND a.row_number = s.row_number AND a.copy = 1
  GROUP BY s.provider, s.source_record_id
)
SELECT s.submission_id, s.provider, s.month, s.source, s.row_number, s.content_hash, s.source_record_id,
       CASE WHEN a.copy IS NULL THEN 'quarantined' WHEN a.copy = 1 THEN 'accepted' ELSE 'duplicate' END AS outcome,
       coalesce(a.copy = 1 AND s.record_version = t.highest_version AND s.record_status = 'live', FALSE) AS standing,
       s.record_version, t.highest_version
FROM submissions AS s
LEFT JOIN sound AS a ON a.submission_id = s.submission_id AND a.row_number = s.row_number
LEFT JOIN highest AS t ON t.provider = s.provider AND t.source_record_id = s.source_record_id
