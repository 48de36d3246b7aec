"""Every error of the API as a problem of RFC 9457, those included that never reach an operation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.log import log_response
from django.views import defaults
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from main.sweep.databases import together
from main.sweep.errors import WrongClock

LARGEST_BODY = 16 * 1024  # bytes
MOST_THAT_IS_DROPPED = 32 * 1024 * 1024  # bytes
PROBLEM = "application/problem+json"
RETRY = {"Retry-After": "1"}

View = Callable[..., HttpResponse]


class FieldProblem(Schema):
    field: str
    problem: str


class Problem(Schema):
    """RFC 9457. `reason` is there where a code was not redeemed, `errors` where the body was wrong."""

    title: str
    status: int
    detail: str
    reason: str | None = None
    errors: list[FieldProblem] | None = None


class ApiOfProblems(NinjaAPI):
    """Describes each problem with the type of its answer: ninja knows JSON alone, and clients that are made from the
    description would not read a problem."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        described = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        for methods in described["paths"].values():
            for operation in methods.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= HTTPStatus.BAD_REQUEST:
                        answer["content"] = {PROBLEM: answer["content"]["application/json"]}
        return described


class JsonParser(Parser):
    """Ninja's own fails at a deeply nested body, and takes the last of two fields of one name."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            return json.loads(request.body, object_pairs_hook=_each_once)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field stands there twice")
    return fields


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **more: Any) -> HttpResponse:
    """The answer that says what is wrong: a title by the status, and a sentence that says what to do."""
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return HttpResponse(json.dumps(body), status=status, content_type=PROBLEM, headers=headers)


def tell_problems(api: NinjaAPI) -> None:
    """Let `api` answer its own errors as problems."""

    @api.exception_handler(ValidationError)
    def wrong_body(request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [
            {"field": ".".join(str(part) for part in wrong["loc"][2:]) or "body", "problem": wrong["msg"]}
            for wrong in error.errors
        ]
        return problem(400, "The body is not as it should be: see errors.", errors=errors)

    @api.exception_handler(HttpError)
    def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
        if error.status_code == HTTPStatus.BAD_REQUEST:  # ninja's word for a body that cannot be parsed
            return problem(400, "The body is not JSON, or has a field twice.")
        return problem(error.status_code, error.message)

    @api.exception_handler(Exception)
    def unforeseen(request: HttpRequest, error: Exception) -> HttpResponse:
        raise error  # to `as_problems`; with DEBUG ninja would show the calls


def as_problems(view: View) -> View:
    """Refuse what no operation should read, and answer as a problem what the view fails at.

    What a request writes is in the database before the shop gets the answer.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if refused := _not_read(request):
            return refused
        try:
            with together():
                response = view(request, *args, **kwargs)
        except Exception as error:  # a shop gets a problem in JSON for each error; _failed logs it
            return _failed(request, error)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return _not_allowed(response.headers.get("Allow", ""))
        return response

    # Ninja's views need no token of a form; the mark is on the view that Django calls.
    answer.csrf_exempt = True  # type: ignore[attr-defined]
    return answer


def to_be_read(view: View) -> View:
    """Answer GET and HEAD alone. Ninja's view of the description answers every method, and changes nothing."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs) if request.method in ("GET", "HEAD") else _not_allowed("GET, HEAD")

    answer.csrf_exempt = True  # type: ignore[attr-defined] # a form's token is not what such a request lacks
    return answer


def _not_allowed(allowed: str) -> HttpResponse:
    return problem(405, f"Here only {allowed} is answered.", {"Allow": allowed})


def _not_read(request: HttpRequest) -> HttpResponse | None:
    """The refusal of a request that no operation should read, or None."""
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        # Led on to HTTPS, a shop would go on sending its token in the clear, and nobody would notice.
        return problem(403, "Use https. What was sent by http may have been read: make a new token.")
    if "HTTP_TRANSFER_ENCODING" in request.META:
        return problem(411, "Send the header Content-Length: a body in chunks is not read.")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not re.fullmatch("[0-9]{1,18}", length):
        return problem(400, "The header Content-Length is not a number.")
    if int(length) > LARGEST_BODY:
        _drop(request, int(length))
        return problem(413, f"The body is larger than {LARGEST_BODY // 1024} KiB.")
    if request.method == "POST" and request.content_type != "application/json":
        return problem(415, "Send the body as application/json.")
    return None


def _drop(request: HttpRequest, length: int) -> None:
    """Read the body and keep nothing: a client that is still sending would see a broken connection, and no answer."""
    try:
        while length <= MOST_THAT_IS_DROPPED and request.read(64 * 1024):
            pass
    except OSError:
        pass  # the client has hung up


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    if isinstance(error, (DatabaseError, InterfaceError)):
        response = problem(503, "The database does not answer. Repeat the request: nothing is done twice.", RETRY)
    elif isinstance(error, WrongClock):
        response = problem(503, "The clock of our server is wrong: tell us. Nothing was redeemed.", RETRY)
    else:
        response = problem(500, "An error of ours; it was noted. Repeat the request: nothing is done twice.")
    got_request_exception.send(sender=None, request=request)
    log_response(
        "%s: %s", response.reason_phrase, request.path, response=response, request=request, level="error",
        exception=error,
    )  # fmt: skip
    return response


def no_such_address(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return problem(404, "There is nothing at this address; the addresses are listed at /api/v1/.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400, for what is refused before any view: a problem for a shop, the page for everybody else."""
    if request.path.startswith(reverse("api-v1:api-root")):
        return problem(400, "The host of the address is not one of ours, or the address holds a NUL.")
    return defaults.bad_request(request, exception)
