"""What needs a decision of a member of staff now: the first thing on the front page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from main.codes.counting import in_figures
from main.models import ExpirationRun
from main.staff import Decision, asked_for_decisions
from main.staff.dashboard import Dashboard


def decisions(request: HttpRequest, dashboard: Dashboard) -> list[Decision]:
    """What waits for the person of `request`, who may view codes; the figures are those of `dashboard`."""
    found = [*_of_codes(dashboard), *_of_runs(request, dashboard)]
    answers: Any = asked_for_decisions.send(sender=Decision, request=request)
    for _receiver, others in answers:
        found += others
    return found


def _of_codes(dashboard: Dashboard) -> Iterator[Decision]:
    if count := dashboard.overdue:
        sentence = ngettext(
            "%(count)s code is past its date and not marked inactive yet.",
            "%(count)s codes are past their date and not marked inactive yet.",
            count,
        )
        yield Decision(
            sentence % {"count": in_figures(count)}, f"{reverse('admin:main_referralcode_changelist')}?state=overdue"
        )


def _of_runs(request: HttpRequest, dashboard: Dashboard) -> Iterator[Decision]:
    broken = {
        ExpirationRun.State.FAILED: _("Run %(run)d failed."),
        ExpirationRun.State.INTERRUPTED: _("Run %(run)d was interrupted."),
    }
    run = dashboard.last_run
    if run and (sentence := broken.get(ExpirationRun.State(run.state))):
        may_view = request.user.has_perm("main.view_expirationrun")
        link = reverse("admin:main_expirationrun_change", args=[run.pk]) if may_view else ""
        yield Decision(sentence % {"run": run.pk}, link)
    if dashboard.silence:
        yield Decision(dashboard.silence, "#last-run")
