-- Residents of a small area by mid-year and ten-year band; a band of the region's that lies in no ten-year band
-- has none here, which the caller refuses.
-- in: populations; the CASE in braces comes from codes/age_bands.toml
SELECT small_area, year, {age_band} AS age_band, CAST(sum(persons) AS BIGINT) AS persons
FROM populations
GROUP BY small_area, year, {age_band}
