"""People of the staff, runs of the ledger, and what the history says, for the tests of the admin."""

from django.contrib.auth.models import Permission, User
from lxml import html

from main.codes import history
from main.codes.history_in_words import for_staff
from main.models import ExpirationRun, ReferralCode


def make_run(started_at, **fields):
    """A run of the command that completed at once."""
    fields = {"ended_at": started_at, "state": "completed", "started_by": "command", **fields}
    return ExpirationRun.objects.create(
        started_at=started_at, last_sign_of_life=started_at, cutoff=started_at, host="here", pid=1, **fields
    )


def make_staff(name="staff", *permissions):
    """A member of staff with these permissions of the app, by default all, as a superuser."""
    user = User.objects.create_user(name, is_staff=True, is_superuser=not permissions)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def notes(code):
    """What the history of a code says of people, earliest first: who, what, and the values."""
    events = history.history_of(ReferralCode.objects.get(pk=code.pk))
    rows = for_staff([event for event in events if event.source is history.Source.PERSON], lambda right: False)
    lines = []
    for row in rows:
        steps = [f"{step.field}: {step.before} → {step.after}." for step in row.steps]
        lines.append(" ".join([f"{row.who}: {row.what}", *steps]))
    return lines[::-1]


def notes_of(client, thing):
    """What the admin's history page of `thing`, such as main/userprofile/5, says: latest first."""
    page = html.fromstring(client.get(f"/admin/{thing}/history/").content.decode())
    return [cell.text_content() for cell in page.xpath("//*[@id='change-history']//td[last()]")][::-1]
