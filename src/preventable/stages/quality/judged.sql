-- One judgement for each row. A row held by an error is quarantined. Of rows that say the same of the same version
-- one is accepted (lowest edition, then submission, then row), the others are duplicates. The highest accepted
-- version stands unless it withdraws the record. Nothing depends on the order in which files arrived.
-- In: checked_rows, held (rows held by an error), contested (records of more than one row).
WITH told AS (
  SELECT c.submission_id, c.provider, c.month, c.source, c.row_number, c.content_hash, c.source_record_id,
         c.edition, c.record_version, c.record_status,
         CASE WHEN h.submission_id IS NULL THEN 1 ELSE 0 END AS is_sound,
         CASE WHEN r.provider IS NULL THEN 0 ELSE 1 END AS is_contested
  FROM checked_rows AS c
  LEFT JOIN held AS h ON h.submission_id = c.submission_id AND h.row_number = c.row_number
  LEFT JOIN contested AS r ON r.provider = c.provider AND r.source_record_id = c.source_record_id
),
compared AS (
  SELECT submission_id, provider, month, source, row_number, content_hash, source_record_id, record_version,
         record_status, is_sound, 1 AS copy, CASE WHEN is_sound = 1 THEN record_version END AS highest_version
  FROM told
  WHERE is_contested = 0
  UNION ALL
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
  WHERE is_contested = 1
)
SELECT submission_id, provider, month, source, row_number, content_hash, source_record_id,
       CASE WHEN is_sound = 0 THEN 'quarantined' WHEN copy = 1 THEN 'accepted' ELSE 'duplicate' END AS outcome,
       coalesce(
         is_sound = 1 AND copy = 1 AND record_version = highest_version AND record_status = 'live', FALSE
       ) AS standing,
       record_version, highest_version
FROM compared
