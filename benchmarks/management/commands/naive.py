"""A common way to write a sweep: list, update and list again, in one transaction."""

import logging
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from main.models import ReferralCode

logger = logging.getLogger("main.signals")


class Command(BaseCommand):
    help = "Expires overdue codes in one transaction."
    requires_system_checks = ()

    @transaction.atomic
    def handle(self, **options: Any) -> None:
        now = timezone.now()
        overdue = list(ReferralCode.objects.overdue(now).order_by("expires_at"))
        ids = [code.pk for code in overdue]
        ReferralCode.objects.overdue(now).update(status=ReferralCode.Status.INACTIVE, expired_at=now, expired_by=1)
        expired = list(ReferralCode.objects.filter(pk__in=ids).select_related("agent").order_by("expires_at"))
        self.stdout.write(f"Successfully expired {len(expired)} referral code(s).")
        for code in expired:
            logger.info("expired %s (agent %s, expiry %s)", code.code, code.agent_id, code.expires_at)
            self.stdout.write(f"  - {code.code} (Agent: {code.agent.name if code.agent else 'none'})")
