"""Who is to be told what: read from the codes, written down, and put into letters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from main.accounts.choices import reader_of
from main.accounts.users import address_of
from main.models import UserProfile
from main.notices import outbox, people, summary, wishes
from main.notices.due import Item, due_to, is_still_so, uses_of
from main.notices.letters import Letter, Mail, News, agent_letter, staff_letter
from main.notices.models import Notice, Preference, Told, Wish

# Agents who are read together. What a mail says was true when its chapter was read.
CHAPTER = 100


class Chapter(NamedTuple):
    """Some agents, what is known of them, and what those who are to hear something are told; each by user."""

    agents: dict[int, UserProfile]
    preferences: dict[int, Preference]
    days: dict[int, date]
    known: dict[int, outbox.Doings]
    news: dict[int, News]

    def letter(self, user_id: int, preference: Preference, now: datetime) -> Letter:
        agent = self.agents[user_id]
        return agent_letter(agent.name, self.news[user_id], preference, reader_of(agent.user), now)


class Summary(NamedTuple):
    """The letter for one member of staff, and what is needed to write the notice down."""

    address: str
    letter: Letter
    preference: Preference
    day: date
    known: outbox.Doings


def _chapters() -> Iterator[list[UserProfile]]:
    last = 0
    while chapter := list(people.agents().filter(pk__gt=last)[:CHAPTER]):
        yield chapter
        last = chapter[-1].pk


def _read(chapter: list[UserProfile], since: datetime, now: datetime) -> Chapter:
    """What these agents are to be told at `now`. One whose last notice may have arrived is told the same once more."""
    agents = {agent.user_id: agent for agent in chapter}
    preferences = people.preferences_of(agents)
    days = people.days_of_people((agent.user for agent in chapter), now)
    known = outbox.doings(Notice.Kind.AGENT, days)
    news = {}
    fresh = []
    for agent in chapter:
        doings = known[agent.user_id]
        if doings.busy(now):
            continue
        if doings.unanswered:
            news[agent.user_id] = _repeated(doings.unanswered, agent, now)
        else:
            fresh.append(agent)
    items, answers = due_to(fresh, preferences, since, now), wishes.answers_to(fresh)
    for agent in fresh:
        news[agent.user_id] = News(items.get(agent.pk, []), answers.get(agent.pk, []))
    uses = uses_of(item.code.pk for told in news.values() for item in told.items)
    news = {user_id: told._replace(uses=uses) for user_id, told in news.items() if told.items or told.wishes}
    return Chapter(agents, preferences, days, known, news)


def to_agents(since: datetime) -> Iterator[list[Mail]]:
    """Write down what agents are to be told, chapter by chapter, and give the mails that nobody else sends."""
    for agents in _chapters():
        try:
            mails = _claimed(agents, since)
        except IntegrityError:  # a code or an account was deleted after it was read, and is not read again
            mails = _claimed(list(people.agents().filter(pk__in=[agent.pk for agent in agents])), since)
        yield mails


def _claimed(agents: list[UserProfile], since: datetime) -> list[Mail]:
    """The mails to these agents that nobody else sends. Raises IntegrityError where what they tell is gone."""
    now = timezone.now()
    chapter = _read(agents, since, now)
    silent = [pk for pk in chapter.agents if pk not in chapter.news]
    outbox.lapse(Notice.objects.filter(kind=Notice.Kind.AGENT, user__in=silent))
    with transaction.atomic():
        days = {user_id: chapter.days[user_id] for user_id in chapter.news}
        mine = outbox.claim(Notice.Kind.AGENT, days, chapter.known, now)
        new = {pk: notice for pk, notice in mine.items() if not chapter.known[pk].unanswered}
        _write_down({notice: chapter.news[pk] for pk, notice in new.items()}, now)
        preferences = people.made_preferences(mine)
    return [
        Mail(
            notice,
            chapter.letter(pk, preferences[pk], now),
            [address_of(chapter.agents[pk].user)],
            is_repeated=pk not in new,
        )
        for pk, notice in mine.items()
    ]


def _repeated(notice: Notice, agent: UserProfile, now: datetime) -> News:
    """What a notice that may have arrived said, without what is no longer so."""
    items = []
    for told in notice.told.select_related("code__expired_by"):
        told.code.agent = agent
        if is_still_so(told.kind, told.ends_at, told.code, now):
            items.append(Item(Told.Kind(told.kind), told.code))
    return News(items, list(notice.wishes.select_related("code__agent__user")))


def _write_down(news: dict[Notice, News], now: datetime) -> None:
    """What each notice says, so that it is not said again; and that an answered wish brings the agent up to date."""
    Told.objects.bulk_create(
        Told(notice=notice, code=item.code, kind=item.kind, ends_at=item.code.expires_at, told_at=now)
        for notice, told in news.items()
        for item in told.items
    )
    for notice, told in news.items():
        if told.wishes:
            Wish.objects.filter(pk__in=[wish.pk for wish in told.wishes]).update(told_in=notice)


def to_staff(since: datetime) -> Iterator[list[Mail]]:
    """One at a time: the readers are few, and what each is told goes back to that reader's last summary."""
    now = timezone.now()
    readers = list(_summaries(since, now))
    told = [reader.preference.user_id for reader in readers]
    outbox.lapse(Notice.objects.filter(kind=Notice.Kind.STAFF).exclude(user__in=told))
    for reader in readers:
        user_id = reader.preference.user_id
        notice = outbox.claim(Notice.Kind.STAFF, {user_id: reader.day}, {user_id: reader.known}, now).get(user_id)
        if notice:
            yield [Mail(notice, reader.letter, [reader.address])]


def _summaries(since: datetime, now: datetime) -> Iterator[Summary]:
    readers = people.readers_of_the_summary()
    preferences = people.preferences_of(reader.pk for reader in readers)
    days = people.days_of_people(readers, now)
    known = outbox.doings(Notice.Kind.STAFF, days)
    for reader in readers:
        if not known[reader.pk].busy(now) and (found := summary.of(reader, since, now)):
            preference = preferences[reader.pk]
            letter = staff_letter(reader.get_username(), found, preference, reader_of(reader))
            yield Summary(address_of(reader), letter, preference, days[reader.pk], known[reader.pk])


def preview(since: datetime) -> Iterator[tuple[str, Letter]]:
    """The mails that a run would send now, each after its address; writes nothing."""
    now = timezone.now()
    for agents in _chapters():
        chapter = _read(agents, since, now)
        for pk in chapter.news:
            preference = chapter.preferences.get(pk) or Preference(user_id=pk)
            yield address_of(chapter.agents[pk].user), chapter.letter(pk, preference, now)
    for reader in _summaries(since, now):
        yield reader.address, reader.letter
