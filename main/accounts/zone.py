"""The visitor's time zone, for showing and reading times: chosen on the page `zone`, kept in a cookie."""

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

# Places, as people know them. The zone database also has abbreviations and old names.
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def cookie() -> str:
    """The name of the cookie; with this prefix, browsers accept it only by HTTPS and only from this host."""
    return "__Host-zone" if settings.SESSION_COOKIE_SECURE else "zone"


@cache
def zones() -> list[str]:
    """The zones to choose from. Looked up on first use: at import, every command would take 3 % longer to start."""
    known = (name for name in available_timezones() if name.split("/")[0] in REGIONS)
    return sorted({"UTC", settings.TIME_ZONE, *known})


def has_chosen(request: HttpRequest) -> bool:
    """Whether the visitor has chosen a zone that is known."""
    return request.COOKIES.get(cookie(), "") in zones()


def visitor_zone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: use the visitor's zone if it is set and known, otherwise the project's."""

    def answer(request: HttpRequest) -> HttpResponse:
        with timezone.override(ZoneInfo(request.COOKIES[cookie()]) if has_chosen(request) else None):
            return get_response(request)

    return answer
