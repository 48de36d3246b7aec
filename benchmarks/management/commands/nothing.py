"""A command that starts and does nothing."""

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Does nothing."
    requires_system_checks = ()  # the same as for the sweep

    def handle(self, **options: Any) -> None:
        pass
