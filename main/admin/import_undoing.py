"""Undoes an import from its ledger. First a page says what will be deleted, or why nothing can be."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from main.admin.notes import Note, note
from main.admin.pages import page
from main.codes.text import visible
from main.importing import report
from main.importing.undoing import Undone, undo_import, would_undo
from main.models import CodeImport
from main.sweep.errors import CannotUndo


def can_undo(request: Any, entry: CodeImport) -> bool:
    """Whether this person may delete codes, and the import is not undone already."""
    return bool(request.user.has_perm("main.delete_referralcode")) and entry.undone_at is None


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def undo_view(request: Any, entry: CodeImport, model_admin: Any) -> HttpResponse:
    """Ask on GET, undo on POST. Raises PermissionDenied for people who may not delete what would be deleted."""
    if not request.user.has_perms(["main.view_codeimport", "main.delete_referralcode"]):
        raise PermissionDenied
    back = reverse("admin:main_codeimport_change", args=[entry.pk])
    try:
        would = would_undo(entry)
        if would.agents and not _may_delete_agents(request):
            raise CannotUndo(_("Nothing was undone: this import created agents, and you may not delete accounts."))
        if request.method == "POST":
            undone = undo_import(entry)
            said = note(Note.IMPORT_UNDONE, file=entry.file_name, codes=undone.codes, agents=undone.agents)
            model_admin.log_change(request, entry, said)
            messages.success(request, visible(report.undone(entry, undone.codes, undone.agents, dry_run=False)))
            return HttpResponseRedirect(back)
    except CannotUndo as error:
        messages.error(request, visible(str(error)))
        return HttpResponseRedirect(back)
    context = {"entry": entry, "back": back, "what": visible(_what(entry, would))}
    title = _("Undo import %(number)d?") % {"number": entry.pk}
    return page(model_admin, request, "admin/main/codeimport/undo.html", title, context)


def _what(entry: CodeImport, would: Undone) -> str:
    """What will be deleted, as a sentence."""
    facts = {"codes": report.codes(would.codes), "file": entry.file, "agents": report.agents(would.agents)}
    if would.agents:
        return _("%(codes)s of %(file)s will be deleted, and %(agents)s that the import created.") % facts
    return _("%(codes)s of %(file)s will be deleted.") % facts


def _may_delete_agents(request: Any) -> bool:
    users = get_user_model()._meta
    return bool(request.user.has_perms(["main.delete_userprofile", f"{users.app_label}.delete_{users.model_name}"]))
