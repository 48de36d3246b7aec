"""The visitor's language: the one that the person has chosen, else that of the browser, else LANGUAGE_CODE."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request


def visitor_language(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, below that of the sessions: answer in the visitor's language, and name the others to the page."""

    def answer(request: HttpRequest) -> HttpResponse:
        chosen = request.session.get("language")
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
