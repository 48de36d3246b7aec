"""Puts the demo's data into the database, or replaces that of an earlier demo. It never touches other data."""

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from main.accounts.users import new_user, signs_in_by_email
from main.codes.text import visible
from main.demo.data import AGENTS, HOUSE_CODES, SPELT, SWITCHED_OFF, codes, earlier_runs
from main.models import ExpirationRun, FormerCode, ReferralCode, ReferralCodeQuerySet, UserProfile

STAFF, AGENT = "staff", "john.smith"
MARK = "@demo.invalid"  # marks the demo's users for a second run; nobody can have such an address


class NotTheDemos(Exception):
    """The database has data that the demo must not touch. The message says which, and what to do."""


@transaction.atomic
def load(password: str) -> int:
    """Replace the data of an earlier demo by new data around the present. Return the number of codes.

    STAFF and AGENT can sign in with `password`. Raises NotTheDemos if the database has other data.
    """
    _refuse_to_touch(_codes_of_others(), "code")
    _refuse_to_touch(_users_of_others(), get_user_model().USERNAME_FIELD)
    _refuse_to_touch(_runs_of_others(), "started_at")
    FormerCode.objects.all().delete()
    ReferralCode.objects.all().delete()
    for run in ExpirationRun.objects.all():  # the latest first, because an undo refers to an earlier run
        run.delete()
    _demo_users().delete()
    return _fill(password)


def _refuse_to_touch(
    found: QuerySet[ReferralCode] | QuerySet[AbstractBaseUser] | QuerySet[ExpirationRun], field: str
) -> None:
    if count := found.count():
        names = [visible(str(value)) for value in found.order_by("id").values_list(field, flat=True)[:3]]
        some = ", ".join(names if count <= len(names) else [*names, "…"])
        raise NotTheDemos(
            f"The database holds {count} {found.model._meta.verbose_name}(s) that the demo did not make: {some}. "
            "Set DATABASE_URL to another database, such as sqlite:///demo.sqlite3, or delete them."
        )


def sign_in_name(name: str) -> str:
    """With which the demo's user `name` signs in."""
    return name + MARK if signs_in_by_email() else name


def _users() -> QuerySet[AbstractBaseUser]:
    return get_user_model()._default_manager.all()


def _called(names: list[str]) -> Q:
    return Q(**{f"{get_user_model().USERNAME_FIELD}__in": [sign_in_name(name) for name in names]})


def _of_the_demo(prefix: str = "") -> Q:
    return Q(**{f"{prefix}{get_user_model().get_email_field_name()}__endswith": MARK})


def _demo_users() -> QuerySet[AbstractBaseUser]:
    return _users().filter(_of_the_demo())


def _is_the_demos() -> bool:
    return _demo_users().filter(_called([STAFF])).exists()


def _codes_of_others() -> ReferralCodeQuerySet:
    found = ReferralCode.objects.all()
    if _is_the_demos():
        found = found.exclude(code__in=HOUSE_CODES, agent=None).exclude(_of_the_demo("agent__user__"))
    return found


def _users_of_others() -> QuerySet[AbstractBaseUser]:
    return _users().filter(_called([STAFF, *map(_username, [*AGENTS, *SWITCHED_OFF])])).exclude(_of_the_demo())


def _runs_of_others() -> QuerySet[ExpirationRun]:
    found = ExpirationRun.objects.filter(expired_count__gt=0)
    return found.none() if _is_the_demos() else found


def _fill(password: str) -> int:
    now = timezone.now().replace(second=0, microsecond=0)
    secret, none = make_password(password), make_password(None)
    new_user(STAFF, STAFF + MARK, password=secret, is_staff=True, is_superuser=True).save()
    names = [*AGENTS, *SWITCHED_OFF]
    users = {
        name: new_user(
            _username(name), _username(name) + MARK, is_active=name not in SWITCHED_OFF,
            password=secret if _username(name) == AGENT else none,
        )
        for name in names
    }  # fmt: skip
    get_user_model()._default_manager.bulk_create(users.values())
    agents = {name: UserProfile(user=users[name], name=name, role=UserProfile.Role.AGENT) for name in names}
    UserProfile.objects.bulk_create(agents.values())
    runs = earlier_runs(now)
    ExpirationRun.objects.bulk_create(runs)
    made = codes(now, agents, runs)
    ExpirationRun.objects.bulk_update(runs, ["expired_count"])
    return _store(made)


def _store(made: list[ReferralCode]) -> int:
    """Store in bulk, because a save would expire overdue codes; then set the dates, which bulk_create overwrites."""
    dates = [(code.created_at, code.updated_at) for code in made]
    ReferralCode.objects.bulk_create(made)
    for code, (created_at, updated_at) in zip(made, dates, strict=True):
        code.created_at, code.updated_at = created_at, updated_at
    ReferralCode.objects.bulk_update(made, ["created_at", "updated_at"])
    return len(made)


def _username(name: str) -> str:
    return SPELT.get(name) or slugify(name).replace("-", ".")
