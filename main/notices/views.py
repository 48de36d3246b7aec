"""The pages of notices: by the link in a mail, and for people who are signed in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_POST, require_safe

from main.accounts.choices import Reader, keep, reader_of
from main.accounts.users import signed_in
from main.models import ReferralCode
from main.notices import calendar, conf, people, wishes
from main.notices.forms import DaysForm, PreferenceForm, WishForm
from main.notices.letters import answer_in_words, read_link
from main.notices.models import Notice, Preference


@csrf_exempt  # the mail program of the person sends no token of ours (RFC 8058)
@never_cache
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Choose mails by the link in one, without signing in. Looking at the page changes nothing.

    A mail program stops these mails by a POST that says so (RFC 8058), the form on the page by `do`. Any other POST
    changes nothing, and is told so.
    """
    try:
        kind, key = read_link(token)
    except BadSignature as error:
        raise Http404 from error
    preference = get_object_or_404(Preference, key=key)
    do = "stop" if request.POST.get("List-Unsubscribe") == "One-Click" else request.POST.get("do")
    form = DaysForm(request.POST if do == "days" else None, preference)
    changed = do in ("stop", "start") or form.is_valid()
    if do == "days" and changed:
        form.save(preference)
    elif changed:
        _switch(preference, kind, on=do == "start")
    is_on = preference.wants_mail if kind == Notice.Kind.AGENT else preference.wants_summary
    context = {"kind": kind, "is_on": is_on, "form": form, "changed": changed}
    understood = request.method != "POST" or do in ("stop", "start", "days")
    return render(request, "notices/by_link.html", context, status=200 if understood else 400)


def _switch(preference: Preference, kind: Notice.Kind, *, on: bool) -> None:
    field = "wants_mail" if kind == Notice.Kind.AGENT else "wants_summary"
    setattr(preference, field, on)
    preference.save(update_fields=[field])


@signed_in
@never_cache
def mine(request: Any) -> HttpResponse:
    """Which mails the person who is signed in wants, and the address of the calendar."""
    # In one query: which mails, and in which zone these are made now.
    users = get_user_model()._default_manager.select_related("notice_preference", "personal_choice")
    user = users.get(pk=request.user.pk)
    preference = getattr(user, "notice_preference", None) or Preference(user=user)
    zone = str(reader_of(user, Reader.of_page()).zone)
    form = PreferenceForm(
        request.POST if request.method == "POST" else None, preference, zone, may_view_codes=calendar.sees_all(user)
    )
    if form.is_valid():
        form.save(preference)
        messages.success(request, _("Saved."))
        response = redirect("notices")
        keep(request, response, "zone", form.cleaned_data["zone"])
        return response
    return render(request, "notices/mine.html", {"form": form, "key": calendar.key_of(request.user)})


@signed_in
@require_POST
@never_cache
def make_calendar(request: Any) -> HttpResponse:
    """Make a new address, which is shown on this answer alone; an older one stops working."""
    url = conf.site_url() + reverse("calendar", args=[calendar.make_key(request.user)])
    return render(request, "notices/calendar_made.html", {"url": url})


@signed_in
@require_POST
def revoke_calendar(request: Any) -> HttpResponse:
    calendar.revoke(request.user)
    messages.success(request, _("The address of the calendar does not work any more."))
    return redirect("notices")


def _etag(request: HttpRequest, token: str) -> str | None:
    user = calendar.owner(token)
    if user is None:
        return None
    with reader_of(user).reads():
        return calendar.etag(user)


@require_safe
@cache_control(private=True, no_cache=True)  # keep it, and ask whether it has changed
@condition(etag_func=_etag)
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar of whoever has this address, in that person's language and zone. It needs no session or cookie."""
    user = calendar.owner(token)
    if user is None:
        raise Http404
    reader = reader_of(user)
    with reader.reads():
        text = calendar.feed(user)
    headers = {"Content-Language": reader.language}
    return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers)


@signed_in
def ask_for_more_time(request: Any, pk: int) -> HttpResponse:
    """An agent asks for more time for one of its own codes, and reads what became of the last wish."""
    code = get_object_or_404(ReferralCode.objects.select_related("agent"), pk=pk, agent__user=request.user)
    gets_mail = people.agents().filter(pk=code.agent_id).exists()
    form = WishForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and code.agent:
        try:
            wishes.ask(code, code.agent, form.cleaned_data["sentence"])
        except wishes.CannotAsk as error:
            messages.warning(request, str(error))
        else:
            asked = _("The office was asked for more time for %(code)s. The answer comes by mail.")
            without_mail = _("The office was asked for more time for %(code)s. The answer will be where you asked.")
            messages.success(request, (asked if gets_mail else without_mail) % {"code": code})
        return redirect("profile")
    last = wishes.last_answered(code)
    context = {
        "form": form,
        "code": code,
        "why_not": wishes.why_not(code),
        "gets_mail": gets_mail,
        "last": last,
        "answer": last and answer_in_words(last, timezone.now()),
    }
    return render(request, "notices/ask.html", context)
