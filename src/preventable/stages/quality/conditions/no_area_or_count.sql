-- V27: a count without an area or without a number would be counted nowhere, or as none.
r.subject_area IS NULL OR r.quantity IS NULL
