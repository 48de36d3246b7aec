"""The codes that reach their date in one week. Only the bars of the front page set this filter."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from main.codes.dates import FIRST_YEAR, LAST_YEAR
from main.codes.weeks import ending_in, monday_of
from main.codes.wording import day_in_words
from main.models import ReferralCodeQuerySet


class WeekFilter(admin.SimpleListFilter):
    title = gettext_lazy("week of the date")
    parameter_name = "week"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        written = request.GET.get("week", "")
        if not written:
            return []
        return [(written, _("from %(day)s") % {"day": day_in_words(_monday(written))})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        written = self.value()
        assert isinstance(queryset, ReferralCodeQuerySet)  # noqa: S101 - the admin's queryset is the manager's
        return ending_in(queryset, _monday(written)) if written else None


def _monday(written: str) -> date:
    """The Monday of the week of the day that is `written`. Of anything else, Django leads back to the list."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise IncorrectLookupParameters from None
    if not FIRST_YEAR < day.year < LAST_YEAR:
        raise IncorrectLookupParameters
    return monday_of(day)
