"""What a failure of the database means, and what to do about it, in words for an operator."""

from django.db import DatabaseError

from main.codes.text import visible
from main.sweep.stopping import Interrupted, WrongClock

MIGRATE = "The database lacks a table or column: run `python manage.py migrate`."
LOCKED = "Another transaction held a lock for too long: run the command again when it has ended."
UNREACHABLE = "Cannot reach the database: check that it runs, and DATABASE_URL."
FULL = "The disk of the database is full: make room."
READ_ONLY = "The database cannot be written: check the rights of this user."

# By SQLSTATE for PostgreSQL, by the name of the error for SQLite.
ADVICE = {
    "42P01": MIGRATE,
    "42703": MIGRATE,
    "55P03": LOCKED,
    "40P01": LOCKED,
    "57P01": UNREACHABLE,  # the server ended the connection
    "57P02": UNREACHABLE,
    "57P03": UNREACHABLE,
    "53100": FULL,
    "25006": READ_ONLY,
    "42501": READ_ONLY,
    "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED,
    "SQLITE_CANTOPEN": UNREACHABLE,
    "SQLITE_NOTADB": "DATABASE_URL names a file that is not an SQLite database.",
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": READ_ONLY,
}


def explain(error: DatabaseError | Interrupted | WrongClock) -> str:
    """Return one line: what to do, where that is known, and what the database said."""
    if isinstance(error, (Interrupted, WrongClock)):
        return str(error)
    said = visible(" ".join(str(error).split()))
    cause = error.__cause__
    name = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    if "no such table" in said or "no such column" in said:  # SQLite names both only SQLITE_ERROR
        return f"{MIGRATE} ({said})"
    # psycopg gives no SQLSTATE where there is no connection (any more).
    advice = ADVICE.get(name or "", "The database refused.") if name else UNREACHABLE
    return f"{advice} ({said})"
