"""What staff do to the account of an agent: switch it off and on, and invite its owner to choose a password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from main.accounts.invitations import Sending, can_be_invited, invite
from main.accounts.users import address_of, may_change
from main.admin.notes import Note, note
from main.admin.pages import page
from main.codes.counting import counted, in_figures
from main.models import ReferralCode, UserProfile


def may_switch(request: Any, agent: UserProfile) -> bool:
    """Whether this person may change the account of `agent`, and it is not the person's own."""
    return may_change(request.user, agent.user) and agent.user_id != request.user.pk


def may_invite(request: Any, agent: UserProfile) -> bool:
    """Whether this person may send a link by which the account of `agent` gets its first password."""
    return may_change(request.user, agent.user) and can_be_invited(agent.user)


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def switch_view(request: Any, agent: UserProfile, model_admin: Any) -> HttpResponse:
    """Ask on GET, and say what it does to the codes; switch the account off or on with POST, as `to` says."""
    if not may_switch(request, agent):
        raise PermissionDenied
    if request.method != "POST":
        to = "off" if agent.user.is_active else "on"
        title = _("Switch %(agent)s off?") if to == "off" else _("Switch %(agent)s on?")
        context = {"agent": agent, "to": to, "what": _what_it_does(agent)}
        return page(model_admin, request, "admin/main/userprofile/switch.html", title % {"agent": agent}, context)
    to = request.POST.get("to")
    if to in ("on", "off"):
        _switch(request, agent, on=to == "on")
    return HttpResponseRedirect(_page_of(agent))


@csrf_protect
@require_http_methods(["POST"])
def invite_view(request: Any, agent: UserProfile) -> HttpResponse:
    """Send the invitation, once more perhaps, and say what has become of it."""
    if not may_invite(request, agent):
        raise PermissionDenied
    send_invitation(request, agent)
    return HttpResponseRedirect(_page_of(agent))


def send_invitation(request: HttpRequest, agent: UserProfile) -> None:
    """Invite the owner of the agent's account to choose a password, and tell staff whether the mail is out."""
    facts = {"agent": agent, "address": address_of(agent.user)}
    sent = {
        Sending.SENT: (messages.SUCCESS, _("The invitation of %(agent)s was mailed to %(address)s.")),
        Sending.UNDER_WAY: (
            messages.INFO,
            _("The invitation of %(agent)s is being mailed to %(address)s. The mail server takes its time."),
        ),
        Sending.FAILED: (
            messages.ERROR,
            _("The invitation of %(agent)s was not mailed to %(address)s. Try again from the page of this person."),
        ),
    }
    level, sentence = sent[invite(request, agent.user, agent.name)]
    messages.add_message(request, level, sentence % facts)


def _what_it_does(agent: UserProfile) -> list[str]:
    """What switching the account does now, in sentences."""
    now = timezone.now()
    if agent.user.is_active:
        count = counted(agent.referral_codes.usable(now))
        codes = ngettext("%(count)s code stops working at once.", "%(count)s codes stop working at once.", count)
        later = _("Nothing is written on the codes: they work again as before when the account is switched on.")
        person = _("%(agent)s cannot sign in any more.")
    else:
        count = counted(agent.referral_codes.in_state(ReferralCode.State.AGENT_INACTIVE, now))
        codes = ngettext("%(count)s code works again at once.", "%(count)s codes work again at once.", count)
        later = _("Codes whose date has passed, and codes that were switched off, do not work.")
        person = _("%(agent)s can sign in again.")
    return [person % {"agent": agent}, codes % {"count": in_figures(count)}, later]


@transaction.atomic
def _switch(request: Any, agent: UserProfile, *, on: bool) -> None:
    account = get_user_model()._default_manager.select_for_update(no_key=True).get(pk=agent.user_id)
    if account.is_active == on:
        was = _("%(agent)s was switched on already.") if on else _("%(agent)s was switched off already.")
        messages.info(request, was % {"agent": agent})
        return
    account.is_active = on
    account.save(update_fields=["is_active"])
    said = note(Note.SWITCHED_ON if on else Note.SWITCHED_OFF)
    for changed in (agent, account):
        LogEntry.objects.log_actions(request.user.pk, [changed], CHANGE, said, single_object=True)
    done = _("%(agent)s is switched on.") if on else _("%(agent)s is switched off.")
    messages.success(request, done % {"agent": agent})


def _page_of(agent: UserProfile) -> str:
    return reverse("admin:main_userprofile_change", args=[agent.pk])
