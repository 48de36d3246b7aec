"""The reader's language: the one that the person has chosen, else that of the browser, else LANGUAGE_CODE.

The choice is kept in three places: a row in the database, for mails and for the next sign-in; the session of who is
signed in, so that no page needs a query; and a cookie, for this browser's sign-in page.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request

from main.accounts import cookies
from main.models import ChosenLanguage

IN_SESSION = "language"


def visitor_language(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, below that of the sessions: answer in the visitor's language, and name the others to the page."""

    def answer(request: HttpRequest) -> HttpResponse:
        chosen = request.session.get(IN_SESSION)
        language = chosen if chosen in dict(settings.LANGUAGES) else get_language_from_request(request)
        request.LANGUAGE_CODE = language  # Django's own middleware sets it too
        others = [(code, name) for code, name in settings.LANGUAGES if code != language]
        request.other_languages = others  # type: ignore[attr-defined] # for the switch on every page
        with translation.override(language):
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Accept-Language"])
        return response

    return answer


def keep(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """Keep the `language` that the visitor has chosen, one of settings.LANGUAGES."""
    if request.user.is_authenticated:
        ChosenLanguage.objects.update_or_create(user=request.user, defaults={"language": language})
        request.session[IN_SESSION] = language
    cookies.keep(request, response, settings.LANGUAGE_COOKIE_NAME, language)


def recall(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Receiver of `user_logged_in`: use the language that `user` has chosen.

    Who has chosen none gets mails in the language of the page where they first signed in.
    """
    chosen = languages_of([user.pk]).get(user.pk)
    used = getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)
    if chosen:
        request.session[IN_SESSION] = chosen
    elif used != settings.LANGUAGE_CODE:
        ChosenLanguage.objects.update_or_create(user=user, defaults={"language": used})


def language_of(user: Any) -> str:
    """The language for mails to `user`."""
    return languages_of([user.pk]).get(user.pk, settings.LANGUAGE_CODE)


def languages_of(user_ids: Iterable[int]) -> dict[int, str]:
    """The languages that these users have chosen, by user; those without a choice are left out."""
    chosen = ChosenLanguage.objects.filter(user__in=list(user_ids), language__in=dict(settings.LANGUAGES))
    return dict(chosen.values_list("user_id", "language"))
