"""The ledger in the admin, read-only: what each run did, when, and who started it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from main.admin.display import badge, in_english, labelled, moment
from main.admin.strict import ReadOnlyAdmin
from main.admin.undoing import can_undo, undo_view
from main.models import ExpirationRun
from main.sweep.lists import CodesOf
from main.sweep.undo import gone

CODES_PER_PAGE = 50


@admin.register(ExpirationRun)
class RunAdmin(ReadOnlyAdmin):
    date_hierarchy = "started_at"
    list_display = ["run", "started", "result", "count", "took", "who"]
    list_filter = ["state", "started_by"]

    @admin.display(description=gettext_lazy("run"), ordering="pk")
    def run(self, run: ExpirationRun) -> str:
        return _("Run %(run)s") % {"run": run.pk}

    @admin.display(description=gettext_lazy("started"), ordering="started_at")
    def started(self, run: ExpirationRun) -> SafeString:
        return moment(run.started_at)

    @admin.display(description=gettext_lazy("ended"))
    def ended(self, run: ExpirationRun) -> SafeString | str:
        return moment(run.ended_at) if run.ended_at else _("not yet")

    @admin.display(description=gettext_lazy("took"))
    def took(self, run: ExpirationRun) -> SafeString:
        took = _("not ended")
        if run.ended_at:
            took = _("%(seconds)s s") % {"seconds": number_format((run.ended_at - run.started_at).total_seconds(), 1)}
        return labelled(_("Took"), took)

    @admin.display(description=gettext_lazy("result"), ordering="state")
    def result(self, run: ExpirationRun) -> SafeString:
        return badge(ExpirationRun.State(run.state))

    @admin.display(description=gettext_lazy("codes"))
    def count(self, run: ExpirationRun) -> str:
        if run.undo_of_id:
            told, count = ngettext("%(count)d put back", "%(count)d put back", run.restored_count), run.restored_count
        else:
            told, count = ngettext("%(count)d expired", "%(count)d expired", run.expired_count), run.expired_count
        return told % {"count": count}

    @admin.display(description=gettext_lazy("up to"))
    def upto(self, run: ExpirationRun) -> SafeString:
        return moment(run.cutoff)

    @admin.display(description=gettext_lazy("started by"), ordering="started_by")
    def who(self, run: ExpirationRun) -> str:
        return run.person_name or run.get_started_by_display()

    @admin.display(description=gettext_lazy("started by"))
    def by(self, run: ExpirationRun) -> str:
        facts = {"who": self.who(run), "pid": run.pid, "host": run.host}
        if run.person_name:
            return _("%(who)s, in the admin, process %(pid)d on %(host)s") % facts
        return _("%(who)s, process %(pid)d on %(host)s") % facts

    @admin.display(description=pgettext_lazy("of a run", "undo"))
    def undo(self, run: ExpirationRun) -> SafeString | str:
        """The run that this one undid, or the latest undo of this run."""
        if run.undo_of:
            return format_html(
                _('undid <a href="{address}">run {run}</a>'), address=_url(run.undo_of), run=run.undo_of.pk
            )
        undoing = run.undos.first()
        if undoing is None:
            return _("not undone")
        return format_html(_('undone by <a href="{address}">run {run}</a>'), address=_url(undoing), run=undoing.pk)

    def get_fields(self, request: HttpRequest, obj: ExpirationRun | None = None) -> Any:
        """Leave out fields that are empty for this run."""
        fields = ["started", "ended", "result", "count", "upto", "by"]
        if not obj:
            return fields
        undone = ["undo"] if obj.undo_of_id or obj.undos.exists() else []
        return fields + undone + [f"{field}_said" for field in ("error", "warning") if getattr(obj, field)]

    @admin.display(description=gettext_lazy("error"))
    def error_said(self, run: ExpirationRun) -> SafeString:
        return in_english(run.error)

    @admin.display(description=gettext_lazy("warning"))
    def warning_said(self, run: ExpirationRun) -> SafeString:
        return in_english(run.warning)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the codes of the run, but only to people who may view codes."""
        run = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if run and request.user.has_perm("main.view_referralcode"):
            context["codes"] = Paginator(CodesOf(run), CODES_PER_PAGE).get_page(request.GET.get("page"))  # type: ignore[arg-type]
            context["gone"] = gone(run)
        if run and can_undo(request, run):
            context["undo_url"] = reverse("admin:main_expirationrun_undo", args=[run.pk])
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        undo = self.admin_site.admin_view(self.undo_run)
        return [path("<path:object_id>/undo/", undo, name="main_expirationrun_undo"), *super().get_urls()]

    def undo_run(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, and then undo; 404 for a run that is not in the ledger."""
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404(_("There is no run %(number)s in the ledger.") % {"number": object_id})
        context = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return undo_view(request, run, context)


def _url(run: ExpirationRun) -> str:
    return reverse("admin:main_expirationrun_change", args=[run.pk])
