"""Codes and people for tests, stored as given: past the signal that marks overdue codes."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission, User
from django.utils import timezone

from main.models import ExpirationRun, ReferralCode, UserProfile


def make_code(code: str, expires_at: datetime | None = None, **fields: Any) -> ReferralCode:
    """A code, by default active and of the house, last edited long ago."""
    [stored] = ReferralCode.objects.bulk_create([ReferralCode(code=code, expires_at=expires_at, **fields)])
    ReferralCode.objects.filter(pk=stored.pk).update(updated_at=timezone.now() - timedelta(days=90))
    stored.refresh_from_db()
    return stored


def make_agent(name: str, *, is_active: bool = True, role: str = UserProfile.Role.AGENT) -> UserProfile:
    user = User.objects.create(username=name.lower().replace(" ", "."), is_active=is_active)
    return UserProfile.objects.create(user=user, role=role, name=name)


def make_run(started_at: datetime, **fields: Any) -> ExpirationRun:
    """A run of the command that completed at once."""
    fields = {"ended_at": started_at, "state": "completed", "started_by": "command", **fields}
    return ExpirationRun.objects.create(
        started_at=started_at, last_sign_of_life=started_at, cutoff=started_at, host="here", pid=1, **fields
    )


def make_staff(name: str = "staff", *permissions: str) -> User:
    """A member of staff with these permissions of the app, by default all, as a superuser."""
    user = User.objects.create(username=name, is_staff=True, is_superuser=not permissions)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user
