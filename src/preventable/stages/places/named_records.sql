-- Records whose text names premises, now or in an earlier run.
-- In: pseudonymous_records, named_premises, earlier_matches.
SELECT r.*
FROM pseudonymous_records r
JOIN (
    SELECT place_text_id FROM named_premises
    UNION
    SELECT place_text_id FROM earlier_matches
) n ON n.place_text_id = r.place_text_id
