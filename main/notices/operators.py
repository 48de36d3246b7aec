"""What the operators (ADMINS) are told: that something went wrong, once, and that it is well again, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import F, QuerySet
from django.utils import timezone

from main import conf
from main.models import ExpirationRun
from main.notices import outbox
from main.notices.letters import Letter, Mail, operators_letter
from main.notices.models import Alarm, Notice, Preference, SwitchedOn

Problem = Alarm.Problem


class News(NamedTuple):
    """What has changed since the operators were told last."""

    to: list[str]
    began: list[Problem]
    ended: list[Problem]

    @property
    def letter(self) -> Letter:
        return operators_letter(self.began, self.ended)


def report(send_one: Callable[[Mail], bool]) -> None:
    """Tell the operators what has changed since they were told last; nothing where nothing has."""
    now = timezone.now()
    news = news_at(now)
    if news is None:
        outbox.lapse(Notice.objects.filter(kind=Notice.Kind.OPERATORS))
        return
    notice = outbox.claim_for_operators(now)
    if notice and send_one(Mail(notice, news.letter, news.to)):
        Alarm.objects.bulk_create([Alarm(problem=key, told_at=now) for key in news.began], ignore_conflicts=True)
        Alarm.objects.filter(problem__in=news.ended).delete()


def news_at(now: datetime) -> News | None:
    """What the operators are to be told at `now`; None where nothing has changed, or there are no operators."""
    to = [address for _, address in settings.ADMINS]
    present = set(problems(now))
    told = {Problem(problem) for problem in Alarm.objects.values_list("problem", flat=True)}
    if not to or present == told:
        return None
    return News(to, _in_order(present - told), _in_order(told - present))


def problems(now: datetime) -> list[Problem]:
    """What is wrong at `now`."""
    limit = now - conf.overdue_limit()
    sweeps = ExpirationRun.objects.sweeps().exclude(state=ExpirationRun.State.RUNNING)
    last = sweeps.first()
    completed = sweeps.filter(state__in=[ExpirationRun.State.COMPLETED, ExpirationRun.State.UNDONE])
    since_long = SwitchedOn.objects.filter(at__lte=limit).exists()  # else a new installation would begin with an alarm
    found = {
        Problem.RUN_FAILED: last and last.state in (ExpirationRun.State.FAILED, ExpirationRun.State.INTERRUPTED),
        Problem.NO_RUN: since_long and not completed.filter(ended_at__gt=limit).exists(),
        Problem.NOT_SENT: unsent(now).exists() or with_refused_address().exists(),
    }
    return [problem for problem, is_there in found.items() if is_there]


def unsent(now: datetime) -> QuerySet[Notice]:
    """The notices to people that wait at `now`, without those that somebody sends at this moment."""
    waiting = Notice.objects.filter(state__in=Notice.OPEN).exclude(kind=Notice.Kind.OPERATORS)
    return waiting.exclude(claimed_until__gt=now)


def with_refused_address() -> QuerySet[Preference]:
    """The preferences of people whose present address a mail server refused for good."""
    field = get_user_model().get_email_field_name()
    return Preference.objects.filter(refused_address=F(f"user__{field}")).exclude(refused_address="")


def _in_order(problems: set[Problem]) -> list[Problem]:
    return [problem for problem in Problem if problem in problems]
