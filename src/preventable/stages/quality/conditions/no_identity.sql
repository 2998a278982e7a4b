-- V21: no record number or version, or a status that could not be read. Withdrawn rows are held to it as well.
r.source_record_id IS NULL OR r.record_version IS NULL OR r.status_unread = 1
