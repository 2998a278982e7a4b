"""Reading what suppliers send: one file at a time, through its mapping, whole or not at all."""
