-- V11: type of place 'other' and no place text.
r.place_type = 'other' AND r.place_text_id IS NULL
