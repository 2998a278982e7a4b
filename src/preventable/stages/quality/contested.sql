-- Records of which more than one row came: all others need no window and no comparison.
SELECT provider, source_record_id
FROM submissions
WHERE source_record_id IS NOT NULL
GROUP BY provider, source_record_id
HAVING count(*) > 1
