"""What may be kept of a page: nothing, by anybody."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def keep_no_copies(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: neither a browser nor a proxy keeps a page, unless its view says otherwise.

    Else the next person at the computer sees with the Back button what the last one saw.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return answer
