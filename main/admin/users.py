"""Accounts. None is deleted by a click: what a person did, and when, would go with it."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest

admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg] # generic for the stubs only
    """Django's own, without deletion; "Active" switches an account off."""

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False
