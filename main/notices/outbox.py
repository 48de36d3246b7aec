"""The rows of notices: claimed by one sender, and marked with the answer of the mail server.

A notice that the server certainly did not take goes back to waiting, and what it said is forgotten: the next run says
what is true then. Where the answer is not known, what it said is kept, and the next run repeats it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from main.notices import conf
from main.notices.models import Notice, Preference, Told

# So long nobody else sends what one sender has claimed: more than CHAPTER mails take at a slow server.
LEASE = timedelta(hours=1)
# A mail whose content was refused so often is not tried again.
REFUSALS = 3


class Doings(NamedTuple):
    """What stands in the way of a new notice to a person, or is to be taken up again."""

    open: Notice | None = None
    had_today: bool = False

    def busy(self, now: datetime) -> bool:
        """Whether somebody sends it at this moment, or today's has been dealt with."""
        claimed = self.open and self.open.claimed_until and self.open.claimed_until > now
        return self.had_today or bool(claimed)

    @property
    def unanswered(self) -> Notice | None:
        """A notice that may or may not have been taken; to be asked once it is not busy."""
        return self.open if self.open and self.open.state == Notice.State.SENDING else None


def doings(kind: Notice.Kind, days: dict[int, date]) -> dict[int, Doings]:
    """What there is already for these people, by the id of the user; `days` are their present days."""
    found: dict[int, Doings] = defaultdict(Doings)
    earliest = min(days.values(), default=date.max)
    notices = Notice.objects.filter(kind=kind, user__in=days).filter(Q(state__in=Notice.OPEN) | Q(day__gte=earliest))
    for notice in notices:
        user_id = notice.user_id or 0
        is_of_today = notice.day == days[user_id]
        # Nobody got the refused one, so it may go to another address, or once more where staff say so.
        if notice.state in Notice.OPEN or (is_of_today and notice.state == Notice.State.REFUSED):
            found[user_id] = found[user_id]._replace(open=notice)
        elif is_of_today:
            found[user_id] = found[user_id]._replace(had_today=True)
    return found


def claim(kind: Notice.Kind, days: dict[int, date], known: dict[int, Doings], now: datetime) -> dict[int, Notice]:
    """Make or take up one notice for each user of `days`, and return those that nobody else sends, by user.

    To be called in a transaction. Of two senders that claim at the same time, the database lets one have each notice.
    """
    token = uuid.uuid4()
    taken_up: dict[tuple[date, str], list[int]] = defaultdict(list)
    new = []
    for user_id, day in days.items():
        if notice := known[user_id].open:
            taken_up[day, notice.state].append(notice.pk)
        else:
            new.append(_new(kind, user_id, day, token, now))
    for (day, state), pks in taken_up.items():
        # As it was read: one that somebody has sent or given back meanwhile is looked at anew by the next run.
        unclaimed = Notice.objects.filter(pk__in=pks, state=state).exclude(claimed_until__gt=now)
        unclaimed.update(
            state=Notice.State.SENDING, claim=token, claimed_until=now + LEASE, day=day, tries=F("tries") + 1
        )
    Notice.objects.bulk_create(new, ignore_conflicts=True)
    return {notice.user_id or 0: notice for notice in Notice.objects.filter(claim=token).order_by("id")}


def claim_for_operators(now: datetime) -> Notice | None:
    """Make or take up the notice to the operators, unless somebody sends it at this moment."""
    token = uuid.uuid4()
    opened = Notice.objects.filter(kind=Notice.Kind.OPERATORS, state__in=Notice.OPEN)
    if not opened.exclude(claimed_until__gt=now).update(
        state=Notice.State.SENDING, claim=token, claimed_until=now + LEASE, tries=F("tries") + 1
    ):
        day = timezone.localdate(now, timezone.get_default_timezone())
        Notice.objects.bulk_create([_new(Notice.Kind.OPERATORS, None, day, token, now)], ignore_conflicts=True)
    return Notice.objects.filter(claim=token).first()


def _new(kind: Notice.Kind, user_id: int | None, day: date, token: uuid.UUID, now: datetime) -> Notice:
    return Notice(
        kind=kind, user_id=user_id, day=day, message_id=f"<{uuid.uuid4().hex}@{conf.site_host()}>",
        state=Notice.State.SENDING, claim=token, claimed_until=now + LEASE, made_at=now, tries=1,
    )  # fmt: skip


def mark_sent(notice: Notice, address: str) -> None:
    """The server has taken it."""
    _mine(notice).update(
        state=Notice.State.SENT, sent_at=timezone.now(), address=address, error="", claim=None, claimed_until=None
    )


@transaction.atomic
def mark_refused(notice: Notice, address: str, said: str) -> None:
    """The server will never take it: the person's address is not tried again until it is another one."""
    if _mine(notice).update(state=Notice.State.REFUSED, address=address, error=said, claim=None, claimed_until=None):
        _forget(Notice.objects.filter(pk=notice.pk))
        Preference.objects.filter(user=notice.user_id).update(
            refused_address=address, refusal=said, refused_at=timezone.now()
        )


def mark_unanswered(notice: Notice, said: str) -> None:
    """Nobody knows whether the server took it: the next run says the same once more."""
    _mine(notice).update(error=said, claimed_until=timezone.now())


@transaction.atomic
def give_back(notices: list[Notice], said: str) -> None:
    """The server did not take these, or was not asked: the next run tries again, and says what is true then."""
    mine = Notice.objects.filter(pk__in=[n.pk for n in notices], claim__in={n.claim for n in notices})
    pks = list(mine.values_list("pk", flat=True))
    given_back = Notice.objects.filter(pk__in=pks)
    given_back.update(state=Notice.State.WAITING, error=said, claim=None, claimed_until=None)
    _forget(given_back)


def lapse(notices: QuerySet[Notice]) -> None:
    """Close those of these notices that are open and that nobody sends: there is nothing left to say in them."""
    unclaimed = notices.filter(state__in=Notice.OPEN).exclude(claimed_until__gt=timezone.now())
    unclaimed.update(state=Notice.State.LAPSED, claim=None, claimed_until=None)


def _mine(notice: Notice) -> QuerySet[Notice]:
    return Notice.objects.filter(pk=notice.pk, claim=notice.claim)


def _forget(notices: QuerySet[Notice]) -> None:
    """What a mail that was not taken would have said, nobody was told."""
    Told.objects.filter(notice__in=notices).delete()
    for notice in notices:
        notice.wishes.update(told_in=None)
