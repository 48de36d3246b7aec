"""The start of a command, and nothing more."""

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Does nothing."
    requires_system_checks = ()  # as the sweep

    def handle(self, **options: Any) -> None:
        pass
