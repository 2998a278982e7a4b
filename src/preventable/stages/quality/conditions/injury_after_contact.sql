-- V04: the injury starts later than the contact by more than $minutes. Compared in UTC: no clock change between.
r.injury_start_utc > r.contact_utc + INTERVAL '1' MINUTE * $minutes
