"""Reports errors: one line on stderr for each error, a mail to ADMINS, and an id that the error page shows.

No line has personal data. It has the pattern of an address instead of the address, and no values from the request or
from the error's message.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from threading import Thread
from uuid import uuid4

from django.conf import settings
from django.core.mail import mail_admins
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from main.codes.text import without_addresses
from main.sweep import errors

_request_id: ContextVar[str] = ContextVar("request_id", default="")

# PostgreSQL writes the values of a row after these words.
_DETAIL = re.compile(r"\s*\b(?:DETAIL|CONTEXT|HINT):.*", re.DOTALL)
_QUOTED = re.compile(r"(['\"]).*?\1", re.DOTALL)


def request_id(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: give each request an id, for its lines on stderr and for the header X-Request-ID of the response."""

    def answer(request: HttpRequest) -> HttpResponse:
        token = _request_id.set(uuid4().hex[:12])
        try:
            response = get_response(request)
            response["X-Request-ID"] = _request_id.get()
        finally:
            _request_id.reset(token)
        return response

    return answer


# For people who use a page. The sentences for operators are in main/sweep/errors.py.
FOR_PEOPLE = {
    errors.LOCKED: _("Somebody else is changing the same thing at this moment."),
    errors.TOO_SLOW: _("The database has too much to do at this moment."),
    errors.READ_ONLY: _("At this moment everything can be read, and nothing can be changed."),
    errors.UNREACHABLE: _("The database cannot be reached at this moment."),
    errors.FULL: _("The database has no room left."),
}


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an error: 503 with the reason if the database is only busy or away, otherwise 500.

    Both show the id of the error's line on stderr.
    """
    failure = sys.exc_info()[1]
    reason = FOR_PEOPLE.get(errors.advice(failure)) if isinstance(failure, Error) else None
    status = HTTPStatus.SERVICE_UNAVAILABLE if reason else HTTPStatus.INTERNAL_SERVER_ERROR
    facts = {"request_id": _request_id.get(), "reason": reason, "asked": request.method == "GET"}
    # Rendered without the request: its session and messages may need the database, which may be what failed.
    return HttpResponse(render_to_string("503.html" if reason else "500.html", facts), status=status)


class Unforeseen(logging.Filter):
    """Lets errors through, but not a page that answers 503 on purpose, as the health page does."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.exc_info) or getattr(record, "status_code", None) != HTTPStatus.SERVICE_UNAVAILABLE


class OneLine(logging.Formatter):
    """Formats a record as one line, of text or of JSON (LOG_FORMAT). Times are in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": _request_id.get(),
            "message": without_persons(_message(record)),
            "error": _error(record),
            "traceback": _traceback(record),
        }
        known = {name: value for name, value in facts.items() if value}
        if settings.LOG_FORMAT == "json":
            return json.dumps(known, ensure_ascii=False)
        told = [known.pop(name) for name in ("time", "level", "logger")]
        line = " ".join(str(part) for part in [*told, *(f"{name}={value!r}" for name, value in known.items())])
        return line.replace("\r", "\\r").replace("\n", "\\n")


class AdminMail(logging.Handler):
    """Mails a record to ADMINS, the same error at most once an hour. The request does not wait for the mail."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._sent: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if not settings.ADMINS:
            return
        kind = f"{record.name} {_message(record)} {_error(record)}"
        if record.created - self._sent.get(kind, -1e9) < timedelta(hours=1).total_seconds():
            return
        self._sent[kind] = record.created
        Thread(target=self._send, args=(record, self.format(record)), name="mail to ADMINS").start()

    @staticmethod
    def _send(record: logging.LogRecord, text: str) -> None:
        try:
            mail_admins(f"{record.levelname}: {without_persons(_message(record))}"[:120], text)
        except Exception as error:  # any error of the mail server; logging it would send a mail again
            sys.stderr.write(
                f"The mail to ADMINS was not sent: {type(error).__name__}: {without_persons(str(error))}\n"
            )


def without_persons(text: str) -> str:
    """`text` without quoted values, e-mail addresses, and the values of rows that a database adds."""
    return without_addresses(_QUOTED.sub(r"\1…\1", _DETAIL.sub("", text)))


def _message(record: logging.LogRecord) -> str:
    """The message of a record. Django's own would have the address, with a name or the token of a password reset."""
    request = getattr(record, "request", None)
    if not isinstance(request, HttpRequest):
        return record.getMessage()
    route = request.resolver_match.route if request.resolver_match else "no page"
    status = getattr(record, "status_code", "")
    return f"{status} {request.method} /{route}".strip()


def _error(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return f"{type(error).__name__}: {without_persons(str(error))}" if error else ""


def _traceback(record: logging.LogRecord) -> list[str]:
    """The calls that led to the error, the innermost last. In a chain of errors, causes come first."""
    error = record.exc_info[1] if record.exc_info else None
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.insert(0, error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    places = []
    for link in chain:
        places.append(type(link).__name__)
        places += [f"{at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(link.__traceback__)]
    return places
