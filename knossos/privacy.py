"""Forbids browsers and proxies to keep copies of pages."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def keep_no_copies(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: tell browsers and proxies to keep no copy of a page, unless its view says otherwise.

    Otherwise the next person at the computer could see the pages of the last one with the Back button.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return answer
