-- Records (r) with their keys, those of optional fields that any record has among them. The postcode becomes the small area and
-- centre it lies in and goes no further.
SELECT k.record_key, {person} AS person_key, {keys}, {columns},
       p.small_area AS postcode_small_area,
       p.easting_m AS postcode_easting_m,
       p.northing_m AS postcode_northing_m
FROM {records}
JOIN record_keys AS k ON k.provider = r.provider AND k.source_record_id = r.source_record_id
LEFT JOIN person_keys AS h ON h.nhs_number = r.nhs_number
LEFT JOIN postcodes AS p ON p.postcode = r.postcode
