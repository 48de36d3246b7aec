"""`python manage.py expiration_health`: what the health page says, for cron and monitoring."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from main.sweep.health import check_health


class Command(BaseCommand):
    help = "Says whether the sweep does its work. Exits with 1 if it does not."

    def handle(self, **options: Any) -> None:
        health = check_health()
        self.stdout.write("Healthy." if health.healthy else "Not healthy.")
        for problem in health.problems:
            self.stdout.write(f"  - {problem}")
        if health.database_reachable:
            self.stdout.write(f"Last completed run: {_local(health.last_completed_run)}.")
            self.stdout.write(f"Oldest overdue code: {_local(health.oldest_overdue)}.")
        if not health.healthy:
            raise SystemExit(1)


def _local(instant: datetime | None) -> str:
    return f"{timezone.localtime(instant):%Y-%m-%d %H:%M %Z}" if instant else "none"
