"""Telling the listeners, the log among them, what was expired: after the commit, and at least once."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from itertools import islice, starmap
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal

from main.models import ExpirationRun, ReferralCode
from main.sweep.pages import PAGE, in_order

# Sent after the commit that expired `codes` (a list of ExpiredCode); `run` is their ExpirationRun, or None
# when a save did it. Listeners run one after the other; what one raises is logged by Django and harms nobody.
# Codes are sent once more where a process was killed before it could note that they had been sent.
referral_codes_expired = Signal()


class ExpiredCode(NamedTuple):
    """What a listener is told about one expired code; the date in UTC."""

    id: int
    code: str
    agent_id: int | None
    expires_at: datetime | None


def announce(codes: Iterable[ExpiredCode], run: ExpirationRun | None, *, using: str | None = None) -> None:
    """Tell the listeners once the transaction at hand, if there is one, is committed."""
    transaction.on_commit(partial(_send, list(codes), run), using=using)


def announce_batch(codes: list[ExpiredCode], run: ExpirationRun, expired_at: datetime) -> None:
    """Count and tell a batch, and note that all up to it were told; the next batch writes the note into the ledger."""
    run.expired_count += len(codes)
    if codes:
        announce(codes, run)
    transaction.on_commit(partial(setattr, run, "announced_until", expired_at))


def announce_rest(run: ExpirationRun) -> None:
    """Tell what `run`, whose process died, had committed and perhaps not told."""
    told = Q(expired_at__isnull=True) | Q(expired_at__lte=run.announced_until) if run.announced_until else Q()
    untold = ReferralCode.objects.filter(~told, expired_by=run, expired_at__isnull=False)
    codes = starmap(ExpiredCode, in_order(untold, "id", "code", "agent_id", "expires_at"))
    while batch := list(islice(codes, PAGE)):
        announce(batch, run)


def _send(codes: list[ExpiredCode], run: ExpirationRun | None) -> None:
    referral_codes_expired.send_robust(sender=ReferralCode, codes=codes, run=run)
