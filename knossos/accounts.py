"""Accounts and groups in the admin, guarded as `main.admin.rights` says.

Accounts cannot be deleted here, because the history of what the person did would be deleted too.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from main.admin.display import yes_or_no
from main.admin.rights import AccountGuard, GroupGuard
from main.admin.strict import StrictAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(Group)
class RightsAdmin(GroupGuard, StrictAdmin, GroupAdmin):
    class Media:
        js = ["main/admin_labels.js"]


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg] # generic for the stubs only
    """Django's, with the help in the reader's language: Django puts its two sentences together once, in English."""

    usable_password_help_text: Any = format_lazy(
        '{}<ul id="id_unusable_warning" class="messagelist"><li class="warning">{}</li></ul>',
        gettext_lazy(
            "Whether the user will be able to authenticate using a password or not. If disabled, they may still be "
            "able to authenticate using other backends, such as Single Sign-On or LDAP."
        ),
        gettext_lazy("If disabled, the current password for this user will be lost."),
    )


@admin.register(User)
class AccountAdmin(AccountGuard, StrictAdmin, UserAdmin):  # type: ignore[type-arg] # generic for the stubs only
    """Without deletion; "Active" switches an account off."""

    change_password_form = PasswordForm
    list_display = ["username", "email", "first_name", "last_name", "staff"]

    @admin.display(description=gettext_lazy("staff status"), ordering="is_staff")
    def staff(self, account: User) -> SafeString:
        return yes_or_no(account.is_staff)

    class Media:
        js = ["main/admin_labels.js"]

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: Any, obj: User | None = None) -> Any:
        # The system notes these two; nobody has a reason to write them.
        return [*super().get_readonly_fields(request, obj), "last_login", "date_joined"]
