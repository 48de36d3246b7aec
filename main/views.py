"""An agent's page: `profile` shows the codes, and `manage_referral_codes` answers the tasks that staff find there.

From there lead the history of a code, and a code to hand out.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from main.accounts import zone
from main.accounts.next_page import next_page
from main.accounts.users import looks_after_codes, signed_in
from main.codes import editing, history, history_in_words
from main.codes.editing import Edit, Outcome, Task
from main.codes.of_agent import codes_of
from main.codes.sharing import qr_code, shop_address
from main.codes.telling import carry_out, tell, tell_saved
from main.forms import ConfirmForm, ExtendForm, ReferralCodeForm
from main.models import ReferralCode, UserProfile

EVENTS_ON_A_PAGE = 100
NEW = "new"
TYPES_OF_IMAGES = {"svg": "image/svg+xml", "png": "image/png"}


class SignedInRequest(HttpRequest):
    user: User


PROFILES = UserProfile.objects.select_related("user")


@dataclass(frozen=True, kw_only=True)
class TaskPage:
    """The page of one task: who may do it, its words, and what it does."""

    right: str
    heading: Any
    explanation: Any = ""
    button: Any
    kind: str = ""  # of the button

    def answer(self, request: SignedInRequest, code: ReferralCode) -> Form | ReferralCodeForm | None:
        """Carry out the task if the request has a valid form. Otherwise return the form to show."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class AskPage(TaskPage):
    """A page that asks first: for a number of days, or just to confirm."""

    edit: Callable[..., Outcome]
    form: type[Form] = ConfirmForm

    def answer(self, request: SignedInRequest, code: ReferralCode) -> Form | None:
        shown = {"version": editing.version(code)}
        form = self.form(request.POST if request.method == "POST" else None, initial=shown)
        if not form.is_valid():
            return form
        figures = form.cleaned_data
        version = figures.pop("version")
        seen = {code.pk: version} if version else None
        carry_out(request, lambda: self.edit(ReferralCode.objects.filter(pk=code.pk), **figures, seen=seen))
        return None


@dataclass(frozen=True, kw_only=True)
class WritePage(TaskPage):
    """A page with the form for a code."""

    def answer(self, request: SignedInRequest, code: ReferralCode) -> ReferralCodeForm | None:
        if request.method != "POST":
            return ReferralCodeForm(instance=code)
        with transaction.atomic():
            if code.pk:  # read again under a lock, so that no sweep changes the code between the check and the save
                locked = ReferralCode.objects.select_for_update(no_key=True)
                code = get_object_or_404(locked, pk=code.pk, agent=code.agent_id)
            before = copy(code) if code.pk else None
            form = ReferralCodeForm(request.POST, instance=code)
            if not (form.is_valid() and _saved(request, form, before)):
                return form
        tell_saved(request, code)
        return None


PAGES: dict[str, TaskPage] = {
    NEW: WritePage(right="main.add_referralcode", heading=_("New code for %(agent)s"), button=_("Save")),
    Task.EDIT: WritePage(right="main.change_referralcode", heading=_("Edit %(code)s"), button=_("Save")),
    Task.EXTEND: AskPage(
        right="main.change_referralcode",
        heading=_("Extend %(code)s"),
        explanation=_(
            "The days are added to its date or, where that has passed, to the present moment. "
            "An inactive code becomes active again."
        ),
        button=_("Extend"),
        edit=editing.extend,
        form=ExtendForm,
    ),
    Task.SWITCH_OFF: AskPage(
        right="main.change_referralcode",
        heading=_("Switch off %(code)s?"),
        explanation=_("It stops working at once, until somebody reactivates it."),
        button=_("Switch off"),
        edit=editing.switch_off,
    ),
    Task.REACTIVATE: AskPage(
        right="main.change_referralcode",
        heading=_("Reactivate %(code)s?"),
        explanation=_("It is active at once, and works while the agent can sign in."),
        button=_("Reactivate"),
        edit=editing.reactivate,
    ),
    Task.DELETE: AskPage(
        right="main.delete_referralcode",
        heading=_("Delete %(code)s?"),
        explanation=_("It is gone for good. To stop it and keep its record, switch it off instead."),
        button=_("Delete"),
        kind="danger",
        edit=editing.delete,
    ),
}


