-- Records that the definitions of policy/linkage.toml pick, with times as whole minutes since Monday 5 January 1970 (UTC).
-- In: located_records.
-- {age_band}, {weapon_class}: derived columns, which conditions may name. {chosen}: the conditions. {contact}, {start},
--     {end}: times as minutes. {place_class}: class of the type of place. {sharp}, {living}: words of comparisons.toml.
SELECT
    r.record_key,
    r.person_key,
    r.birth_month,
    r.birth_date_key,
    r.surname_key,
    r.dispatch_key,
    r.source,
    {contact} AS contact_min,
    least({start}, {end}) AS from_min,
    greatest({start}, {end}) AS to_min,
    CASE WHEN r.time_basis = 'arrival_proxy' THEN 'no' ELSE 'yes' END AS time_stated,
    r.easting_m,
    r.northing_m,
    r.sigma_m,
    CASE WHEN r.place_type IN ({living}) THEN r.residence_small_area END AS home_area,
    r.age_from,
    r.age_to,
    CASE WHEN r.sex IN ('male', 'female') THEN r.sex END AS sex,
    CASE WHEN r.source = 'ambulance' THEN coalesce(r.conveyed_site, 'none') WHEN r.source = 'ed' THEN r.site_code END
        AS hospital,
    {place_class} AS place_class,
    CASE WHEN r.domestic_flag IN ('yes', 'no') THEN r.domestic_flag END AS domestic,
    CASE WHEN r.police_informed IN ('yes', 'no') THEN r.police_informed END AS informed,
    CASE WHEN r.severity <> 'unknown' THEN r.severity END AS severity,
    CASE
        WHEN r.weapon_class IN ({sharp}) OR substr(r.determinant, 1, 7) = 'MPDS 27' THEN 'yes'
        WHEN r.weapon_class <> 'unknown' OR r.determinant IS NOT NULL THEN 'no'
    END AS sharp
FROM (
    SELECT *, coalesce({age_band}, {unknown_age}) AS age_band, {weapon_class} AS weapon_class
    FROM located_records
) AS r
WHERE {chosen}
