"""A promise: a signed text by which a customer gets the discount that was shown, though the date passes meanwhile."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.core.signing import BadSignature, Signer
from django.db.models import Q

from main.checkout import conf
from main.checkout.checking import Checked
from main.codes.text import LONGEST_CODE
from main.models import ExpirationRun, ReferralCode, ReferralCodeQuerySet

PREFIX = "promise:"
# Two machines with a time service differ by less; from a clock further ahead a promise would hold for longer.
CLOCKS_DIFFER = timedelta(seconds=5)


class Promise(NamedTuple):
    """This code worked at this instant, with this discount."""

    code_id: int
    discount: Decimal
    at: datetime

    def holds_at(self, now: datetime) -> bool:
        """Whether `now` is within PROMISE_MINUTES of it."""
        return self.at - CLOCKS_DIFFER <= now < self.at + conf.promise_lasts()


def promise(checked: Checked) -> str:
    """Return the text that `redeem` takes for the code that was `checked`.

    Raises ValueError for a code that does not work. The text is signed with SECRET_KEY; it is longer than any code.
    """
    if not checked.usable:
        raise ValueError("Only a code that works can be promised.")
    microseconds = (checked.at - EPOCH) // timedelta(microseconds=1)
    return PREFIX + _signer().sign_object([checked.code_id, str(checked.discount), microseconds])


def is_promise(text: str) -> bool:
    """Whether `text` is meant as a promise, ours or not: it begins like one, and is longer than any code."""
    return len(text) > LONGEST_CODE and text.startswith(PREFIX)


def read_promise(text: str) -> Promise | None:
    """Return what `text` promises, however long ago; None where it is no promise of ours, or was changed."""
    try:
        code_id, discount, microseconds = _signer().unsign_object(text.removeprefix(PREFIX))
    except BadSignature:
        return None
    return Promise(code_id, Decimal(discount), EPOCH + timedelta(microseconds=microseconds))


def honoured(promised: int, at: datetime) -> ReferralCodeQuerySet:
    """The code with the id `promised`, unless a person has ended it or switched off its agent since the instant `at`.

    That its date passed, and that the system marked it for that, changes nothing.
    """
    worked = ReferralCode.objects.filter(pk=promised).unexpired(at).of_active_agents()
    marked = Q(expired_at__isnull=False) & ~Q(expired_by__started_by=ExpirationRun.StartedBy.ADMIN)
    return worked.filter(Q(status=ReferralCode.Status.ACTIVE) | marked)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _signer() -> Signer:
    return Signer(salt="main.checkout.promises")
