"""Wishes for more time: asked by an agent, answered by staff, or closed by what happens to the code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from main.codes import editing
from main.codes.editing import Outcome, Task
from main.codes.telling import record
from main.models import ReferralCode, UserProfile
from main.notices.models import Wish, WishQuerySet

LONGEST = 3650  # days

# For the history of the code. Stored in English, and translated for its readers.
ASKED = gettext_noop("Asked for more time: %(sentence)s")
DECLINED = gettext_noop("Declined more time: %(sentence)s")
CLOSED = gettext_noop("The wish for more time closed: not answered in 30 days.")
OVERTAKEN = gettext_noop("The wish for more time closed: the code has got more time otherwise.")
NOTES = [ASKED, DECLINED, CLOSED, OVERTAKEN]


class CannotAsk(Exception):
    """No wish can be made for this code. The message is a sentence for the agent."""


def why_not(code: ReferralCode) -> str:
    """Why nobody can ask for more time for `code` now, as a sentence for its agent; empty where one can."""
    if editing.refusal(Task.EXTEND, code, timezone.now()):
        if code.expires_at is None:
            return _("This code has no end date: it needs no more time.")
        return _("The office has switched this code off: talk to them.")
    if Wish.objects.waiting().filter(code=code).exists():
        return _("You have asked already. The office has not answered yet.")
    return ""


def ask(code: ReferralCode, agent: UserProfile, sentence: str) -> Wish:
    """Write down that `agent` asks for more time for `code`. Raises CannotAsk with the reason."""
    close_outdated()
    if (reason := why_not(code)) or code.expires_at is None:
        raise CannotAsk(reason)
    try:
        with transaction.atomic():
            wish = Wish.objects.create(
                code=code, agent=agent, sentence=sentence, asked_at=timezone.now(), ends_at=code.expires_at
            )
            _into_history(agent.user_id, code, ASKED % {"sentence": sentence})
    except IntegrityError as error:  # asked twice at the same moment
        raise CannotAsk(why_not(code)) from error
    return wish


def last_answered(code: ReferralCode) -> Wish | None:
    """The last wish of its present agent for `code` that does not wait any more."""
    closed = Wish.objects.filter(code=code, agent=code.agent).exclude(state=Wish.State.OPEN)
    return closed.select_related("code__agent__user").last()


def proposed_days(wish: Wish) -> int:
    """As many days as the code ran before: from its making to its date."""
    return min(max(round((wish.ends_at - wish.code.created_at) / timedelta(days=1)), 1), LONGEST)


@transaction.atomic
def grant(request: Any, days: Mapping[int, int]) -> Outcome:
    """Extend the codes of waiting wishes, by so many days for the primary key of each; return what was done to them.

    Wishes whose code cannot be extended stay open, as do those that somebody else answered meanwhile.
    """
    outcome = Outcome([], [])
    for wish in _locked(days):
        one = editing.extend(ReferralCode.objects.filter(pk=wish.code_id), days[wish.pk])
        outcome.done.extend(one.done)
        outcome.left.extend(one.left)
        if one.done:
            _answer(request, wish, Wish.State.GRANTED, days=days[wish.pk])
    record(request, outcome.done)
    return outcome


@transaction.atomic
def decline(request: Any, pks: Iterable[int], answer: str) -> list[Wish]:
    """Say no to waiting wishes, with a sentence for their agents; return those that were declined."""
    declined = list(_locked(pks))
    for wish in declined:
        _answer(request, wish, Wish.State.DECLINED, answer=answer)
        _into_history(request.user.pk, wish.code, DECLINED % {"sentence": answer})
    return declined


@transaction.atomic
def close_outdated() -> None:
    """Close open wishes whose code was extended otherwise, and those that have waited for too long."""
    now = timezone.now()
    for closing, state, note in (
        (Wish.objects.outdated(), Wish.State.OVERTAKEN, OVERTAKEN),
        (Wish.objects.too_old(), Wish.State.LAPSED, CLOSED),
    ):
        for wish in closing.select_related("code", "agent").select_for_update(of=("self",)):
            wish.state, wish.answered_at = state, now
            wish.save(update_fields=["state", "answered_at"])
            _into_history(wish.agent.user_id, wish.code, note)


def answers_to(agents: Iterable[UserProfile]) -> dict[int, list[Wish]]:
    """The answers that these agents have not been told yet, by the primary key of the agent."""
    found: dict[int, list[Wish]] = defaultdict(list)
    untold = Wish.objects.filter(agent__in=agents, told_in=None).exclude(state=Wish.State.OPEN)
    for wish in untold.select_related("code__agent__user"):
        found[wish.agent_id].append(wish)
    return dict(found)


def _locked(pks: Iterable[int]) -> WishQuerySet:
    chosen = Wish.objects.waiting().filter(pk__in=list(pks)).order_by("code_id")
    return chosen.select_related("code").select_for_update(of=("self",))


def _answer(request: Any, wish: Wish, state: Wish.State, days: int | None = None, answer: str = "") -> None:
    wish.state, wish.days, wish.answer = state, days, answer
    wish.answered_by, wish.answered_at = request.user, timezone.now()
    wish.save(update_fields=["state", "days", "answer", "answered_by", "answered_at"])


def _into_history(user_id: int, code: ReferralCode, sentence: str) -> None:
    LogEntry.objects.log_actions(user_id, [code], CHANGE, sentence, single_object=True)
