"""Whether a code works, asked at a checkout: one query, and nothing is written."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from django.db import models, router
from django.utils import timezone

from main.checkout.statements import TEXT, Statement
from main.codes.lookalikes import lookup_key
from main.models import ReferralCode

State = ReferralCode.State


class Reason(models.TextChoices):
    """Why a code does not work, or a promise does not hold."""

    UNKNOWN = "unknown", "unknown"
    EXPIRED = "expired", "expired"
    SWITCHED_OFF = "switched_off", "switched off"
    AGENT_INACTIVE = "agent_inactive", "agent inactive"
    PROMISE_OVER = "promise_over", "promise over"
    PROMISE_INVALID = "promise_invalid", "promise invalid"


REASONS = {
    State.OVERDUE: Reason.EXPIRED,
    State.EXPIRED: Reason.EXPIRED,
    State.SWITCHED_OFF: Reason.SWITCHED_OFF,
    State.AGENT_INACTIVE: Reason.AGENT_INACTIVE,
}


class Checked(NamedTuple):
    """What `check_code` found at the instant `at`. Without a reason the code works.

    `discount` is in percent; `expires_at` is None where the code never ends. `code` is written as it is stored;
    of an unknown code there is only the reason.
    """

    at: datetime
    reason: Reason | None
    code_id: int | None = None
    code: str = ""
    discount: Decimal = Decimal(0)
    expires_at: datetime | None = None

    @property
    def usable(self) -> bool:
        return self.reason is None


def check_code(text: str, *, now: datetime | None = None) -> Checked:
    """Say whether the code that a customer typed as `text` works at `now`, an aware datetime, by default the present.

    One query, and nothing is written. Any spelling will do; raises nothing for any text. The answer is of this
    instant: to redeem the code later at the same discount, make a promise of it.
    """
    now = now or timezone.now()
    row = _lookup(router.db_for_read(ReferralCode)).first(text=lookup_key(text))
    if row is None:
        return Checked(now, Reason.UNKNOWN)
    code = Found(row)
    # The types are for a whole model, and what the rule asks of one is there.
    state = code.state(now)  # type: ignore[misc]
    return Checked(now, REASONS.get(state), code.id, code.code, code.discount, code.expires_at)


class Found:
    """A code as far as the rule looks at it, and the rule of the model: a whole model takes longer to make than the
    database to answer."""

    State, Status = ReferralCode.State, ReferralCode.Status
    is_expired_at, is_overdue_at, state = ReferralCode.is_expired_at, ReferralCode.is_overdue_at, ReferralCode.state
    FIELDS = ("id", "code", "discount", "expires_at", "status", "agent__user__is_active")

    def __init__(self, row: Sequence[Any]) -> None:
        self.id, self.code, self.discount, self.expires_at, self.status, self.agent_is_active = row

    def _agent_can_sign_in(self) -> bool:
        return self.agent_is_active is not False  # None: a code of the house


@cache
def _lookup(using: str) -> Statement:
    return Statement(ReferralCode.objects.using(using).with_key(TEXT).values_list(*Found.FIELDS))
