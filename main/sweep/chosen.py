"""Expires chosen codes: the one that is saved, or those that staff end at once. The sweep is in run.py."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from main.models import ExpirationRun, ReferralCode, ReferralCodeQuerySet
from main.sweep.announcing import ExpiredCode, announce
from main.sweep.databases import latest_present, limit_lock_wait
from main.sweep.ledger import recorded


def expire_on_save(code: ReferralCode, using: str) -> None:
    """Mark the saved `code` inactive, in memory and in the database `using`, if it is overdue in that database.

    It must also be past its date by the database server's clock, in case the clock of this process is ahead.
    """
    now = timezone.now()
    marks = {"status": ReferralCode.Status.INACTIVE, "expired_at": now, "expired_by": None}
    overdue = ReferralCode.objects.using(using).filter(pk=code.pk).overdue(now)
    if overdue.expired(latest_present(now, using)).update(**marks):
        for field, value in marks.items():
            setattr(code, field, value)
        announce([ExpiredCode(code.pk, code.code, code.agent_id, code.expires_at)], None, using=using)


def expire_now(
    codes: ReferralCodeQuerySet,
    *,
    person: AbstractBaseUser | None = None,
    is_as_seen: Callable[[ReferralCode], bool] = lambda code: True,
) -> tuple[ExpirationRun | None, list[ReferralCode]]:
    """End the active ones of `codes` at the request of `person`. Return the run, and these codes as they were before.

    `is_as_seen` is asked about each code under its lock; a code that is not as the person saw it is left. If all are
    left, for example because another person was faster, there is no run. The date of a code that has not reached it
    becomes the instant of the call. All codes are in one transaction. Raises the same errors as `sweep`; then no code
    is expired.
    """
    with recorded(ExpirationRun.StartedBy.ADMIN, person=person) as run, transaction.atomic():
        limit_lock_wait()
        chosen = ReferralCode.objects.filter(pk__in=codes.order_by().values("pk"), status=ReferralCode.Status.ACTIVE)
        active = list(filter(is_as_seen, chosen.order_by("pk").select_for_update(no_key=True)))
        if not active:
            run.delete()
            return None, []
        ending = ReferralCode.objects.filter(pk__in=[code.pk for code in active])
        ending.unexpired(run.cutoff).update(expires_at=run.cutoff)
        now = timezone.now()
        ending.update(status=ReferralCode.Status.INACTIVE, expired_at=now, expired_by=run, updated_at=now)
        run.expired_count = len(active)
        run.save(update_fields=["expired_count"])
        expired = ending.order_by("pk").values_list("id", "code", "agent_id", "expires_at")
        announce([ExpiredCode(*row) for row in expired], run)
    return run, active
