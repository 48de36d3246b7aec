"""The confirmation page for an action on several codes, and the undo of the last such action."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from main.codes import editing
from main.codes.editing import Outcome
from main.codes.sentences import REASONS
from main.codes.telling import carry_out, forget, remembered
from main.models import ReferralCode


def ask(  # noqa: PLR0913 - what the page shows
    model_admin: Any,
    request: HttpRequest,
    question: Any,
    chosen: list[ReferralCode],
    outcome: Outcome,
    *,
    stops: bool = False,
) -> HttpResponse:
    """The confirmation page with this `question`: the codes as they are now, and as `outcome` would leave them.

    The button is red for an action that `stops` codes.
    """
    now = {code.pk: code for code in chosen}
    context = {
        **model_admin.admin_site.each_context(request),
        "title": question,
        "opts": model_admin.opts,
        "media": model_admin.media,
        "done": [(now[edit.code.pk], edit.code) for edit in outcome.done],
        "left": [(edit.code, REASONS[edit.what]) for edit in outcome.left],  # type: ignore[index] # a Refusal
        "chosen": chosen,
        "stops": stops,
        "action": request.POST.get("action", ""),
        "seen": json.dumps({code.pk: editing.version(code) for code in chosen}),
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/main/referralcode/ask.html", context)


def undo_view(model_admin: Any, request: HttpRequest, key: str) -> HttpResponse:
    """Undo this person's last action on several codes, kept in the session under `key`: GET asks, POST does it."""
    if not model_admin.has_change_permission(request):
        raise PermissionDenied
    undo = remembered(request, key)
    if undo is None:
        messages.error(
            request, _("Nothing was undone: that was undone already, or you have done something else since.")
        )
    elif request.method != "POST":
        chosen = list(ReferralCode.objects.filter(pk__in=undo).order_by("pk").select_related("agent__user"))
        return ask(model_admin, request, _("Put codes back as they were?"), chosen, editing.preview_of_undo(undo))
    else:
        carry_out(request, lambda: editing.put_back(undo))
        forget(request)
    return HttpResponseRedirect(reverse("admin:main_referralcode_changelist"))
