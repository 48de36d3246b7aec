"""The pages of an agent's codes: `profile` shows them; `manage_referral_codes` and its tasks let staff edit them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.admin.utils import construct_change_message
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from main.codes import editing
from main.codes.editing import Edit, Outcome, Task
from main.codes.telling import carry_out, tell, tell_saved
from main.forms import ConfirmForm, ExtendForm, ReferralCodeForm
from main.models import ENDS_SOON, ReferralCode, ReferralCodeQuerySet, UserProfile

WORKING_ON_A_PAGE, ENDED_ON_A_PAGE = 50, 20


class SignedInRequest(HttpRequest):
    user: User


PROFILES = UserProfile.objects.select_related("user")


@login_required
def profile(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    """One's own codes, or those of the agent `pk` for staff who may view codes. Others find no such page."""
    person = PROFILES.filter(user_id=request.user.pk).first() if pk is None else get_object_or_404(PROFILES, pk=pk)
    if person is None:
        return render(request, "main/accounts/no_profile.html")
    own = person.user_id == request.user.pk
    if not own and not (request.user.is_staff and request.user.has_perm("main.view_referralcode")):
        raise Http404
    return render(request, "main/accounts/profile.html", {"own": own, **_codes_of(person, request)})


def _staff_with(permission: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Let staff with the `permission` in, and refuse other staff; for anybody else there is no such page."""

    def guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @login_required
        @wraps(view)
        def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_staff:
                raise Http404
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return guard


@_staff_with("main.view_referralcode")
def manage_referral_codes(request: SignedInRequest, agent_pk: int) -> HttpResponse:
    agent = get_object_or_404(PROFILES, pk=agent_pk)
    return render(request, "main/codes/manage.html", {"managing": True, **_codes_of(agent, request)})


@_staff_with("main.add_referralcode")
def create_referral_code(request: SignedInRequest, agent_pk: int) -> HttpResponse:
    agent = get_object_or_404(PROFILES, pk=agent_pk)
    form = ReferralCodeForm(_posted(request), instance=ReferralCode(agent=agent))
    if form.is_valid() and _saved(request, form, ADDITION):
        return _told_what_was_saved(request, form.instance)
    return render(request, "main/codes/create.html", {"form": form, "agent": agent})


@_staff_with("main.change_referralcode")
def edit_referral_code(request: SignedInRequest, agent_pk: int, pk: int) -> HttpResponse:
    code = get_object_or_404(ReferralCode, agent=agent_pk, pk=pk)
    form = ReferralCodeForm(instance=code)
    if request.method == "POST":
        with transaction.atomic():
            # Read again under a lock, so that a sweep of the code comes wholly before or after this edit.
            code = get_object_or_404(ReferralCode.objects.select_for_update(no_key=True), pk=pk)
            form = ReferralCodeForm(request.POST, instance=code)
            if form.is_valid() and _saved(request, form, CHANGE):
                return _told_what_was_saved(request, code)
    return render(request, "main/codes/edit.html", {"form": form, "code": code})


@_staff_with("main.change_referralcode")
def extend_referral_code(request: SignedInRequest, agent_pk: int, pk: int) -> HttpResponse:
    code = get_object_or_404(ReferralCode, agent=agent_pk, pk=pk)
    form = ExtendForm(_posted(request))
    if form.is_valid():
        return _told_what_was_done(request, code, lambda codes: editing.extend(codes, form.cleaned_data["days"]))
    return render(request, "main/codes/extend.html", {"form": form, "code": code})


@_staff_with("main.change_referralcode")
def switch_off_referral_code(request: SignedInRequest, agent_pk: int, pk: int) -> HttpResponse:
    code = get_object_or_404(ReferralCode, agent=agent_pk, pk=pk)
    form = ConfirmForm(_posted(request))
    if form.is_valid():
        return _told_what_was_done(request, code, editing.switch_off)
    return render(request, "main/codes/switch_off.html", {"form": form, "code": code})


@_staff_with("main.change_referralcode")
def reactivate_referral_code(request: SignedInRequest, agent_pk: int, pk: int) -> HttpResponse:
    code = get_object_or_404(ReferralCode, agent=agent_pk, pk=pk)
    form = ConfirmForm(_posted(request))
    if form.is_valid():
        return _told_what_was_done(request, code, editing.reactivate)
    return render(request, "main/codes/reactivate.html", {"form": form, "code": code})


@_staff_with("main.delete_referralcode")
def delete_referral_code(request: SignedInRequest, agent_pk: int, pk: int) -> HttpResponse:
    code = get_object_or_404(ReferralCode, agent=agent_pk, pk=pk)
    if why_not := editing.refusal(Task.DELETE, code, timezone.now()):
        tell(request, Outcome([], [Edit(code, why_not, run=code.expired_by_id)]))
        return redirect("manage_referral_codes", agent_pk)
    form = ConfirmForm(_posted(request))
    if form.is_valid():
        return _told_what_was_done(request, code, editing.delete)
    return render(request, "main/codes/delete.html", {"form": form, "code": code})


def _posted(request: SignedInRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _codes_of(agent: UserProfile, request: SignedInRequest) -> dict[str, Any]:
    """What works now, ending soonest first, and what does not: switched off first, then by the latest date."""
    now = timezone.now()
    usable = agent.referral_codes.usable(now)
    working = usable.order_by(F("expires_at").asc(nulls_last=True), "pk")
    ended = agent.referral_codes.unusable(now).order_by(F("expires_at").desc(nulls_first=True), "pk")
    return {
        "agent": agent,
        "now": now,
        "working": Paginator(working, WORKING_ON_A_PAGE).get_page(request.GET.get("working")),
        "ended": Paginator(ended, ENDED_ON_A_PAGE).get_page(request.GET.get("ended")),
        "stopping_count": usable.expired(now + ENDS_SOON).count(),
    }


def _saved(request: SignedInRequest, form: ReferralCodeForm, flag: int) -> bool:
    changes = construct_change_message(form, [], flag == ADDITION)  # type: ignore[arg-type] # the stubs forget model forms
    try:
        with transaction.atomic():
            _record(request, form.save(), flag, changes)
    except IntegrityError:  # somebody else took the code after the form had looked
        form.add_error("code", "This code was created by someone else just now.")
        return False
    return True


def _told_what_was_saved(request: SignedInRequest, code: ReferralCode) -> HttpResponse:
    tell_saved(request, code)
    return redirect("manage_referral_codes", code.agent_id)


def _told_what_was_done(
    request: SignedInRequest, code: ReferralCode, edit: Callable[[ReferralCodeQuerySet], Outcome]
) -> HttpResponse:
    carry_out(request, lambda: edit(ReferralCode.objects.filter(pk=code.pk)))
    return redirect("manage_referral_codes", code.agent_id)


def _record(request: SignedInRequest, code: ReferralCode, flag: int, message: Any) -> None:
    """In the admin's history, so that it is whole wherever staff edit."""
    LogEntry.objects.log_actions(request.user.pk, [code], flag, message, single_object=True)
