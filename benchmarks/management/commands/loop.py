"""Another common way to write a sweep: save every overdue code, and let the signal mark and log it."""

from typing import Any

from django.core.management.base import BaseCommand

from main.models import ReferralCode


class Command(BaseCommand):
    help = "Expires overdue codes one by one."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        overdue = list(ReferralCode.objects.overdue().select_related("agent").order_by("expires_at"))
        for code in overdue:
            code.save()
            self.stdout.write(f"  - {code.code} (Agent: {code.agent.name if code.agent else 'none'})")
