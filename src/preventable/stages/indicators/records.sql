-- One row a record: where it happened, and the category of every breakdown; homes.sql and regions.sql put the other areas.
-- in: located_records; the CASE expressions in braces come from codes/*.toml
SELECT
    r.record_key, r.submission_id, r.row_number, r.provider, r.source, r.month,
    r.admission_method, r.alcohol_involved, r.assailant_relation, r.conveyed_site, r.determinant, r.domestic_flag,
    r.firearm_flag, r.hate_flag, r.icd10_external_cause, r.knife_flag, r.method,
    r.offence_code, r.place_qualifier, r.police_informed, r.precision_class, r.record_category, r.site_code,
    r.age_from, r.age_to,
    coalesce(r.sex, 'unknown') AS sex,
    coalesce(r.place_type, 'unknown') AS place_type,
    coalesce({age_band}, {unknown_age}) AS age_band,
    coalesce({life_course}, {unknown_stage}) AS life_course,
    coalesce(r.severity, 'unknown') AS severity,
    {weapon_class} AS weapon_class,
    {weekday_hour} AS weekday_hour,
    {hour_of_week} AS hour_of_week,
    r.residence_small_area AS home,
    r.district AS place_district, r.ward AS place_ward, r.neighbourhood AS place_neighbourhood,
    r.middle_area AS place_middle_area, r.small_area AS place_small_area,
    r.venue_id,
    date_trunc('hour', r.moment) AS moment_hour,
    CAST(r.contact_local AS DATE) AS contact_date
FROM (SELECT *, {moment} AS moment FROM located_records) r
