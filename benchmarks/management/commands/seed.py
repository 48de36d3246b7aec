"""Fills a database with a given number of codes."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from benchmarks.seed import make_agents, make_codes


class Command(BaseCommand):
    help = "Fills an empty database with codes, some of them overdue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("codes", type=int)
        parser.add_argument("overdue", type=int)
        parser.add_argument("--together", action="store_true", help="The overdue codes lie side by side.")

    def handle(self, *, codes: int, overdue: int, together: bool, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        make_agents()
        make_codes(codes, overdue, together)
