"""`python manage.py expiration_health`: what the health page says, for cron and monitoring."""

from typing import Any

from django.core.management.base import CommandParser

from main.management.output import EnglishCommand
from main.sweep.health import check_health


class Command(EnglishCommand):
    help = "Says whether the sweep does its work. Exits with 1 if it does not."
    requires_system_checks = ()  # what they find would be told instead of the answer

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--format", choices=("json", "text"), default="text",
            help="text (the default) for people, json for programs.",
        )  # fmt: skip

    def handle(self, *, format: str, **options: Any) -> None:
        health = check_health()
        self.stdout.write(health.as_json() if format == "json" else "\n".join(health.as_text()))
        if not health.healthy:
            raise SystemExit(1)
