-- V03: the contact, on the local clock, lies outside the month of its file.
r.contact_month_number <> r.month_number
