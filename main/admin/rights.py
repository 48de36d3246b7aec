"""Who may change accounts and rights in the admin: what Django's own lets staff do with more than their rights.

Only superusers decide who is staff and who has which rights, and only they change the accounts of staff: with a new
password or e-mail address for such an account, a person would get its rights.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext as _

from main.accounts.users import may_change
from main.admin.strict import ModelAdmin

RIGHTS = {"is_staff", "is_superuser", "groups", "user_permissions"}


class RightsField(ModelMultipleChoiceField):  # type: ignore[type-arg] # generic for the stubs only
    """Rights by their names; the database has these in English, as Django stores them."""

    def label_from_instance(self, obj: Permission) -> str:
        model: Any = obj.content_type.model_class()
        if model is None:
            return str(obj)
        # Not every app has names that are translated by themselves.
        app, things = _(str(model._meta.app_config.verbose_name)), _(str(model._meta.verbose_name))
        words = {
            "add": _("Can add %(things)s"),
            "change": _("Can change %(things)s"),
            "delete": _("Can delete %(things)s"),
            "view": _("Can view %(things)s"),
        }
        sentence = words.get(obj.codename.removesuffix(f"_{model._meta.model_name}"))
        return f"{app} | {things} | {sentence % {'things': things} if sentence else _(obj.name)}"


class NamesRights(ModelAdmin):
    """For the admin of what has rights: users and groups."""

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Permission:
            kwargs["form_class"] = RightsField
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class AccountGuard(NamesRights):
    """For the admin of users: who is no superuser changes neither the accounts of staff nor anybody's rights."""

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or may_change(request.user, obj))

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or may_change(request.user, obj))

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        fields = {field.name for field in self.opts.get_fields()}
        rights = [] if request.user.is_superuser else sorted(RIGHTS & fields)
        return [*super().get_readonly_fields(request, obj), *rights]


class GroupGuard(NamesRights):
    """For the admin of groups: superusers change them; other people who may view groups can only view them."""

    def has_add_permission(self, request: Any) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: Any, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: Any, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        rights = ("view_group", "change_group")
        return any(request.user.has_perm(f"auth.{right}") for right in rights)


def guard_accounts(site: admin.AdminSite) -> None:
    """Put the guards before what `site` has for users and groups, of whatever class; where it has none, do nothing."""
    guards: list[tuple[Any, Any]] = [(get_user_model(), AccountGuard), (Group, GroupGuard)]
    for model, guard in guards:
        if site.is_registered(model):
            # The addresses of the site may be made already, and lead to this very object.
            found: Any = site.get_model_admin(model)
            found.__class__ = type(type(found).__name__, (guard, type(found)), {})
