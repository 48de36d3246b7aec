"""What can stop a sweep or an undo, in words for an operator: what happened, what stays, what to do."""

from django.db import Error, InterfaceError, OperationalError

from main.codes.text import visible

MIGRATE = "The database lacks a table or column: run `python manage.py migrate`."
LOCKED = "Another transaction held a lock for too long: run the command again when it has ended."
UNREACHABLE = "Cannot reach the database: check that it runs, and DATABASE_URL."
FULL = "The disk of the database is full: make room."
READ_ONLY = "The database cannot be written: check the rights of this user."
TOO_SLOW = "The database took too long for the statement: try again when it has less to do."
REJECTED = "The database rejected the statement."

# By SQLSTATE for PostgreSQL, by the name of the error for SQLite.
ADVICE = {
    "42P01": MIGRATE,
    "42703": MIGRATE,
    "55P03": LOCKED,
    "40P01": LOCKED,
    "57014": TOO_SLOW,
    "57P01": UNREACHABLE,  # the server ended the connection
    "57P02": UNREACHABLE,
    "57P03": UNREACHABLE,
    "08P01": UNREACHABLE,  # PgBouncer has no server, or no room
    "53300": UNREACHABLE,
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


class Refused(Exception):
    """Something of ours stopped the work. The message is a whole sentence that says why."""


class Interrupted(Refused):
    """A person or the system asked the process to end."""


class WrongClock(Refused):
    """The clocks of this process and of the database server disagree."""


class WrongDatabase(Refused):
    """The settings name a database that this system does not know."""


class CannotUndo(Refused):
    """This run cannot be undone."""


class SweepFailed(Exception):
    """A sweep, or the undo of one, stopped for the `reason`; what it had done to `count` codes stays done.

    The message is whole sentences: what stays, what happened, what to do.
    """

    def __init__(self, count: int, *, undo: bool, reason: Exception) -> None:
        was, stays = ("code was", "stays") if count == 1 else ("codes were", "stay")
        done, state = ("put back", "active") if undo else ("expired", "expired")
        super().__init__(f"Stopped early. {count} {was} already {done} and {stays} {state}. {explain(reason)}")
        self.count = count
        self.reason = reason


def explain(failure: Exception) -> str:
    """Return one line about a failure of ours, or of the database or its driver: what to do, and what was said."""
    if isinstance(failure, (Refused, SweepFailed)):
        return str(failure)
    return f"{advice(failure)} ({_said(failure)})"


def advice(failure: Exception) -> str:
    """Return what to do about a failure of the database or its driver, without what it said: fit for the public."""
    if "no such table" in _said(failure) or "no such column" in _said(failure):  # SQLite has no name for these
        return MIGRATE
    # The driver's own error is the cause where Django has wrapped it.
    for error in (failure.__cause__, failure):
        if name := getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None):
            return ADVICE.get(name, REJECTED)
    # psycopg gives no SQLSTATE where there is no connection (any more).
    lost = isinstance(failure, (InterfaceError, OperationalError)) or not isinstance(failure, Error)
    return UNREACHABLE if lost else REJECTED


def _said(failure: Exception) -> str:
    return visible(" ".join(str(failure).split()))
