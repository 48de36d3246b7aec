"""Whether the sweep does its work: one answer for the health page and the command, as JSON or as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.core.serializers.json import DjangoJSONEncoder
from django.db import Error, connection
from django.utils import timezone

from main import conf, throttle
from main.models import ExpirationRun, ReferralCode
from main.sweep.databases import can_only_read, driver_errors
from main.sweep.errors import READ_ONLY, advice
from main.sweep.writable import fault_of_file


@dataclass(frozen=True)
class Health:
    """What an operator needs to know. It names no code and no agent, because the health page is public."""

    problems: list[str]
    database_reachable: bool
    last_completed_run: datetime | None = None
    oldest_overdue: datetime | None = None

    @property
    def healthy(self) -> bool:
        return not self.problems

    def as_json(self) -> str:
        """One object with `healthy` and the fields of this class; instants are ISO 8601 in UTC, or null."""
        return json.dumps({"healthy": self.healthy, **asdict(self)}, cls=DjangoJSONEncoder)

    def as_text(self) -> Iterator[str]:
        """Lines for people; instants in the project's time zone."""
        yield "Healthy." if self.healthy else "Not healthy."
        for problem in self.problems:
            yield f"  - {problem}"
        if self.database_reachable:
            yield f"Last completed run: {_local(self.last_completed_run)}."
            yield f"Oldest overdue code: {_local(self.oldest_overdue)}."


def _local(instant: datetime | None) -> str:
    return f"{timezone.localtime(instant):%Y-%m-%d %H:%M %Z}" if instant else "none"


def check_health() -> Health:
    """Look at the ledger, at the oldest overdue code, and whether the database can be written; four small queries.

    Raises nothing: a failing database is one of the problems.
    """
    try:
        connection.ensure_connection()
    except (Error, driver_errors()) as error:
        return Health([fault_of_file(named=False) or advice(error)], database_reachable=False)
    try:
        return _health_of_sweep(timezone.now())
    except (Error, driver_errors()) as error:
        return Health([fault_of_file(named=False) or advice(error)], database_reachable=True)


def _health_of_sweep(now: datetime) -> Health:
    sweeps = ExpirationRun.objects.sweeps().order_by("-id")
    last = sweeps.exclude(state=ExpirationRun.State.RUNNING).values_list("id", "state").first()
    completed = sweeps.filter(state=ExpirationRun.State.COMPLETED).values_list("ended_at", flat=True).first()
    oldest = (
        ReferralCode.objects.overdue(now).order_by("expires_at", "id").values_list("expires_at", flat=True).first()
    )
    problems = [*_not_writable(), *_problems(now, last, oldest), *throttle.problems()]
    return Health(problems, True, completed, oldest)


def _not_writable() -> list[str]:
    fault = fault_of_file(named=False) or (READ_ONLY if can_only_read() else "")
    return [fault] if fault else []


def _problems(now: datetime, last: tuple[int, str] | None, oldest_overdue: datetime | None) -> list[str]:
    problems = []
    if oldest_overdue and now - oldest_overdue > conf.overdue_limit():
        hours = (now - oldest_overdue) // timedelta(hours=1)
        problems.append(f"A code has been overdue for {hours} hours: run `python manage.py expire_referral_codes`.")
    if last and last[1] in (ExpirationRun.State.FAILED, ExpirationRun.State.INTERRUPTED):
        problems.append(f"The last run, {last[0]}, {last[1]}: the ledger says why.")
    return problems
