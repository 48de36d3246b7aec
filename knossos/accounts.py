"""Accounts and groups in the admin.

Only superusers decide who is staff and who has which rights, and only they change the accounts of staff: with a new
password or e-mail address for such an account, a person would get its rights. Accounts cannot be deleted here, because
the history of what the person did would be deleted too.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from main.accounts.users import may_change
from main.admin.strict import StrictAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(Group)
class RightsAdmin(StrictAdmin, GroupAdmin):
    """Django's own, for superusers. Other people who may view groups can only view them."""

    class Media:
        js = ["main/admin_labels.js"]

    def has_add_permission(self, request: Any) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: Any, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: Any, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        rights = ("view_group", "change_group")
        return any(request.user.has_perm(f"auth.{right}") for right in rights)


@admin.register(User)
class AccountAdmin(StrictAdmin, UserAdmin):  # type: ignore[type-arg] # generic for the stubs only
    """Django's own, without deletion; "Active" switches an account off."""

    class Media:
        js = ["main/admin_labels.js"]

    def has_change_permission(self, request: Any, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or may_change(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: Any, obj: User | None = None) -> Any:
        rights = [] if request.user.is_superuser else ["is_staff", "is_superuser", "groups", "user_permissions"]
        # The system notes these two; nobody has a reason to write them.
        return [*super().get_readonly_fields(request, obj), "last_login", "date_joined", *rights]
