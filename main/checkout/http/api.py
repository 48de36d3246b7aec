"""The API of the checkout, for a shop in any language: `/api/v1/`."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _  # OpenAPI is in English; our page translates it
from ninja import Schema
from ninja.errors import AuthorizationError
from ninja.security.base import AuthBase

from main.checkout.checking import Reason, check_code
from main.checkout.guessing import WrongCodes, seconds_to_wait
from main.checkout.http.bodies import CodeToCheck, DoesNotWork, OrderToRedeem, Redeemed, Works
from main.checkout.http.problems import ApiOfProblems, JsonParser, Problem, problem, tell_problems
from main.checkout.models import Redemption
from main.checkout.promises import is_promise, promise
from main.checkout.redeeming import NotRedeemed, OrderTaken, redeem, redeemed_before, void
from main.checkout.tokens import Shop, shop_with
from main.checkout.tries import count_try
from main.codes.text import is_on_one_line

api = ApiOfProblems(
    title="Knossos referral codes", version="1", urls_namespace="api-v1", docs_url=None, parser=JsonParser(),
    description="Check a referral code, and redeem it for an order. Repeating a request does nothing twice.",
)  # fmt: skip
tell_problems(api)

TRY_LATER = DoesNotWork(reason="try_later")

# Sent with `operation` ("check" or "redeem") and `result`: "works", "redeemed", "repeated" for an order that was
# redeemed before, "order_taken", or the reason of a refusal.
shop_answered = Signal()


class ShopRequest(HttpRequest):
    auth: Shop


class Bearer(AuthBase):
    """A token of a shop that has the right to do this."""

    openapi_type, openapi_scheme = "http", "bearer"

    def __init__(self, right: str) -> None:
        self.right = right
        super().__init__()

    def __call__(self, request: HttpRequest) -> Shop | None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        shop = shop_with(token.strip()) if kind.lower() == "bearer" else None
        if shop is None:
            raise NoToken
        if not getattr(shop, self.right):
            raise AuthorizationError(message=f"This token has no right to {self.right.removeprefix('may_')}.")
        if wait := seconds_to_wait(shop):
            raise TooOften(wait)
        return shop


class NoToken(Exception):
    """The request has no token, or one that is unknown or switched off."""


class TooOften(Exception):
    """The token asks too often."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


@api.exception_handler(NoToken)
def _no_token(request: HttpRequest, error: NoToken) -> HttpResponse:
    detail = "Send the header Authorization: Bearer TOKEN with a token that is known and switched on."
    return problem(401, detail, {"WWW-Authenticate": "Bearer"})


@api.exception_handler(TooOften)
def _too_often(request: HttpRequest, error: TooOften) -> HttpResponse:
    return problem(429, f"Too many requests of this token: wait for {error.wait} seconds.", _retry(error.wait))


REFUSED = dict.fromkeys((400, 401, 403, 411, 413, 415, 429, 500, 503), Problem)
CHECK, REDEEM = Bearer("may_check"), Bearer("may_redeem")


@api.post(
    "codes/check", auth=CHECK, response={200: Works | DoesNotWork, **REFUSED}, summary=_("Check a code"),
    description=_(
        "Whether the code works now. The promise lets you redeem it at this discount for some minutes, usually 15."
    ),
)  # fmt: skip
def check(request: HttpRequest, body: CodeToCheck) -> HttpResponse:
    wrong = WrongCodes(_shop(request), body.customer)
    if wrong.too_many():
        return _not_usable(TRY_LATER, _retry(wrong.wait))
    checked = check_code(body.code)
    if checked.usable:
        _count("check", "works")
        return _answer(
            Works(
                code=checked.code, discount=checked.discount, expires_at=checked.expires_at, promise=promise(checked)
            )
        )
    count_try(checked)
    if not wrong.one_more():
        return _not_usable(TRY_LATER, _retry(wrong.wait))
    return _not_usable(DoesNotWork(reason=cast("Any", checked.reason)))


