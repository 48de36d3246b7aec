"""The actions on the codes that staff choose in the list. Each says what it did, what it left, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from copy import copy
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import actions
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from main.admin.asking import ask
from main.codes import editing
from main.codes.editing import Before, Done, Edit, Outcome, Refusal, Seen, Task
from main.codes.telling import carry_out, record, tell
from main.forms import EXTENSIONS
from main.models import ReferralCode, ReferralCodeQuerySet
from main.sweep.chosen import expire_now
from main.sweep.errors import SweepFailed

# So many codes are locked together, and confirmed on one page.
AT_MOST = 500
UNDO_AT = "admin:main_referralcode_undo"


def asks_first(task: Task, question: Any, days: int = 0) -> Callable[..., HttpResponse | None]:
    """Return the action that does `task` to the chosen codes after a page has shown what it will do."""

    def action(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> HttpResponse | None:
        seen = _seen(request)
        if seen is None:
            chosen = list(codes.order_by("pk"))
            preview = editing.preview(task, map(copy, chosen), days)
            return ask(model_admin, request, question, chosen, preview, stops=task is Task.SWITCH_OFF)
        carry_out(request, lambda: editing.edit(task, codes, seen, days), UNDO_AT)
        return None

    return action


def extend_by(days: int) -> Callable[..., HttpResponse | None]:
    """Return the action that extends by `days` days."""
    extend = asks_first(Task.EXTEND, format_lazy(gettext_lazy("Extend codes by {days} days?"), days=days), days)
    extend.__name__ = f"extend_by_{days}_days"
    return admin.action(
        extend, description=format_lazy(gettext_lazy("Extend by {days} days"), days=days), permissions=["change"]
    )


@admin.action(description=gettext_lazy("Expire now"), permissions=["change"])
def expire(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> HttpResponse | None:
    """End active codes at this moment, in a run of their own, after a page has shown which codes these are."""
    seen = _seen(request)
    chosen = list(codes.order_by("pk"))
    if seen is None:
        preview = _preview_of_expiry(map(copy, chosen))
        return ask(model_admin, request, _("Expire codes now?"), chosen, preview, stops=True)

    def is_as_seen(code: ReferralCode) -> bool:
        return seen.get(code.pk) == editing.version(code)

    # A form that is sent twice makes no second run. What changes after this look is left under the lock.
    active = [code.pk for code in chosen if code.status == ReferralCode.Status.ACTIVE and is_as_seen(code)]
    try:
        done = _expire(request, active, is_as_seen)
    except (DatabaseError, SweepFailed):
        messages.error(request, _("Nothing was expired: someone else holds these codes. Try again in a moment."))
        return None
    ended = {edit.code.pk for edit in done}
    left = [
        Edit(code, Refusal.ALREADY_INACTIVE if is_as_seen(code) and code.pk not in active else Refusal.CHANGED)
        for code in chosen
        if code.pk not in ended
    ]
    tell(request, Outcome(done, left), UNDO_AT)
    return None


@admin.action(description=gettext_lazy("Delete"), permissions=["delete"])
def delete_selected(model_admin: Any, request: HttpRequest, codes: ReferralCodeQuerySet) -> Any:
    """Django's own action, with the codes locked first, so that no run can expire a code while it is being deleted."""
    with transaction.atomic():
        chosen = ReferralCode.objects.filter(pk__in=[code.pk for code in editing.locked(codes)])
        return actions.delete_selected(model_admin, request, chosen)


switch_off = asks_first(Task.SWITCH_OFF, gettext_lazy("Switch codes off?"))
reactivate = asks_first(Task.REACTIVATE, gettext_lazy("Reactivate codes?"))
switch_off.__name__, reactivate.__name__ = "switch_off", "reactivate"
ALL: list[Any] = [
    *map(extend_by, EXTENSIONS),
    expire,
    admin.action(switch_off, description=gettext_lazy("Switch off"), permissions=["change"]),
    admin.action(reactivate, description=gettext_lazy("Reactivate"), permissions=["change"]),
    delete_selected,
]


def _seen(request: HttpRequest) -> Seen | None:
    """The version of each code on the confirmation page that the person saw; None if there was no such page."""
    try:
        return {int(pk): str(seen) for pk, seen in json.loads(request.POST.get("seen", "")).items()}
    except (ValueError, AttributeError, RecursionError):
        return None


def _preview_of_expiry(codes: Iterable[ReferralCode]) -> Outcome:
    now = timezone.now()
    outcome = Outcome([], [])
    for code in codes:
        if code.status == ReferralCode.Status.INACTIVE:
            outcome.left.append(Edit(code, Refusal.ALREADY_INACTIVE))
            continue
        outcome.done.append(Edit(code, Done.EXPIRED, before=Before.of(code)))
        code.status = ReferralCode.Status.INACTIVE
        code.expires_at = code.expires_at if code.is_expired_at(now) else now
    return outcome


def _expire(request: Any, chosen: list[int], is_as_seen: Callable[[ReferralCode], bool]) -> list[Edit]:
    """Expire the codes with the ids `chosen` in a run of their own."""
    if not chosen:
        return []
    codes = ReferralCode.objects.filter(pk__in=chosen)
    run, expired = expire_now(codes, person=request.user, is_as_seen=is_as_seen)
    if run is None:
        return []
    before = {code.pk: Before.of(code) for code in expired}
    ended = ReferralCode.objects.filter(pk__in=before).order_by("pk")
    done = [Edit(code, Done.EXPIRED, before=before[code.pk], run=run.pk) for code in ended]
    record(request, done)
    if done:
        url = reverse("admin:main_expirationrun_change", args=[run.pk])
        messages.info(request, format_html('<a href="{}">{}</a>', url, _("See run %(run)d") % {"run": run.pk}))
    return done
