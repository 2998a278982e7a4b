"""Which records of two sources are of one victim or incident, and what share of victims the police know."""
