"""The filters of the list of codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from main.codes.tabs import Tab
from main.codes.text import is_id
from main.models import CodeImport, ExpirationRun, FormerCode, ReferralCode, ReferralCodeQuerySet, UserProfile

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)


class StateFilter(admin.SimpleListFilter):
    """By the state that the list shows. The tabs over the list set it too, each to a `Tab`."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, str(capfirst(state.label))) for state in ReferralCode.State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        codes, chosen, now = _codes(queryset), self.value() or "", timezone.now()
        if chosen in Tab:
            return Tab(chosen).of(codes, now)
        return codes.in_state(ReferralCode.State(chosen), now) if chosen in ReferralCode.State else None


class ExpiryFilter(admin.SimpleListFilter):
    """By date, for codes whose status is active: the others have ended already."""

    title = _("expiry (active codes)")
    parameter_name = "expiry"
    periods: dict[str, tuple[Any, Callable[[ReferralCodeQuerySet, Any], ReferralCodeQuerySet]]] = {
        "overdue": (pgettext_lazy("codes", "Overdue"), lambda codes, now: codes.overdue(now)),
        "week": (_("Next 7 days"), lambda codes, now: codes.unexpired(now).expired(now + WEEK)),
        "month": (_("Next 30 days"), lambda codes, now: codes.unexpired(now).expired(now + MONTH)),
        "later": (
            pgettext_lazy("date of a code", "Later"),
            lambda codes, now: codes.unexpired(now + MONTH).filter(expires_at__isnull=False),
        ),
        "never": (_("Never"), lambda codes, now: codes.filter(expires_at__isnull=True)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, label) for name, (label, _codes_of) in self.periods.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        if self.value() not in self.periods:
            return None
        active = _codes(queryset).filter(status=ReferralCode.Status.ACTIVE)
        return self.periods[str(self.value())][1](active, timezone.now())


class OneOf(admin.SimpleListFilter):
    """The codes of one agent or run. Only links set this filter: a list of all choices would be too long."""

    model: type[Model]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        pk = request.GET.get(self.parameter_name or "", "")
        if not pk:
            return []
        chosen = self.model._default_manager.filter(pk=pk).first() if is_id(pk) else None
        if not chosen:
            raise IncorrectLookupParameters
        return [(pk, str(chosen))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else None


class AgentFilter(OneOf):
    title = _("agent")
    parameter_name = "agent"
    model = UserProfile


class ImportFilter(OneOf):
    title = _("import")
    parameter_name = "imported_by"
    model = CodeImport


class RunFilter(OneOf):
    """The whole list of a run: also the codes that another run has taken over since."""

    title = _("run")
    parameter_name = "expired_by"
    model = ExpirationRun

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        if not (run := self.value()):
            return None
        own = ReferralCode.objects.filter(expired_by=int(run)).values("pk")
        former = FormerCode.objects.filter(run=int(run)).values("code")
        return queryset.filter(pk__in=own.union(former))


def _codes(queryset: QuerySet[Any]) -> ReferralCodeQuerySet:
    assert isinstance(queryset, ReferralCodeQuerySet)  # noqa: S101 - the admin's queryset is the manager's
    return queryset