@signed_in
def profile(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    """The visitor's own codes or, for staff who may view codes, those of the agent `pk`. Others get 404.

    Staff see beside each code the tasks that they may do.
    """
    person = PROFILES.filter(user_id=request.user.pk).first() if pk is None else get_object_or_404(PROFILES, pk=pk)
    if person is None:
        return render(request, "main/accounts/no_profile.html")
    own = person.user_id == request.user.pk
    looks_after = looks_after_codes(request.user)
    if not own and not looks_after:
        raise Http404
    allowed = [task for task, page in PAGES.items() if looks_after and request.user.has_perm(page.right)]
    context = {"own": own, "allowed": allowed, "may_add": NEW in allowed, "manages": bool({*allowed} - {NEW})}
    codes = codes_of(person, request.GET, timezone.now())
    in_use = editing.referred_to([*codes["working"], *codes["ended"]]) if Task.DELETE in allowed else ()
    context |= {"proposes_zone": not zone.chosen(request), "in_use": in_use, **codes}
    return render(request, "main/accounts/profile.html", context)


@signed_in
def manage_referral_codes(request: SignedInRequest, pk: int, task: str, code_pk: int | None = None) -> HttpResponse:
    """One task for a code of the agent `pk`, or for a new code. For staff who may view codes and do the task.

    Staff who may only view codes get 403; everybody else gets 404. When the task is done, or cannot be done to this
    code, the answer is a redirect to the page that `?next=` names, with a message.
    """
    page = PAGES[task]
    if not looks_after_codes(request.user):
        raise Http404
    if not request.user.has_perm(page.right):
        raise PermissionDenied
    agent = get_object_or_404(PROFILES, pk=pk)
    code = ReferralCode(agent=agent) if code_pk is None else get_object_or_404(agent.referral_codes, pk=code_pk)
    heading = page.heading % {"agent": agent, "code": code}  # before the form changes the code in memory
    back = next_page(request, reverse("profile", args=[agent.pk]))
    in_use = editing.referred_to([code]) if task == Task.DELETE else ()
    if code.pk and (why_not := editing.refusal(Task(task), code, timezone.now(), in_use)):
        tell(request, Outcome([], [Edit(code, why_not, run=code.expired_by_id)]))
        return HttpResponseRedirect(back)
    form = page.answer(request, code)
    if form is None:
        return HttpResponseRedirect(back)
    return render(request, "main/codes/task.html", {"page": page, "heading": heading, "form": form, "back": back})


@signed_in
@require_safe
def code_history(request: SignedInRequest, pk: int, code_pk: int) -> HttpResponse:
    """What has happened to a code of the agent `pk`: for staff who may view codes, and for the agent without names."""
    agent = get_object_or_404(PROFILES, pk=pk)
    for_staff = looks_after_codes(request.user)
    if agent.user_id != request.user.pk and not for_staff:
        raise Http404
    code = get_object_or_404(agent.referral_codes.select_related("expired_by", "imported_by"), pk=code_pk)
    events = history.history_of(code)
    if for_staff:
        rows = history_in_words.for_staff(events, request.user.has_perm)
    else:
        rows = history_in_words.for_agent(history.for_its_agent(events, agent), agent.user_id)
    page = Paginator(list(rows), EVENTS_ON_A_PAGE).get_page(request.GET.get("page"))
    back = next_page(request, reverse("profile", args=[pk]))
    return render(request, "main/codes/history.html", {"code": code, "rows": page, "back": back})


@signed_in
def share(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of the code `pk`: for its agent, and for staff who may view codes. Others get 404."""
    code, address = _shared(request, pk)
    return render(request, "main/codes/share.html", {"code": code, "address": address})


@signed_in
def qr_image(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The QR code of that address, as "svg" or "png"."""
    _code, address = _shared(request, pk)
    return HttpResponse(qr_code(address, kind), content_type=TYPES_OF_IMAGES[kind])


def _shared(request: Any, pk: int) -> tuple[ReferralCode, str]:
    codes = ReferralCode.objects.select_related("agent__user")
    if not looks_after_codes(request.user):
        codes = codes.filter(agent__user=request.user.pk)
    code = get_object_or_404(codes, pk=pk)
    address = shop_address(code.code)
    if not address:
        raise Http404("This project has no SHARE_URL.")
    return code, address


def _saved(request: SignedInRequest, form: ReferralCodeForm, before: ReferralCode | None) -> bool:
    """Save the code and write its history. Return False, with an error in the form, if somebody else took its text."""
    try:
        with transaction.atomic():
            history.note(request.user.pk, before, form.save())
    except IntegrityError:  # somebody else took the text after the form was checked
        form.add_error("code", _("This code was created by someone else just now."))
        return False
    return True
