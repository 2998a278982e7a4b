-- V05, V24: the injury as stated ended more than $hours before the contact.
r.time_basis = 'stated' AND r.injury_end_utc < r.contact_utc - INTERVAL '1' HOUR * $hours
