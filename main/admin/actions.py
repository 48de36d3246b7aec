"""What staff do to the codes chosen in the list. Each action says what it did, what it left and why."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst

from main.codes import editing
from main.codes.editing import Edit, Outcome
from main.codes.wording import in_words
from main.forms import EXTENSIONS
from main.models import ReferralCode, ReferralCodeQuerySet
from main.sweep.run import expire_now
from main.sweep.stopping import SweepFailed

# Locked together, confirmed on one page, and within Django's limit of 1,000 form fields.
AT_MOST = 500


@admin.action(description="Expire now", permissions=["change"])
def expire(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> HttpResponse | None:
    """Ask first, on a page that lists what will end and what will be left."""
    if "post" not in request.POST:
        return _ask_to_expire(model_admin, request, codes)
    chosen = list(codes)
    expired: list[ReferralCode] = []
    if any(code.status == ReferralCode.Status.ACTIVE for code in chosen):
        try:
            expired = _expire(request, codes)
        except (DatabaseError, SweepFailed):
            messages.error(request, "Nothing was expired: someone else holds these codes. Try again in a moment.")
            return None
    _say(request, Outcome([], [Edit(code, "already inactive") for code in chosen if code not in expired]))
    return None


@admin.action(description="Switch off", permissions=["change"])
def switch_off(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> None:
    _edit(request, lambda: editing.switch_off(codes))


@admin.action(description="Reactivate", permissions=["change"])
def reactivate(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> None:
    _edit(request, lambda: editing.reactivate(codes))


def extend_by(days: int) -> Callable[[Any, HttpRequest, ReferralCodeQuerySet], None]:
    """The action that extends by `days` days."""

    @admin.action(description=f"Extend by {days} days", permissions=["change"])
    def extend(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> None:
        _edit(request, lambda: editing.extend(codes, days))

    extend.__name__ = f"extend_by_{days}_days"
    return extend


ALL: list[Any] = [*map(extend_by, EXTENSIONS), expire, switch_off, reactivate]


def _edit(request: HttpRequest, edit: Callable[[], Outcome]) -> None:
    with transaction.atomic():
        outcome = edit()
        _log(request, [Edit(code, f"{capfirst(note)}; {_ends(code)}.") for code, note in outcome.done])
    _say(request, outcome)


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


def _expire(request: HttpRequest, codes: ReferralCodeQuerySet) -> list[ReferralCode]:
    run, expired = expire_now(codes)
    _log(request, [Edit(code, f"Expired now by run {run.pk}; before, {_ends(code)}.") for code in expired])
    if expired:
        url = reverse("admin:main_expirationrun_change", args=[run.pk])
        done = f"{editing.counted(expired)} expired now: {editing.named(expired)}."
        messages.success(request, format_html('{} See <a href="{}">run {}</a>.', done, url, run.pk))
    return expired


def _log(request: Any, edits: list[Edit]) -> None:
    """Write the admin's history, one call for all codes with the same note."""
    for note, same in groupby(sorted(edits, key=_note), key=_note):
        LogEntry.objects.log_actions(request.user.pk, [edit.code for edit in same], CHANGE, note)


def _say(request: HttpRequest, outcome: Outcome) -> None:
    for sentence in outcome.sentences_done():
        messages.success(request, sentence)
    for sentence in outcome.sentences_left():
        messages.warning(request, sentence)


def _note(edit: Edit) -> str:
    return edit.note


def _ends(code: ReferralCode) -> str:
    return f"ends {in_words(code.expires_at)}" if code.expires_at else "without a date"
