-- The rows that do not stand, with their outcome; every other row is accepted and stands. A row held by an error is
-- quarantined. Of rows that say the same of the same version one is accepted (lowest edition, then submission, then
-- row), the others are duplicates. The highest accepted version stands unless it withdraws the record. Nothing depends
-- on the order in which files arrived.
-- In: noted_rows, contested (records of more than one row), contested_rows, contradicted (rows of those held by an error
-- that compares them).
WITH told AS (
  SELECT c.submission_id, c.provider, c.month, c.source, c.row_number, c.content_hash, c.source_record_id,
         c.edition, c.record_version, c.record_status,
         CASE WHEN c.is_held = 0 AND h.submission_id IS NULL THEN 1 ELSE 0 END AS is_sound
  FROM contested_rows AS c
  LEFT JOIN contradicted AS h ON h.submission_id = c.submission_id AND h.row_number = c.row_number
),
compared AS (
  SELECT submission_id, provider, month, source, row_number, content_hash, source_record_id, record_version,
         record_status, is_sound,
         row_number() OVER (
           PARTITION BY provider, source_record_id, record_version, content_hash, is_sound
           ORDER BY edition, submission_id, row_number
         ) AS copy,
         max(CASE WHEN is_sound = 1 THEN record_version END) OVER (
           PARTITION BY provider, source_record_id
         ) AS highest_version
  FROM told
  UNION ALL
  SELECT n.submission_id, n.provider, n.month, n.source, n.row_number, n.content_hash, n.source_record_id,
         n.record_version, n.record_status, 1 - n.is_held AS is_sound, 1 AS copy,
         CASE WHEN n.is_held = 0 THEN n.record_version END AS highest_version
  FROM noted_rows AS n
  LEFT JOIN contested AS c ON c.provider = n.provider AND c.source_record_id = n.source_record_id
  WHERE c.provider IS NULL
)
SELECT submission_id, provider, month, source, row_number, content_hash, source_record_id,
       CASE WHEN is_sound = 0 THEN 'quarantined' WHEN copy = 1 THEN 'accepted' ELSE 'duplicate' END AS outcome,
       record_version, highest_version
FROM compared
WHERE is_sound = 0 OR copy > 1 OR record_status <> 'live'
      OR record_version IS NULL OR record_version <> highest_version
