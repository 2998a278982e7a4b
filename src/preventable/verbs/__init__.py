"""The command line's verbs by subject, each a function without logic."""
