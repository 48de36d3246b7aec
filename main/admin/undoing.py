"""Undoes a run from the ledger. First a page shows which codes will be put back, which will not, and why."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from main.admin.notes import Note, note
from main.models import ExpirationRun
from main.sweep.errors import CannotUndo, SweepFailed
from main.sweep.undo import gone, left, refuse_what_cannot_be_undone, undo, untouched

SHOWN = 50


def can_undo(request: HttpRequest, run: ExpirationRun) -> bool:
    """Whether this person has the right, and the run can be undone."""
    try:
        refuse_what_cannot_be_undone(run)
    except CannotUndo:
        return False
    return _may(request)


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def undo_view(request: Any, run: ExpirationRun, context: dict[str, Any]) -> HttpResponse:
    """Ask on GET, undo on POST. Raises PermissionDenied for people who may not change codes."""
    if not _may(request):
        raise PermissionDenied
    try:
        refuse_what_cannot_be_undone(run)
        if request.method == "POST":
            _undo(request, run)
            return HttpResponseRedirect(_page_of(run))
    except CannotUndo as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_page_of(run))
    except SweepFailed as failure:
        messages.error(request, str(failure))
        return HttpResponseRedirect(_page_of(run))
    codes = untouched(run)
    return TemplateResponse(
        request,
        "admin/main/expirationrun/undo.html",
        {
            **context,
            "title": _("Undo run %(run)d?") % {"run": run.pk},
            "run": run,
            "run_url": _page_of(run),
            "count": codes.count(),
            "codes": codes.select_related("agent__user")[:SHOWN],
            "left": list(left(run, at_most=SHOWN + 1))[: SHOWN + 1],
            "gone": gone(run),
            "shown": SHOWN,
        },
    )


def _undo(request: Any, run: ExpirationRun) -> None:
    undoing = undo(run, ExpirationRun.StartedBy.ADMIN, person=request.user)
    count = undoing.restored_count
    said = note(Note.UNDONE_BY_RUN, undo=undoing.pk, count=count)
    LogEntry.objects.log_actions(request.user.pk, [run], CHANGE, said, single_object=True)
    done = ngettext("1 code of run %(run)d was put back.", "%(count)d codes of run %(run)d were put back.", count) % {
        "run": run.pk,
        "count": count,
    }
    link = format_html('<a href="{}">{}</a>', _page_of(undoing), _("See the undo"))
    messages.success(request, format_html("{} {}", done, link))


def _may(request: Any) -> bool:
    return bool(request.user.has_perm("main.view_expirationrun") and request.user.has_perm("main.change_referralcode"))


def _page_of(run: ExpirationRun) -> str:
    return reverse("admin:main_expirationrun_change", args=[run.pk])
