"""What can stop a sweep or an undo, in words for operators: what happened, what stays, what to do."""

from typing import Any

from django.db import Error, InterfaceError, OperationalError
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from main.codes.text import visible
from main.sweep.writable import fault_of_file

MIGRATE = _("The database lacks a table or column: run `python manage.py migrate`.")
LOCKED = _("Another transaction held a lock for too long: run the command again when it has ended.")
UNREACHABLE = _("Cannot reach the database: check that it runs, and DATABASE_URL.")
FULL = _("The disk of the database is full: make room.")
READ_ONLY = _(
    "The database can only be read: check that DATABASE_URL names no standby, that it is not set to read-only, "
    "and the rights of this user."
)
TOO_SLOW = _("The database took too long for the statement: try again when it has less to do.")
REJECTED = _("The database rejected the statement.")

# PostgreSQL's errors by their SQLSTATE, SQLite's by their name, of which a longer one is a kind.
ADVICE = {
    "42P01": MIGRATE,
    "42703": MIGRATE,
    "55P03": LOCKED,
    "40P01": LOCKED,
    "57014": TOO_SLOW,
    "57P01": UNREACHABLE,  # the server ended the connection
    "57P02": UNREACHABLE,
    "57P03": UNREACHABLE,
    "08P01": UNREACHABLE,  # PgBouncer cannot reach the server, or has too many clients
    "53300": UNREACHABLE,
    "53100": FULL,
    "25006": READ_ONLY,
    "42501": READ_ONLY,
    "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED,
    "SQLITE_CANTOPEN": UNREACHABLE,
    "SQLITE_NOTADB": _("DATABASE_URL names a file that is not an SQLite database."),
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": READ_ONLY,
}


class Refused(Exception):
    """This system stopped the work, not the database. The message is a whole sentence that says why.

    Where `sentence` is lazy and has named `parts`, it is made anew for each reader, in the language of the moment.
    """

    def __init__(self, sentence: Any, **parts: Any) -> None:
        super().__init__(sentence)
        self._parts = parts

    def __str__(self) -> str:
        return str(self.args[0]) % self._parts if self._parts else str(self.args[0])


class Interrupted(Refused):
    """A person or the system asked the process to end."""


class WrongClock(Refused):
    """The clocks of this process and of the database server disagree."""


class WrongDatabase(Refused):
    """The settings name a database that this system does not support."""


class CannotUndo(Refused):
    """This run cannot be undone."""


class SweepFailed(Exception):
    """A sweep or an undo stopped early because of `reason`. It has changed `count` codes, and they stay changed.

    The message is made of whole sentences: what stays, what happened, what to do.
    """

    def __init__(self, count: int, *, undo: bool, reason: Exception) -> None:
        super().__init__(count, undo, reason)
        self.count = count
        self.reason = reason
        self._undo = undo

    def __str__(self) -> str:
        done = (
            ngettext(
                "Stopped early. %(count)d code was already put back and stays active.",
                "Stopped early. %(count)d codes were already put back and stay active.",
                self.count,
            )
            if self._undo
            else ngettext(
                "Stopped early. %(count)d code was already expired and stays expired.",
                "Stopped early. %(count)d codes were already expired and stay expired.",
                self.count,
            )
        )
        return f"{done % {'count': self.count}} {explain(self.reason)}"


def explain(failure: Exception) -> str:
    """Return one line for operators: what to do, and the failure's own message in brackets."""
    if isinstance(failure, (Refused, SweepFailed)):
        return str(failure)
    told = advice(failure)
    if told in (UNREACHABLE, READ_ONLY):
        told = fault_of_file(named=True) or told
    return f"{gettext(told)} ({_said(failure)})"


def advice(failure: Exception) -> str:
    """Return what to do about a failure of the database or its driver, without its own message: safe to publish.

    In English; a page translates it with `gettext`.
    """
    if "no such table" in _said(failure) or "no such column" in _said(failure):  # SQLite has no error code for these
        return MIGRATE
    # If Django has wrapped the driver's error, the driver's error is the cause.
    for error in (failure.__cause__, failure):
        if name := getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None):
            return ADVICE.get(name) or ADVICE.get("_".join(name.split("_")[:2]), REJECTED)
    # psycopg gives no SQLSTATE when there is no connection, or it was lost.
    lost = isinstance(failure, (InterfaceError, OperationalError)) or not isinstance(failure, Error)
    return UNREACHABLE if lost else REJECTED


def _said(failure: Exception) -> str:
    return visible(" ".join(str(failure).split()))
