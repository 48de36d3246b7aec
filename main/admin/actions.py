"""What staff do to the codes chosen in the list. Each action says what it did, what it left and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import actions
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from main.codes import editing
from main.codes.editing import Done, Edit, Outcome, Refusal
from main.codes.sentences import told
from main.codes.telling import carry_out, record, tell
from main.forms import EXTENSIONS
from main.models import ReferralCode, ReferralCodeQuerySet
from main.sweep.errors import SweepFailed
from main.sweep.run import expire_now

# Locked together, confirmed on one page, and within Django's limit of 1,000 form fields.
AT_MOST = 500


@admin.action(description="Expire now", permissions=["change"])
def expire(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> HttpResponse | None:
    """Ask first, on a page that lists what will end and what will be left."""
    if "post" not in request.POST:
        return _ask_to_expire(model_admin, request, codes)
    chosen = list(codes)
    if any(code.status == ReferralCode.Status.ACTIVE for code in chosen):
        try:
            chosen = _expire(request, codes, chosen)
        except (DatabaseError, SweepFailed):
            messages.error(request, "Nothing was expired: someone else holds these codes. Try again in a moment.")
            return None
    tell(request, Outcome([], [Edit(code, Refusal.ALREADY_INACTIVE) for code in chosen]))
    return None


@admin.action(description="Switch off", permissions=["change"])
def switch_off(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> None:
    carry_out(request, lambda: editing.switch_off(codes))


@admin.action(description="Reactivate", permissions=["change"])
def reactivate(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> None:
    carry_out(request, lambda: editing.reactivate(codes))


def extend_by(days: int) -> Callable[[Any, HttpRequest, ReferralCodeQuerySet], None]:
    """The action that extends by `days` days."""

    @admin.action(description=f"Extend by {days} days", permissions=["change"])
    def extend(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> None:
        carry_out(request, lambda: editing.extend(codes, days))

    extend.__name__ = f"extend_by_{days}_days"
    return extend


@admin.action(description="Delete", permissions=["delete"])
def delete_selected(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> Any:
    """Django's own, with the codes locked: whether a run has expired one is asked once no run can do so any more."""
    with transaction.atomic():
        chosen = ReferralCode.objects.filter(pk__in=[code.pk for code in editing.locked(codes)])
        return actions.delete_selected(model_admin, request, chosen)


ALL: list[Any] = [*map(extend_by, EXTENSIONS), expire, switch_off, reactivate, delete_selected]


def _ask_to_expire(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> HttpResponse:
    chosen = list(codes)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Expire codes now?",
        "opts": model_admin.opts,
        "media": model_admin.media,
        "chosen": chosen,
        "ending": [code for code in chosen if code.status == ReferralCode.Status.ACTIVE],
        "left": [code for code in chosen if code.status == ReferralCode.Status.INACTIVE],
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/main/referralcode/expire_now.html", context)


def _expire(request: HttpRequest, codes: ReferralCodeQuerySet, chosen: list[ReferralCode]) -> list[ReferralCode]:
    """Expire `codes` in a run of its own, and return those of `chosen` that it left."""
    run, expired = expire_now(codes)
    done = [Edit(code, Done.EXPIRED, before=code.expires_at, run=run.pk) for code in expired]
    record(request, done)
    for sentence in told(done):
        url = reverse("admin:main_expirationrun_change", args=[run.pk])
        messages.success(request, format_html('{} <a href="{}">{}</a>', sentence, url, _("See the run")))
    return [code for code in chosen if code not in expired]
