-- V02: the row's site is missing or is not the site of any provider of the region.
r.known_site IS NULL
