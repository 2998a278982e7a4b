-- What texts beside points name, by text and 100 m square: rows of place_matches.
-- In: what point_venues.sql reads.
-- Put in: point_venues, the statement of that name over named_records.sql.
SELECT place_text_id, site_code, told_place AS place_id, max(place_qualifier) AS place_qualifier
FROM (
{point_venues}) AS v
WHERE told_place IS NOT NULL
GROUP BY place_text_id, site_code, told_place, month
ORDER BY month
