"""Runs one statement on an SQLite file and prints every row: `python -m benchmarks.bare FILE STATEMENT`."""

import sqlite3
import sys

with sqlite3.connect(sys.argv[1]) as connection:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    for row in connection.execute(sys.argv[2]):
        sys.stdout.write("|".join(map(str, row)) + "\n")
