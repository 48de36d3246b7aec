"""The line on a code's form that says, before the save, what the save will do."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from main.codes.sentences import when_saved
from main.models import ReferralCode

DECIDING = ("expires_at", "coming_end", "status", "agent")  # the fields of the form that decide whether a code works


@require_POST
def what_a_save_does(request: HttpRequest, model_admin: Any, object_id: str | None = None) -> JsonResponse:
    """Validate the posted form of a new code, or of the code `object_id`, without saving. Answer with one sentence.

    The answer also has `alarm`: whether the save would end a code that is active now; `proposal`: the text that a new
    code would get, where nobody has written one; and `use`: the word of the button that writes it.
    """
    code = model_admin.get_object(request, object_id) if object_id else None
    if object_id and code is None:
        raise Http404
    if not (model_admin.has_change_permission(request, code) if code else model_admin.has_add_permission(request)):
        raise PermissionDenied
    form = model_admin.get_form(request, code, change=bool(code))(request.POST, instance=code)
    faults = [message for field in DECIDING for message in form.errors.get(field, [])]
    proposal = "" if code else form.proposal()
    use = _("Use %(code)s") % {"code": proposal} if proposal else ""
    if faults:
        sentence, alarm = _("This cannot be saved. %(fault)s") % {"fault": faults[0]}, False
    else:
        state = form.instance.state(timezone.now())
        sentence, alarm = when_saved(form.instance, state), state == ReferralCode.State.OVERDUE
    return JsonResponse({"sentence": sentence, "alarm": alarm, "proposal": proposal, "use": use})
