-- V25: a cell was filled and could not be read: its field is null by now. A code unknown is V19, "no date" V06.
r.problem IN ('not_a_date', 'clock_gap', 'not_a_number', 'not_an_nhs_number', 'out_of_range')
