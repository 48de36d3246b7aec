"""An admin of objects that several people edit: nobody overwrites unread what another has changed meanwhile."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponseRedirect

from main.admin.once import AddsOnce
from main.codes import history


class GuardedAdmin(AddsOnce):
    """For a `form` that is a MeanwhileForm. Its history has the old and new values."""

    taken: Any  # the sentence for the case that somebody else made the same object meanwhile

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Lock an object that will be changed, so that nobody changes it between the check and the save."""
        found = super().get_object(request, object_id, from_field)
        if found and request.method == "POST" and connection.in_atomic_block:  # the history page opens none
            found = self.model._base_manager.select_for_update(no_key=True).filter(pk=found.pk).first()
        if found:
            found.before = copy(found)
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the hidden box that says what the person saw, for people who may save."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj and self.has_change_permission(request, obj):
            return [*fieldsets, (None, {"fields": ["seen"], "classes": ["hidden"]})]
        return fieldsets

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:  # somebody saved the same after the form was checked
            messages.error(request, self.taken)
            return HttpResponseRedirect(request.get_full_path())

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        return history.message(None if add else form.instance.before, form.instance)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """A form that changed nothing, such as one that is sent twice, leaves no note."""
        return super().log_change(request, obj, message) if message else None
