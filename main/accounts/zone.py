"""The visitor's time zone, for showing and reading times: the one that the person has chosen, else TIME_ZONE."""

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


def chosen(request: HttpRequest) -> str:
    """The zone that the visitor has chosen, when signed in or else in this browser; empty where none is known."""
    names = (request.session.get("zone"), request.COOKIES.get(cookie()))
    return next((name for name in names if name in zones()), "")


def visitor_zone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, below that of the sessions: use the visitor's zone if one is chosen, otherwise the project's."""

    def answer(request: HttpRequest) -> HttpResponse:
        name = chosen(request)
        with timezone.override(ZoneInfo(name) if name else None):
            return get_response(request)

    return answer
