"""Redemptions: a code is judged and its redemption written in one statement, and an order has only one."""

import re
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from django.db import connections, router
from django.utils import timezone

from main.checkout.checking import Reason, check_code
from main.checkout.models import CURRENCY, LONGEST_ORDER, LONGEST_SHOP, Redemption
from main.checkout.promises import Promise, honoured, is_promise, read_promise
from main.checkout.statements import ID, INSTANT, TEXT, Statement
from main.codes.lookalikes import lookup_key
from main.codes.text import is_name_on_one_line, is_on_one_line
from main.models import ReferralCode
from main.sweep.databases import now_for_writing, same_clock, shared_lock

AMOUNT = Redemption._meta.get_field("amount")
LARGEST_AMOUNT = Decimal(10) ** (AMOUNT.max_digits - AMOUNT.decimal_places)
# A code that was extended between two looks is judged once more; more often than this, nobody extends one.
TRIES = 3


class NotRedeemed(Exception):
    """The code does not work, or the promise does not hold; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"The code was not redeemed: {reason.label}.")
        self.reason = reason


class OrderTaken(Exception):
    """The order has a `redemption` with another code or another amount."""

    def __init__(self, redemption: Redemption) -> None:
        super().__init__(f"The order {redemption.order} has a redemption already, with other data.")
        self.redemption = redemption


class _Order(NamedTuple):
    shop: str
    number: str
    amount: Decimal | None
    currency: str


def redeem(  # noqa: PLR0913 - what an order is, by name
    code_or_promise: str,
    *,
    order: str,
    amount: Decimal | int | None = None,
    currency: str | None = None,
    shop: str = "",
    now: datetime | None = None,
) -> Redemption:
    """Redeem the code that a customer typed, or a promise of `promise`, for an `order`, and return the redemption.

    An order number of a `shop` has one redemption: repeated with the same data, at any time, its row is returned,
    voided or not; `is_new` tells. `amount` is what the order costs, with its `currency` (ISO 4217). `now` is an aware
    datetime, by default the present. The row gets the code's discount, or that of the promise.

    Raises NotRedeemed where the code does not work at `now` or the promise does not hold, OrderTaken where the order
    has a redemption with other data, ValueError for data that cannot be stored, WrongClock where the present is asked
    for and the clock of this machine is not the database server's.
    """
    wanted = _Order(shop, order, None if amount is None else Decimal(amount), currency or "")
    _refuse_what_cannot_be_stored(wanted)
    promised = _promise_in(code_or_promise)
    at = now or timezone.now()
    reason = Reason.UNKNOWN
    for _ in range(TRIES):
        if redemption := _written(code_or_promise, promised, wanted, at, is_present=now is None):
            return redemption
        if taken := _found(code_or_promise, promised, wanted):
            return taken
        if now is None:
            now_for_writing()
        why = _why_not(code_or_promise, promised, at)
        if why is None:
            continue
        reason = why
        break
    raise NotRedeemed(reason)


def redeemed_before(
    code_or_promise: str, *, order: str, amount: Decimal | int | None, currency: str | None, shop: str = ""
) -> Redemption | None:
    """The redemption that `redeem` would return for an order that was redeemed before, or None; writes nothing.

    Raises OrderTaken where the order has a redemption with other data.
    """
    wanted = _Order(shop, order, None if amount is None else Decimal(amount), currency or "")
    return _found(code_or_promise, _promise_in(code_or_promise), wanted)


def void(order: str, *, shop: str = "", now: datetime | None = None) -> Redemption:
    """Take the redemption of an order back and return it: it stays, and counts no more. Repeating it changes nothing.

    Raises Redemption.DoesNotExist for an order without one.
    """
    of_order = Redemption.objects.filter(shop=shop, order=order)
    of_order.counted().update(voided_at=now or timezone.now())
    return of_order.select_related("code").get()


def _promise_in(text: str) -> Promise | None:
    """The promise that `text` is, or None for a code. Raises NotRedeemed for a changed promise."""
    if not is_promise(text):
        return None
    promised = read_promise(text)
    if promised is None:
        raise NotRedeemed(Reason.PROMISE_INVALID)
    return promised


def _written(
    text: str, promised: Promise | None, order: _Order, now: datetime, *, is_present: bool
) -> Redemption | None:
    """The new redemption; None where the code does not work, or the order has one, or the clock may be wrong."""
    if promised and not promised.holds_at(now):
        return None
    using = router.db_for_write(Redemption)
    if promised:
        chosen = _promised_code(using)
        params = chosen.params(pk=promised.code_id, now=promised.at)
    else:
        chosen = _usable_code(using)
        params = chosen.params(text=lookup_key(text), now=now)
    connection = connections[using]
    instant, money = connection.ops.adapt_datetimefield_value, connection.ops.adapt_decimalfield_value
    amount = None if order.amount is None else money(order.amount, AMOUNT.max_digits, AMOUNT.decimal_places)
    discount = promised and money(promised.discount, 5, 2)
    at = promised and promised.at
    condition, bounds = same_clock(now, using) if is_present else ("1 = 1", [])
    with connection.cursor() as cursor:
        cursor.execute(
            _insert(using, chosen.sql, condition),
            [
                order.shop,
                order.number,
                discount,
                amount,
                order.currency,
                instant(now),
                at and instant(at),
                *params,
                *bounds,
            ],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    pk, code_id, found, code_text = row
    redemption = Redemption.from_db(using, [field.attname for field in Redemption._meta.concrete_fields], [
        pk, order.shop, order.number, code_id, Decimal(str(found)).quantize(Decimal("0.01")), order.amount,
        order.currency, now, at, None, code_text,
    ])  # fmt: skip
    redemption.is_new = True
    return redemption


@cache
def _insert(using: str, chosen: str, condition: str) -> str:
    # The lock lets other customers redeem the code, and keeps a person who switches it off waiting until this is
    # committed: whoever has switched a code off sees no later redemption.
    columns = '(shop, "order", code_id, discount, code_text, amount, currency, redeemed_at, promised_at)'
    return (
        f"INSERT INTO checkout_redemption {columns} "  # noqa: S608 - our own text
        "SELECT %s, %s, chosen.id, COALESCE(%s, chosen.discount), chosen.code, %s, %s, %s, %s "
        f"FROM ({chosen}{shared_lock(using)}) AS chosen "
        f'WHERE {condition} ON CONFLICT (shop, "order") DO NOTHING RETURNING id, code_id, discount, code_text'
    )


@cache
def _usable_code(using: str) -> Statement:
    return Statement(
        ReferralCode.objects.using(using).usable(INSTANT).with_key(TEXT).values_list("id", "discount", "code")
    )


@cache
def _promised_code(using: str) -> Statement:
    return Statement(honoured(ID, INSTANT).using(using).values_list("id", "discount", "code"))


def _found(text: str, promised: Promise | None, order: _Order) -> Redemption | None:
    """The redemption of the order, if it has one with the same data."""
    taken = Redemption.objects.filter(shop=order.shop, order=order.number).select_related("code").first()
    if taken is None:
        return None
    same_code = taken.code_id == promised.code_id if promised else lookup_key(taken.code_then) == lookup_key(text)
    if not same_code or (taken.amount, taken.currency) != (order.amount, order.currency):
        raise OrderTaken(taken)
    return taken


def _why_not(text: str, promised: Promise | None, now: datetime) -> Reason | None:
    """None where there is no reason any more."""
    if promised is None:
        return check_code(text, now=now).reason
    if not promised.holds_at(now):
        return Reason.PROMISE_INVALID if promised.at > now else Reason.PROMISE_OVER
    if honoured(promised.code_id, promised.at).exists():
        return None
    code = ReferralCode.objects.select_related("agent__user").filter(pk=promised.code_id).first()
    if code is None:
        return Reason.UNKNOWN
    return Reason.AGENT_INACTIVE if code.agent and not code.agent.user.is_active else Reason.SWITCHED_OFF


def _refuse_what_cannot_be_stored(order: _Order) -> None:
    """The statement writes past the model's fields, so what they would refuse is refused here."""
    for what, text, longest, is_written_well in [
        ("order", order.number, LONGEST_ORDER, is_on_one_line),
        ("shop", order.shop, LONGEST_SHOP, is_name_on_one_line),  # as its tokens may be called
    ]:
        if len(text) > longest or not is_written_well(text) or text != text.strip():
            raise ValueError(f"The {what} is one line of at most {longest} printable characters.")
    if not order.number:
        raise ValueError("The order has no number.")
    if (order.amount is None) != (not order.currency):
        raise ValueError("Give an amount with its currency, or neither.")
    if order.currency and not re.match(CURRENCY, order.currency):
        raise ValueError("The currency is three capital letters, such as EUR.")
    if order.amount is not None and not _is_money(order.amount):
        raise ValueError(f"The amount is from 0 to below {LARGEST_AMOUNT}, with at most three decimal places.")


def _is_money(amount: Decimal) -> bool:
    return amount.is_finite() and 0 <= amount < LARGEST_AMOUNT and amount == round(amount, AMOUNT.decimal_places)
