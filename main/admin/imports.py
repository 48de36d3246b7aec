"""The ledger of imports, to be read: which file, when, by whom, and what became of it."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from main.admin.display import moment
from main.admin.strict import ReadOnlyAdmin
from main.models import CodeImport


@admin.register(CodeImport)
class ImportAdmin(ReadOnlyAdmin):
    date_hierarchy = "imported_at"
    list_display = ["number", "imported", "file_name", "code_count", "expired_count", "undone"]
    fields = ["imported", "person", "file_name", "sha256", "code_count", "expired_count", "codes", "undone"]
    search_fields = ["file_name", "sha256"]

    @admin.display(description="import", ordering="pk")
    def number(self, entry: CodeImport) -> str:
        return f"Import {entry.pk}"

    @admin.display(description="imported", ordering="imported_at")
    def imported(self, entry: CodeImport) -> SafeString:
        return moment(entry.imported_at)

    @admin.display(description="undone")
    def undone(self, entry: CodeImport) -> SafeString | str:
        return moment(entry.undone_at) if entry.undone_at else "no"

    @admin.display(description="these codes")
    def codes(self, entry: CodeImport) -> SafeString:
        return format_html(
            '<a href="{}?imported_by={}">Codes of this import</a>',
            reverse("admin:main_referralcode_changelist"),
            entry.pk,
        )
