-- V09: with day and month in each other's place the contact would lie in the month of its file; or an injury as stated,
-- which lies more than $minutes after the contact or more than $days before it, on the day of the contact or the day before.
-- Few rows are so far out: what is dear is asked of these alone.
CASE WHEN r.contact_month_number <> r.month_number
     THEN year(r.contact_local) * 12 + day(r.contact_local) = r.month_number
     ELSE FALSE END
OR CASE WHEN r.injury_start_utc > r.contact_utc + INTERVAL '1' MINUTE * $minutes
             OR r.injury_end_utc < r.contact_utc - INTERVAL '1' DAY * $days
        THEN r.time_basis = 'stated' AND day(r.injury_start_local) <> month(r.injury_start_local)
             AND ((year(r.injury_start_local) = year(r.contact_local)
                   AND day(r.injury_start_local) = month(r.contact_local)
                   AND month(r.injury_start_local) = day(r.contact_local))
                  OR (year(r.injury_start_local) = year(r.contact_local - INTERVAL '1' DAY)
                      AND day(r.injury_start_local) = month(r.contact_local - INTERVAL '1' DAY)
                      AND month(r.injury_start_local) = day(r.contact_local - INTERVAL '1' DAY)))
        ELSE FALSE END
