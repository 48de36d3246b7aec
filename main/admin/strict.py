"""Django's admin, strict with what somebody writes into an address or a form by hand: its own would fail there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst

from main.codes.text import is_id

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class IdAutocomplete(AutocompleteSelect):
    """Django's own fails at an id that is no number, before the form can refuse it."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, list(filter(is_id, value)), attr)


class StrictAdmin(ModelAdmin):
    """Refuses an id that is no number, and a regular expression."""

    class Media:
        css = {"all": ["main/admin.css"]}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Headed with what it lists: Django says "Select … to change"."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = IdAutocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """No regular expressions in an address: a wrong one fails in the database, a wicked one keeps it busy."""
        return not lookup.endswith("regex") and super().lookup_allowed(lookup, value, request)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], **where: Any) -> HttpResponse | None:
        """From Django 6.1 on, `where` says on which page the action stands."""
        if not all(map(is_id, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            messages.error(request, "Nothing was done: choose from the list.")
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, **where)
