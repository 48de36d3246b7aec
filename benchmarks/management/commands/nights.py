"""Many past nights, each with its own overdue codes and a sweep. The codes of the last night stay overdue."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from benchmarks.seed import add_overdue_codes
from main.models import ExpirationRun
from main.sweep.run import sweep


class Command(BaseCommand):
    help = "Adds and expires codes, night after night."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("nights", type=int)
        parser.add_argument("codes", type=int, help="Codes a night.")

    def handle(self, *, nights: int, codes: int, **options: Any) -> None:
        for ago in range(nights + 1, 1, -1):
            add_overdue_codes(codes, days_ago=ago)
            run = sweep(ExpirationRun.StartedBy.TASK)
            assert run.expired_count == codes
            if connection.vendor == "postgresql":
                vacuum_when_due()
        add_overdue_codes(codes, days_ago=1)


def vacuum_when_due() -> None:
    """Vacuum as the server's daemon would: it wakes once a minute, and these nights are shorter than that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT n_dead_tup > 50 + 0.2 * n_live_tup FROM pg_stat_user_tables WHERE relname = 'main_referralcode'"
        )
        if cursor.fetchone()[0]:
            cursor.execute("VACUUM ANALYZE main_referralcode")
