-- Records that stand of one kind of source, by site, month and group of patients: how many, how many of each class of place
-- and precision of time, how many with each field filled, and sums of what each record is worth: the fields and times of
-- every record (other), the places of those that are asked for one (place), their squares and products. All are whole
-- numbers, so that no order of adding up matters: thousandths of a point of 100 times the number of fields.
-- In: located_records, precision_points, class_points. Put in: age_band, location_class, filled (fields filled), sums.
WITH scored AS (
  SELECT r.provider, r.site_code, r.month,
         coalesce(r.sex, 'unknown') AS sex,
         {age_band} AS age_band,
         CASE WHEN r.contact_local IS NULL THEN 'unknown'
              WHEN hour(r.contact_local) >= $night_from OR hour(r.contact_local) < $night_to THEN 'night'
              ELSE 'day' END AS arrival,
         r.time_precision, r.contact_local, r.injury_start_local, r.time_basis, r.method, r.place_type, r.place_text_id,
         r.age_from,
         {location_class} AS location_class
  FROM located_records AS r
  WHERE r.source = $source
),
worth AS (
  SELECT r.*,
         $completeness * 1000 * ({filled}) + $fields * $time * coalesce(p.points, 0) AS other,
         CASE WHEN c.points IS NULL THEN 0 ELSE 1 END AS asked,
         $fields * $location * coalesce(c.points, 0) AS place
  FROM scored AS r
  LEFT JOIN precision_points AS p ON p.time_precision = r.time_precision
  LEFT JOIN class_points AS c ON c.location_class = r.location_class
)
SELECT r.provider, r.site_code, r.month, r.sex, r.age_band, r.arrival, CAST(count(*) AS BIGINT) AS records,
       CAST(sum(r.other) AS BIGINT) AS other,
       CAST(sum(r.other * r.other) AS BIGINT) AS other_squares,
       CAST(sum(r.asked) AS BIGINT) AS asked,
       CAST(sum(r.place) AS BIGINT) AS place,
       CAST(sum(r.place * r.place) AS BIGINT) AS place_squares,
       CAST(sum(r.other * r.asked) AS BIGINT) AS other_asked,
       CAST(sum(r.other * r.place) AS BIGINT) AS other_place,
       {sums}
FROM worth AS r
GROUP BY r.provider, r.site_code, r.month, r.sex, r.age_band, r.arrival
