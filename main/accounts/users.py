"""Users of the project's own model, which may sign in with a name or with an e-mail address."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.db.models import EmailField
from django.http.response import HttpResponseBase

from main import conf


def signs_in_by_email() -> bool:
    """Whether an e-mail address is the name with which users of this project sign in."""
    users = get_user_model()
    return isinstance(users._meta.get_field(users.USERNAME_FIELD), EmailField)


def signed_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Show `view` to those who have signed in, and lead others to the page where they can."""
    return login_required(view, login_url=conf.login_url())


def looks_after_codes(user: Any) -> bool:
    """Whether this is a member of staff who may view the codes of all agents."""
    return bool(user.is_staff and user.has_perm("main.view_referralcode"))


def address_of(user: Any) -> str:
    """The e-mail address of a user, in whichever field the project keeps it."""
    address: str = getattr(user, user.get_email_field_name()) or ""
    return address


def may_change(person: Any, account: Any) -> bool:
    """Whether `person` may change `account`: only superusers touch those of staff, whose rights they would get."""
    meta = account._meta
    powerful = getattr(account, "is_staff", False) or getattr(account, "is_superuser", False)
    has_right = person.has_perm(f"{meta.app_label}.change_{meta.model_name}")
    return bool(has_right and (person.is_superuser or not powerful))


def new_user(name: str, email: str = "", **fields: Any) -> Any:
    """Return an unsaved user who signs in as `name`, or with `email` where users do that; `fields` are others."""
    users = get_user_model()
    sign_in = {users.get_email_field_name(): email, users.USERNAME_FIELD: email if signs_in_by_email() else name}
    return users(**sign_in, **fields)
