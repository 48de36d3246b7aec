"""An admin that refuses addresses and forms which somebody wrote by hand, where Django's own answers 500."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR, IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, QuerySet
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from main.admin.notes import in_words
from main.codes.dates import FIRST_YEAR, LAST_YEAR
from main.codes.text import is_id

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

DATE_PARTS = ("year", "month", "day")
# Scripts that Django puts on each page of the admin: for fields that fill others, and for forms and their popups.
FOR_FILLING = ("urlify", "prepopulate", "xregexp")
FOR_FORMS = ("jquery", "jquery.init", "core", "RelatedObjectLookups")


class IdAutocomplete(AutocompleteSelect):
    """Ignores ids that are not numbers, so that the form refuses them. Django's own widget raises an error."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, list(filter(is_id, value)), attr)


class StrictChangeList(ChangeList):
    """If an address has an impossible date, leads back to the list without it."""

    @property
    def narrowed_by(self) -> set[str]:
        """The names of the filters and dates that the address sets."""
        return set(self.get_filters_params(self.params))

    @property
    def without_filters(self) -> str:
        """The address without them; the search and the order stay."""
        return str(self.get_query_string(remove=sorted(self.narrowed_by)))

    def get_filters(self, request: HttpRequest) -> Any:
        if self.date_hierarchy:
            given = [self.params.get(f"{self.date_hierarchy}__{part}") for part in DATE_PARTS]
            if not _is_day(given):
                raise IncorrectLookupParameters
        return super().get_filters(request)


class StrictAdmin(ModelAdmin):
    """Accepts in an address only what the admin's own pages write there, and only ids that are numbers."""

    @property
    def media(self) -> Media:
        """Django's, without the scripts for fields that fill others, as long as there are none; and our styles."""
        ours = Media(css={"all": ["main/admin.css"]})
        return (super().media if self.prepopulated_fields else _without(super().media, FOR_FILLING)) + ours

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Use the plural name as the heading; Django's own is "Select … to change". Leave out the scripts of forms."""
        context: dict[str, Any] = {"title": capfirst(self.opts.verbose_name_plural)}
        if IS_POPUP_VAR not in request.GET:
            context["media"] = _without(self.media, FOR_FORMS)
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StrictChangeList

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What an address gives for the fields of a new object, where a field could hold it."""
        initial = {}
        for name, text in request.GET.items():
            with suppress(FieldDoesNotExist, ValidationError):
                field = self.opts.get_field(name)
                form_field = field.formfield() if isinstance(field, Field) else None
                if form_field and not field.many_to_many:
                    initial[name] = form_field.clean(text)
        return initial

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = IdAutocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def render_change_form(  # noqa: PLR0913, PLR0917 - the signature of Django
        self, request: Any, context: Any, add: bool = False, change: bool = False, form_url: str = "", obj: Any = None
    ) -> Any:
        """Offer to delete an object only where nothing keeps it."""
        if obj and self.has_delete_permission(request, obj):
            *_others, missing_rights, kept_by = self.get_deleted_objects([obj], request)
            context["show_delete"] = not missing_rights and not kept_by
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's page, with each note in the language of the reader."""
        response = super().history_view(request, object_id, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "rows" not in context:  # those of a page with words of its own
            for entry in context.get("action_list", ()):
                entry.change_message = in_words(entry, self.model)
        return response

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Allow only what the filters and dates of the list write into an address.

        Django allows every lookup on the model's own fields. Some of them fail with some values, a regular expression
        can keep the database busy, and comparisons can reveal what a page does not show.
        """
        try:
            self.opts.get_field(lookup.partition("__")[0])
        except FieldDoesNotExist:
            return lookup.partition("__")[0] != "pk"  # Django leads back to the list
        offered = {f"{self.date_hierarchy}__{part}" for part in DATE_PARTS if self.date_hierarchy}
        for item in self.get_list_filter(request):
            # A field, a field with the class of its filter, or a filter with a parameter of its own.
            field = item[0] if isinstance(item, (list, tuple)) else item
            if isinstance(field, str):
                offered |= {f"{field}{ending}" for ending in ("", "__exact", "__isnull", "__isempty", "__id__exact")}
            else:
                offered.add(str(getattr(field, "parameter_name", "")))
        return lookup in offered

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], **where: Any) -> HttpResponse | None:
        """From Django 6.1 on, `where` says on which page the action stands."""
        if not all(map(is_id, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            messages.error(request, _("Nothing was done: choose from the list."))
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, **where)


class ReadOnlyAdmin(StrictAdmin):
    """For ledgers: nobody adds, changes or deletes a line by hand."""

    actions = None
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _without(media: Media, scripts: tuple[str, ...]) -> Media:
    """`media` without the scripts of these names, minified or not."""
    parts: Any = media  # the stubs do not know what it consists of
    kept = [path for path in parts._js if re.sub(r".*/|(\.min)?\.js$", "", str(path)) not in scripts]
    return Media(css=parts._css, js=kept)


def _is_day(given: list[str | None]) -> bool:
    """Whether `given` is a year, with or without a month and a day, of which a list can be shown."""
    parts = [part for part in given if part is not None]
    if given[: len(parts)] != parts or not all(part.isdecimal() and len(part) <= 4 for part in parts):
        return False
    try:
        day = date(*(int(part) for part in [*parts, "1", "1"][:3])) if parts else None
    except ValueError:
        return False
    return day is None or FIRST_YEAR <= day.year <= LAST_YEAR