@api.post(
    "redemptions", auth=REDEEM, summary=_("Redeem a code for an order"),
    description=_(
        "201 for a new redemption, 200 for the same order again; 409 where it has other data, 422 where the code or "
        "the promise does not work."
    ),
    response={200: Redeemed, 201: Redeemed, 409: Problem, 422: Problem, **REFUSED},
)  # fmt: skip
def redeem_code(request: HttpRequest, body: OrderToRedeem) -> HttpResponse:
    shop = _shop(request)
    wrong = WrongCodes(shop, body.customer)
    code_or_promise = body.promise or body.code or ""
    amount = None if body.amount is None else Decimal(body.amount)
    order: Any = {"order": body.order, "amount": amount, "currency": body.currency, "shop": shop.name}
    try:
        if body.promise is not None and not is_promise(body.promise):
            raise NotRedeemed(Reason.PROMISE_INVALID)  # a code here would be a guess that nobody counts
        if body.code is not None and wrong.too_many():
            if done := redeemed_before(code_or_promise, **order):
                _count("redeem", "repeated")
                return _answer(Redeemed.of(done))
            return _not_redeemed("try_later", _retry(wrong.wait))
        done = redeem(code_or_promise, **order)
    except OrderTaken:
        _count("redeem", "order_taken")
        return problem(409, f"The order {body.order} has a redemption already, with another code or amount.")
    except NotRedeemed as error:
        if body.code is not None:
            count_try(check_code(body.code))
            if not wrong.one_more():
                return _not_redeemed("try_later", _retry(wrong.wait))
        return _not_redeemed(error.reason)
    _count("redeem", "redeemed" if done.is_new else "repeated")
    return _answer(Redeemed.of(done), 201 if done.is_new else 200)


@api.get(
    "redemptions/{path:order}", auth=REDEEM, response={200: Redeemed, 404: Problem, **REFUSED},
    summary=_("See the redemption of an order"),
)  # fmt: skip
def see_redemption(request: HttpRequest, order: str) -> HttpResponse:
    return _of_order(
        request, order, lambda shop: Redemption.objects.select_related("code").get(shop=shop, order=order)
    )


@api.delete(
    "redemptions/{path:order}", auth=REDEEM, response={200: Redeemed, 404: Problem, **REFUSED},
    summary=_("Void the redemption of an order"),
    description=_("The redemption stays and counts no more. Repeating it changes nothing."),
)  # fmt: skip
def void_redemption(request: HttpRequest, order: str) -> HttpResponse:
    return _of_order(request, order, lambda shop: void(order, shop=shop))


def _of_order(request: HttpRequest, order: str, find: Callable[[str], Redemption]) -> HttpResponse:
    try:
        if is_on_one_line(order):  # no order is otherwise, and PostgreSQL fails at a NUL
            return _answer(Redeemed.of(find(_shop(request).name)))
    except Redemption.DoesNotExist:
        pass
    return problem(404, "This order has no redemption.")


def _not_usable(body: DoesNotWork, headers: dict[str, str] | None = None) -> HttpResponse:
    _count("check", body.reason)
    return _answer(body, headers=headers)


def _not_redeemed(reason: str, headers: dict[str, str] | None = None) -> HttpResponse:
    _count("redeem", reason)
    return problem(422, f"The code was not redeemed: {reason.replace('_', ' ')}.", headers, reason=reason)


def _shop(request: HttpRequest) -> Shop:
    return cast("ShopRequest", request).auth


def _count(operation: str, result: str) -> None:
    shop_answered.send_robust(sender=api, operation=operation, result=str(result))


def _retry(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}


def _answer(body: Schema, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    # Made of a typed body: to validate it once more would take a tenth of the request.
    return HttpResponse(body.model_dump_json(), status=status, content_type="application/json", headers=headers)
