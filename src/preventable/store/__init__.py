"""The only code that knows the disk: homes, Delta tables, the ledger, checksums, packs, retention.

Start at `session.py` (a home opened for reading or writing) and `restricted.py` (how a table is written so
that it counts whole or not at all).
"""
