-- V22: no contact time; what could not be read and what the clock never showed is null by now.
r.contact_utc IS NULL
