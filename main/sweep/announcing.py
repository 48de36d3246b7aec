"""Tells the listeners (the log is one of them) which codes were expired: after the commit, and at least once."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal

from main.codes.parts import parts
from main.models import ExpirationRun, ReferralCode
from main.sweep.reading import PAGE, by_id

# Sent after the commit that expired `codes` (a list of ExpiredCode); `run` is their ExpirationRun, or None
# when a save did it. Listeners run one after the other. Django logs what a listener raises, and calls the next one.
# If a process is killed before it can note that codes were sent, the next run sends these codes again.
referral_codes_expired = Signal()


class ExpiredCode(NamedTuple):
    """What a listener is told about one expired code; the date in UTC."""

    id: int
    code: str
    agent_id: int | None
    expires_at: datetime | None


def announce(codes: Iterable[ExpiredCode], run: ExpirationRun | None, *, using: str | None = None) -> None:
    """Tell the listeners after the current transaction is committed, or at once if there is none."""
    transaction.on_commit(partial(_send, list(codes), run), using=using)


def announce_batch(codes: list[ExpiredCode], run: ExpirationRun, expired_at: datetime) -> None:
    """Count and announce a batch, and note in `run` how far it has got; the next batch writes that to the ledger."""
    run.expired_count += len(codes)
    if codes:
        announce(codes, run)
    transaction.on_commit(partial(setattr, run, "announced_until", expired_at))


def announce_rest(run: ExpirationRun) -> None:
    """Announce the codes that `run` expired but may not have announced before its process died."""
    told = Q(expired_at__isnull=True) | Q(expired_at__lte=run.announced_until) if run.announced_until else Q()
    untold = ReferralCode.objects.filter(~told, expired_by=run, expired_at__isnull=False)
    codes = (ExpiredCode(code.pk, code.code, code.agent_id, code.expires_at) for code in by_id(untold))
    for batch in parts(codes, PAGE):
        announce(batch, run)


def _send(codes: list[ExpiredCode], run: ExpirationRun | None) -> None:
    referral_codes_expired.send_robust(sender=ReferralCode, codes=codes, run=run)
