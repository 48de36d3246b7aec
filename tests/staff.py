"""People of the staff, and runs of the ledger, for the tests of the admin."""

from django.contrib.auth.models import Permission, User

from main.models import ExpirationRun


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
