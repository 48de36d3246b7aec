"""Creates large numbers of codes, with statements of the database.

In the hard case the dates are scattered over the table, so that codes with close dates are not close on disk. In the
easy case the overdue codes were created one after the other.
"""

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from main.models import ExpirationRun, UserProfile

AGENTS = 1000
COLUMNS = "(id, code, agent_id, discount, expires_at, status, created_at, updated_at)"

NUMBERS = {
    "postgresql": "SELECT generate_series(%(first)s::bigint, %(last)s) AS n",
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT %(first)s UNION ALL SELECT n + 1 FROM numbers WHERE n < %(last)s) "
    "SELECT n FROM numbers",
}
# An instant that many seconds from now, in the form in which the database stores it.
INSTANT = {
    "postgresql": "now() + interval '1 second' * ({})",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%S', 'now', ({}) || ' seconds')",
}


def make_agents() -> None:
    """Create the agents, and an earlier run, which the bare statement names as the run of its codes."""
    users = User.objects.bulk_create(User(username=f"agent{number}") for number in range(AGENTS))
    UserProfile.objects.bulk_create(
        UserProfile(id=number + 1, user=user, name=f"Agent Number {number}", role=UserProfile.Role.AGENT)
        for number, user in enumerate(users)
    )
    now = timezone.now()
    ExpirationRun.objects.create(
        started_at=now, last_sign_of_life=now, cutoff=now, ended_at=now, started_by=ExpirationRun.StartedBy.COMMAND,
        host="", pid=1, state=ExpirationRun.State.COMPLETED,
    )  # fmt: skip


def make_codes(count: int, overdue: int, together: bool) -> None:
    """Create codes 1 to `count`. `overdue` of them, evenly spread or `together`, ended in the last ten days.

    A tenth of the others never ends.
    """
    instant = INSTANT[connection.vendor]
    past, future = instant.format("-60 - n * 7919 %% 864000"), instant.format("864000 + n * 7919 %% 31536000")
    spread = f"n %% {count // overdue} = 0" if overdue else "1 = 0"
    is_overdue = f"n > {count // 2} AND n <= {count // 2 + overdue}" if together else spread
    _insert(1, count, f"CASE WHEN {is_overdue} THEN {past} WHEN n %% 10 = 7 THEN NULL ELSE {future} END")


def add_overdue_codes(count: int, days_ago: int) -> None:
    """Add codes that ended within one day, that many days ago."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM main_referralcode")
        last = cursor.fetchone()[0]
    expiry = INSTANT[connection.vendor].format(f"-60 - 86400 * {days_ago} + n * 7919 %% 86400")
    _insert(last + 1, last + count, expiry)


def _insert(first: int, last: int, expiry: str) -> None:
    code = "'CODE-' || substr(cast(1000000000 + n AS text), 2)"
    agent = f"CASE WHEN n %% 20 = 3 THEN NULL ELSE 1 + n %% {AGENTS} END"
    now = INSTANT[connection.vendor].format("0")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO main_referralcode {COLUMNS} "  # noqa: S608 - nothing here comes from outside
            f"SELECT n, {code}, {agent}, n %% 100, {expiry}, 'active', {now}, {now} "
            f"FROM ({NUMBERS[connection.vendor]}) AS numbers",
            {"first": first, "last": last},
        )
