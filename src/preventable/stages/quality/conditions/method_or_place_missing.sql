-- V10: no method of assault or no type of place.
r.method IS NULL OR r.place_type IS NULL
