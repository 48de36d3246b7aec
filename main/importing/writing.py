"""The codes of a whole file, written in one transaction."""

from collections.abc import Iterable

from django.db import transaction

from main.importing.agents import Agents
from main.importing.checking import chunks, draft
from main.importing.reading import Row
from main.models import ReferralCode
from main.sweep.databases import now_for_writing


def write(rows: Iterable[Row], agents: Agents) -> int:
    """Store the new agents and the codes of `rows`, which `check` found good: all of them or none.

    Returns how many codes were past their date, and so are saved as inactive. Raises IntegrityError when somebody
    added one of the codes, or deleted an agent, since the check, DatabaseError when the database fails,
    and WrongClock where this machine cannot say which codes are past their date.
    """
    now_for_writing()
    with transaction.atomic():
        agents.save_new()
        return sum(_save([draft(row, agents).code for row in chunk]) for chunk in chunks(rows))


def _save(codes: list[ReferralCode]) -> int:
    """A code past its date goes through `save`, whose signal expires and logs it; the others all at once."""
    overdue = [code for code in codes if code.is_overdue]
    for code in overdue:
        code.save()
    ReferralCode.objects.bulk_create([code for code in codes if not code.pk])
    return len(overdue)
