"""Logs whom the site refused something for lack of rights: an account, or a stranger, and the network."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

from main.throttle import client_network

logger = logging.getLogger(__name__)

REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def log_refusals(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: one line for each refusal. To an account, what belongs to another one is answered as not found."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        account = _account(request) if response.status_code in (*REFUSED, HTTPStatus.NOT_FOUND) else None
        if response.status_code in REFUSED or account:
            route = request.resolver_match.route if request.resolver_match else "no page"
            logger.warning(
                "%s refused: %s /%s to %s from %s.",
                response.status_code, request.method, route,
                f"account {account}" if account else "a stranger", client_network(request),
            )  # fmt: skip
        return response

    return answer


def _account(request: Any) -> Any:
    """The number of the account of somebody who is signed in, at an address of the site; else None.

    Nothing is asked of the database for it: whoever was refused as an account was looked up already.
    """
    user = getattr(request, "_cached_user", None) if request.resolver_match else None
    return user and user.pk
