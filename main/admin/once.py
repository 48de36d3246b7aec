"""The form of a new object makes one object, though it is sent twice: by a double click, or back and again.

Each form has a mark. Going back gives a new form, to which once.js gives the mark of the old one. The note in the
history about the new object keeps the mark, together with what was written: somebody who goes back and writes
something else makes another object. Note and object are stored in one transaction, and the forms of one person wait
for each other.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from main.admin.strict import StrictAdmin

MARK = "mark"  # in the form, and in the note


class AddsOnce(StrictAdmin):
    """The second answer leads to the object that the first made."""

    add_form_template = "admin/main/add.html"

    def changeform_view(
        self, request: Any, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        sent = _sent(request)
        if object_id or not sent or not self.has_add_permission(request):
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            get_user_model()._default_manager.select_for_update(no_key=True).get(pk=request.user.pk)
            kind = ContentType.objects.get_for_model(self.model)
            own = LogEntry.objects.filter(user=request.user.pk, content_type=kind, action_flag=ADDITION)
            if note := own.filter(change_message__contains=sent).first():
                return self.response_again(request, note)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def response_again(self, request: HttpRequest, note: LogEntry) -> HttpResponse:
        """The answer to a form that was sent before; `note` is about the object that it made then."""
        made = self.get_queryset(request).filter(pk=note.object_id).first()
        if made is None:
            told = _("Nothing was created a second time: this form had made %(made)s, which is gone by now.")
        elif IS_POPUP_VAR in request.POST:
            return self.response_add(request, made)
        else:
            told = _("Nothing was created a second time: this form had made %(made)s already.")
        messages.warning(request, told % {"made": made or note.object_repr})
        if made is None or not self.has_view_or_change_permission(request, made):
            return self.response_post_save_add(request, made)
        page = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(page, args=[made.pk]))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context[MARK] = request.POST.get(MARK) or get_random_string(22)
        return super().render_change_form(request, context, *args, **kwargs)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if isinstance(obj, self.model) and (sent := _sent(request)):
            message = [*message, {MARK: sent}]
        return super().log_addition(request, obj, message)


def _sent(request: HttpRequest) -> str:
    """What stands for the mark of a form that was sent and for what was written in it; empty without a mark."""
    if not request.POST.get(MARK):
        return ""
    # Not what the page adds by itself: the token against forged requests, the button, and the kind of window.
    added = ("csrfmiddlewaretoken", "_")
    written = {name: texts for name, texts in request.POST.lists() if not name.startswith(added)}
    return sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()
