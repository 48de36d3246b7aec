"""Realistic agents, codes in every state, and the nightly runs that expired some of them."""

from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

from django.utils import timezone

from main.codes.dates import end_of_day
from main.codes.text import clean_code
from main.models import ExpirationRun, ReferralCode, UserProfile

AGENTS = [
    *("John Smith", "Maria Garcia", "Alex Johnson", "Ana Horvat", "Zoë Müller", "Siobhán O'Brien", "Łukasz Wójcik"),
    *("Søren Lind", "Νίκος Παππάς", "Иван Петров", "Leila Haddad", "Chiara Conti", "Hana Sato", "Kwame Mensah"),
]
# How they write their addresses; those of the others are their names.
SPELT = {
    "Łukasz Wójcik": "lukasz.wojcik", "Søren Lind": "soren.lind", "Νίκος Παππάς": "nikos.pappas",
    "Иван Петров": "ivan.petrov",
}  # fmt: skip
SWITCHED_OFF = ["Victor Stone", "Nora Blake"]
# The codes of the design document, the longest overdue first.
OVERDUE = [("JOHNS-20", "John Smith", 20), ("MARIA-15", "Maria Garcia", 15), ("ALEX-10", "Alex Johnson", 10)]
MORE_OVERDUE = 8
SEASONS = ["SPRING", "SUMMER", "AUTUMN", "WINTER", "WELCOME", "FRIEND", "LAUNCH", "VIP"]
DISCOUNTS = [5, 10, 15, 20, 25]
CODES_OF_AN_AGENT = 16
NIGHTS = 30
HOST = "demo"

HOUSE_CODES = [f"{season}-{discount}" for season, discount in product(SEASONS, DISCOUNTS)]

Fields = dict[str, Any]


def earlier_runs(now: datetime) -> list[ExpirationRun]:
    """Return the unsaved runs of thirty nights, earliest first; the last of them 21 to 45 hours ago."""
    last = timezone.localtime(now).replace(hour=2, minute=0, second=0, microsecond=0)
    if now - last < timedelta(hours=21):
        last -= timedelta(days=1)
    starts = [(last - timedelta(days=night)).astimezone(UTC) for night in reversed(range(NIGHTS))]
    return [
        ExpirationRun(
            started_at=start, cutoff=start, ended_at=start + timedelta(seconds=1),
            last_sign_of_life=start + timedelta(seconds=1), state=ExpirationRun.State.COMPLETED,
            started_by=ExpirationRun.StartedBy.COMMAND, host=HOST, pid=1000 + number,
        )
        for number, start in enumerate(starts)
    ]  # fmt: skip


def codes(now: datetime, agents: dict[str, UserProfile], runs: list[ExpirationRun]) -> list[ReferralCode]:
    """Return unsaved codes: of the saved `agents`, which are given by name, and house codes; all as they are at `now`.

    Expired codes name the run in `runs` that expired them. The result depends only on `now`.
    """
    random = Random(20)  # noqa: S311 - no secret
    overdue = iter([now - timedelta(minutes=random.randrange(60, 17 * 60)) for _ in range(MORE_OVERDUE)])
    made = [
        ReferralCode(
            code=code, agent=agents[name], discount=discount, expires_at=now - timedelta(hours=20 - number),
            **_dates(now, random),
        )
        for number, (code, name, discount) in enumerate(OVERDUE)
    ]  # fmt: skip
    for code, name in _names(random):
        date = next(overdue, None)
        fate = {"expires_at": date, **_dates(now, random)} if date else _fate(now, runs, random)
        discount = int("".join(filter(str.isdigit, code)))
        made.append(ReferralCode(code=code, agent=agents.get(name), discount=discount, **fate))
    return made


def _names(random: Random) -> list[tuple[str, str]]:
    """Each code with the name of its agent, which is empty for a house code; in random order."""
    names = [(code, "") for code in HOUSE_CODES]
    for agent in [*AGENTS, *SWITCHED_OFF]:
        first, last = agent.split()
        kinds = random.sample([*product(SEASONS, DISCOUNTS)], CODES_OF_AN_AGENT)
        names += [(clean_code(f"{first}{last[0]}-{season}{discount}"), agent) for season, discount in kinds]
    random.shuffle(names)
    return names


def _fate(now: datetime, runs: list[ExpirationRun], random: Random) -> Fields:
    fates = [_expired, _expired_on_save, _switched_off, _ends_soon, _never_ends, _ends_later]
    return random.choices(fates, weights=[30, 3, 7, 6, 9, 45])[0](now, runs, random)


def _expired(now: datetime, runs: list[ExpirationRun], random: Random) -> Fields:
    run = random.choice(runs)
    run.expired_count += 1
    hours = random.choice([2, 2, 2, random.randrange(1, 24)])  # most codes end at midnight
    return _inactive(run.cutoff - timedelta(hours=hours), run.started_at, random) | {"expired_by": run}


def _expired_on_save(now: datetime, runs: list[ExpirationRun], random: Random) -> Fields:
    expires_at = random.choice(runs[:-2]).cutoff - timedelta(hours=2)
    return _inactive(expires_at, expires_at + timedelta(minutes=40), random)


def _inactive(expires_at: datetime, expired_at: datetime, random: Random) -> Fields:
    status = ReferralCode.Status.INACTIVE
    return {"status": status, "expires_at": expires_at, "expired_at": expired_at, **_dates(expires_at, random)}


def _switched_off(now: datetime, runs: list[ExpirationRun], random: Random) -> Fields:
    return {**_ends_later(now, runs, random), "status": ReferralCode.Status.INACTIVE}


def _ends_soon(now: datetime, runs: list[ExpirationRun], random: Random) -> Fields:
    return {"expires_at": now + timedelta(minutes=random.randrange(300, 6 * 24 * 60)), **_dates(now, random)}


def _never_ends(now: datetime, runs: list[ExpirationRun], random: Random) -> Fields:
    return {"expires_at": None, **_dates(now, random)}


def _ends_later(now: datetime, runs: list[ExpirationRun], random: Random) -> Fields:
    day = timezone.localdate(now) + timedelta(days=random.randrange(8, 300))
    return {"expires_at": end_of_day(day), **_dates(now, random)}


def _dates(before: datetime, random: Random) -> Fields:
    created = before - timedelta(minutes=random.randrange(20 * 24 * 60, 200 * 24 * 60))
    return {"created_at": created, "updated_at": created}
