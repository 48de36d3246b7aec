"""What a person has chosen for all pages and mails: a language and a time zone.

A choice is kept in three places: a row in the database, for mails and for the next sign-in; the session of who is
signed in, so that no page needs a query; and a cookie, for this browser before its next sign-in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta, tzinfo
from typing import Any, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from main.accounts import zone
from main.models import PersonalChoice

AGE = timedelta(days=365)  # of the cookies


class Reader(NamedTuple):
    """In which language and zone a person reads."""

    language: str
    zone: tzinfo

    @classmethod
    def of_page(cls) -> Self:
        """The visitor to whom the present page is shown."""
        return cls(translation.get_language() or settings.LANGUAGE_CODE, timezone.get_current_timezone())

    @contextmanager
    def reads(self) -> Iterator[None]:
        """Within it, texts are in the language and times in the zone of this person."""
        with timezone.override(self.zone), translation.override(self.language):
            yield


def keep(request: HttpRequest, response: HttpResponse, what: Literal["language", "zone"], choice: str) -> None:
    """Keep the `choice` of the visitor: one of settings.LANGUAGES, or of `zones()`. No script reads the cookie."""
    if request.user.is_authenticated:
        PersonalChoice.objects.update_or_create(user=request.user, defaults={what: choice})
        request.session[what] = choice
    name = settings.LANGUAGE_COOKIE_NAME if what == "language" else zone.cookie()
    response.set_cookie(name, choice, max_age=AGE, samesite="Lax", secure=request.is_secure(), httponly=True)


def recall(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Receiver of `user_logged_in`: use what `user` has chosen.

    Who has chosen nothing gets mails in the language and the zone of the page where they first signed in, if these are
    not the project's. That is no choice: pages go on to follow the browser.
    """
    row = _row_of(user)
    pages = {
        "language": (getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE), settings.LANGUAGE_CODE),
        "zone": (timezone.get_current_timezone_name(), settings.TIME_ZONE),
    }
    seen = {}
    for what, (of_page, of_project) in pages.items():
        if chosen := getattr(row, what):
            request.session[what] = chosen
        elif of_page != of_project and not getattr(row, f"seen_{what}"):
            seen[f"seen_{what}"] = of_page
    if seen:
        PersonalChoice.objects.update_or_create(user=user, defaults=seen)


def reader_of(user: Any, otherwise: Reader | None = None) -> Reader:
    """How `user` reads mails: as chosen, else as first seen, else as `otherwise` does, by default as in the project.

    Asks the database, unless `user` was read together with its `personal_choice`.
    """
    row = _row_of(user)
    languages = [name for name in (row.language, row.seen_language) if name in dict(settings.LANGUAGES)]
    zones = [ZoneInfo(name) for name in (row.zone, row.seen_zone) if name and name in zone.zones()]
    otherwise = otherwise or Reader(settings.LANGUAGE_CODE, timezone.get_default_timezone())
    return Reader((*languages, otherwise.language)[0], (*zones, otherwise.zone)[0])


def _row_of(user: Any) -> PersonalChoice:
    return getattr(user, "personal_choice", None) or PersonalChoice()
