"""Limits how long a request may wait for the database, so that one locked row does not hold up the site."""

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from main.sweep.databases import limited

# An edit holds its lock for milliseconds. Three seconds are enough for a whole batch of a sweep on a busy machine.
LOCK_WAIT = timedelta(seconds=3)
# The slowest page takes half a second with a million codes. gunicorn ends a worker after 60 seconds.
STATEMENT = timedelta(seconds=20)


def limit_waiting(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a statement that takes longer fails, and the page says so (knossos/errors.py)."""

    def answer(request: HttpRequest) -> HttpResponse:
        with limited(LOCK_WAIT, STATEMENT):
            return get_response(request)

    return answer
