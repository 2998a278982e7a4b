"""`engines_world.main` in a process where importing DuckDB is an error: `without_duckdb.py ADDRESS FOLDER`."""

import sys
from importlib import import_module

if __name__ == "__main__":
    sys.modules["duckdb"] = None  # type: ignore[assignment]
    import_module("engines_world").main(*sys.argv[1:])
