"""How good each site's months are, and what to mend at it."""
