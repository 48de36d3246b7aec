"""The ledger in the admin, read-only: what each run did, when, and who started it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from main.admin.display import badge, labelled, moment
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

    @admin.display(description="run", ordering="pk")
    def run(self, run: ExpirationRun) -> str:
        return f"Run {run.pk}"

    @admin.display(description="started", ordering="started_at")
    def started(self, run: ExpirationRun) -> SafeString:
        return moment(run.started_at)

    @admin.display(description="ended")
    def ended(self, run: ExpirationRun) -> SafeString | str:
        return moment(run.ended_at) if run.ended_at else "not yet"

    @admin.display(description="took")
    def took(self, run: ExpirationRun) -> SafeString:
        took = f"{(run.ended_at - run.started_at).total_seconds():.1f} s" if run.ended_at else "not ended"
        return labelled("Took", took)

    @admin.display(description="result", ordering="state")
    def result(self, run: ExpirationRun) -> SafeString:
        return badge(ExpirationRun.State(run.state))

    @admin.display(description="codes")
    def count(self, run: ExpirationRun) -> str:
        return f"{run.restored_count} put back" if run.undo_of_id else f"{run.expired_count} expired"

    @admin.display(description="up to")
    def upto(self, run: ExpirationRun) -> SafeString:
        return moment(run.cutoff)

    @admin.display(description="started by", ordering="started_by")
    def who(self, run: ExpirationRun) -> str:
        return run.person_name or run.get_started_by_display()

    @admin.display(description="started by")
    def by(self, run: ExpirationRun) -> str:
        person = f"{run.person_name}, in the admin" if run.person_name else run.get_started_by_display()
        return f"{person}, process {run.pid} on {run.host}"

    @admin.display(description="undo")
    def undo(self, run: ExpirationRun) -> SafeString | str:
        """The run that this one undid, or the latest undo of this run."""
        if run.undo_of:
            return format_html('undid <a href="{}">run {}</a>', _url(run.undo_of), run.undo_of.pk)
        undoing = run.undos.first()
        return format_html('undone by <a href="{}">run {}</a>', _url(undoing), undoing.pk) if undoing else "not undone"

    def get_fields(self, request: HttpRequest, obj: ExpirationRun | None = None) -> Any:
        """Leave out fields that are empty for this run."""
        fields = ["started", "ended", "result", "count", "upto", "by"]
        if not obj:
            return fields
        undone = ["undo"] if obj.undo_of_id or obj.undos.exists() else []
        return fields + undone + [field for field in ("error", "warning") if getattr(obj, field)]

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
            raise Http404(f"There is no run {object_id} in the ledger.")
        context = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return undo_view(request, run, context)


def _url(run: ExpirationRun) -> str:
    return reverse("admin:main_expirationrun_change", args=[run.pk])
