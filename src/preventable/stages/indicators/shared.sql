-- Records whose place lies between several venues: a row for each of these, with the share in millionths.
-- in: shared_records, venues, what records.sql reads, which is put in
SELECT r.*, v.venue AS shared_venue, CAST(floor(s.weight * 1000000 + 0.5) AS BIGINT) AS millionths
FROM ({records}) r
JOIN shared_records s ON s.record_key = r.record_key
JOIN venues v ON v.venue = s.place_id
