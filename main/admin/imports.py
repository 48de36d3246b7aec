"""The ledger of imports, to be read: which file, when, by whom, and what became of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from main.admin.display import moment
from main.admin.import_undoing import can_undo, undo_view
from main.admin.strict import ReadOnlyAdmin
from main.admin.upload import upload_view
from main.models import CodeImport


@admin.register(CodeImport)
class ImportAdmin(ReadOnlyAdmin):
    date_hierarchy = "imported_at"
    list_display = ["number", "imported", "file", "code_count", "expired_count", "undone"]
    fields = ["imported", "person", "file", "sha256", "code_count", "expired_count", "codes", "undone"]
    search_fields = ["file_name", "sha256"]

    @admin.display(description=gettext_lazy("import"), ordering="pk")
    def number(self, entry: CodeImport) -> str:
        return _("Import %(number)s") % {"number": entry.pk}

    @admin.display(description=gettext_lazy("imported"), ordering="imported_at")
    def imported(self, entry: CodeImport) -> SafeString:
        return moment(entry.imported_at)

    @admin.display(description=gettext_lazy("file"), ordering="file_name")
    def file(self, entry: CodeImport) -> str:
        return entry.file

    @admin.display(description=gettext_lazy("undone"))
    def undone(self, entry: CodeImport) -> SafeString | str:
        return moment(entry.undone_at) if entry.undone_at else _("no")

    @admin.display(description=gettext_lazy("these codes"))
    def codes(self, entry: CodeImport) -> SafeString:
        return format_html(
            '<a href="{}?imported_by={}">{}</a>',
            reverse("admin:main_referralcode_changelist"),
            entry.pk,
            _("Codes of this import"),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        entry = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if entry and can_undo(request, entry):
            context["undo_url"] = reverse("admin:main_codeimport_undo", args=[entry.pk])
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        upload = self.admin_site.admin_view(partial(upload_view, self))
        undo = self.admin_site.admin_view(self.undo)
        return [
            path("upload/", upload, name="main_codeimport_upload"),
            path("<path:object_id>/undo/", undo, name="main_codeimport_undo"),
            *super().get_urls(),
        ]

    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, and then undo; 404 for an import that is not in the ledger."""
        entry = self.get_object(request, object_id)
        if entry is None:
            raise Http404(_("There is no import %(number)s in the ledger.") % {"number": object_id})
        return undo_view(request, entry, self)
