"""Notices in the staff's admin: wishes to be answered, and who got which mail."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from main.admin.display import badge, in_english, moment
from main.admin.strict import StrictAdmin
from main.codes.telling import tell
from main.notices import wishes
from main.notices.forms import DeclineForm, GrantForm
from main.notices.letters import LISTED
from main.notices.models import Notice, Preference, Wish, WishQuerySet
from main.sweep.errors import WrongClock

# Answered together on one page.
AT_MOST = 100


class ReadOnlyAdmin(StrictAdmin):
    """What the system writes, to be read."""

    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class WaitingFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("waiting", pgettext("a wish", "waits")),
            *[choice for choice in Wish.State.choices if choice[0] != "open"],
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Wish]) -> QuerySet[Wish]:
        if self.value() == "waiting":
            return queryset.filter(pk__in=Wish.objects.waiting().values("pk"))
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.action(description=gettext_lazy("Yes, more time …"), permissions=["answer"])
def grant(model_admin: Any, request: HttpRequest, chosen: WishQuerySet) -> HttpResponse | None:
    """Ask for the days of each code, and then extend."""
    waiting = _waiting(request, chosen)
    if not waiting:
        return None
    proposed = {wish.pk: (_("%(code)s: days") % {"code": wish.code}, wishes.proposed_days(wish)) for wish in waiting}
    form = GrantForm(request.POST if "post" in request.POST else None, proposed)
    if not form.is_valid():
        asking = {"action": "grant", "title": _("More time?"), "wishes": waiting, "form": form}
        return _ask(model_admin, request, asking)
    try:
        outcome = wishes.grant(request, form.days())
    except WrongClock as fault:
        messages.error(request, _("Nothing was changed. %(fault)s") % {"fault": fault})
        return None
    tell(request, outcome)
    _tell_left_out(request, len(waiting) - len(outcome.done) - len(outcome.left))
    return None


@admin.action(description=gettext_lazy("No …"), permissions=["answer"])
def decline(model_admin: Any, request: HttpRequest, chosen: WishQuerySet) -> HttpResponse | None:
    """Ask for a sentence, and then decline."""
    waiting = _waiting(request, chosen)
    if not waiting:
        return None
    form = DeclineForm(request.POST if "post" in request.POST else None)
    if not form.is_valid():
        asking = {"action": "decline", "title": _("No more time?"), "wishes": waiting, "form": form}
        return _ask(model_admin, request, asking)
    declined = wishes.decline(request, [wish.pk for wish in waiting], form.cleaned_data["answer"])
    if declined:
        told = _("Declined: %(codes)s. The agents are told by mail.")
        messages.success(request, told % {"codes": ", ".join(str(wish.code) for wish in declined)})
    _tell_left_out(request, len(waiting) - len(declined))
    return None


def _waiting(request: HttpRequest, chosen: WishQuerySet) -> list[Wish]:
    """Those of the chosen wishes that can be answered; says so where there is none, or are fewer."""
    answerable = Wish.objects.waiting().filter(pk__in=chosen.values("pk"))
    waiting = list(answerable.select_related("code", "agent")[:AT_MOST])
    if waiting:
        _tell_left_out(request, chosen.exclude(pk__in=answerable.values("pk")).count())
    else:
        messages.warning(request, _("None of these waits for an answer any more."))
    return waiting


def _tell_left_out(request: HttpRequest, count: int) -> None:
    """Say how many of the chosen wishes are not answered now, because something else has closed them."""
    if count:
        told = ngettext(
            "%(count)d wish does not wait for an answer any more, and was left out.",
            "%(count)d wishes do not wait for an answer any more, and were left out.",
            count,
        )
        messages.warning(request, told % {"count": count})


def _ask(model_admin: Any, request: HttpRequest, asking: dict[str, Any]) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "media": model_admin.media,
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
        **asking,
    }
    return TemplateResponse(request, "admin/notices/wish/answer.html", context)


@admin.register(Wish)
class WishAdmin(ReadOnlyAdmin):
    """The right to change codes is the right to answer."""

    actions: Any = [grant, decline]
    list_display = ["code", "agent", "sentence", "asked", "result"]
    list_filter = [WaitingFilter]
    list_select_related = ["code", "agent"]
    ordering = ["-asked_at", "-pk"]

    def has_view_permission(self, request: HttpRequest, obj: Wish | None = None) -> bool:
        return self.has_answer_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_answer_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Wish | None = None) -> bool:
        """Who may delete a code may delete the wishes that go with it."""
        return request.user.has_perm("main.delete_referralcode")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("main.change_referralcode")

    @admin.display(description=gettext_lazy("asked"), ordering="asked_at")
    def asked(self, wish: Wish) -> SafeString:
        return moment(wish.asked_at)

    @admin.display(description=gettext_lazy("result"))
    def result(self, wish: Wish) -> SafeString:
        return badge(Wish.State(wish.state))


@admin.action(description=gettext_lazy("Try the refused addresses again"), permissions=["retry"])
def try_again(model_admin: Any, request: HttpRequest, chosen: QuerySet[Notice]) -> None:
    count = (
        Preference.objects.filter(user__in=chosen.values("user"))
        .exclude(refused_address="")
        .update(refused_address="", refusal="", refused_at=None)
    )
    told = ngettext(
        "%(count)d address will be tried again by the next run.",
        "%(count)d addresses will be tried again by the next run.",
        count,
    )
    messages.success(request, told % {"count": count})


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    actions = [try_again]
    fields = ["day", "user", "kind", "result", "sent", "address", "said", "answer", "tries", "message_id"]
    readonly_fields = ["result", "sent", "said", "answer"]
    list_display = ["day", "user", "kind", "result", "sent", "answer"]
    list_filter = ["state", "kind"]
    list_select_related = ["user"]
    search_fields = [f"user__{get_user_model().USERNAME_FIELD}", "user__profile__folded_name", "address", "message_id"]

    def has_view_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        """Notices name codes, so they need the right to view codes too."""
        return super().has_view_permission(request, obj) and request.user.has_perm("main.view_referralcode")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("main.change_userprofile")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def result(self, notice: Notice) -> SafeString:
        return badge(Notice.State(notice.state))

    @admin.display(description=gettext_lazy("sent"), ordering="sent_at")
    def sent(self, notice: Notice) -> SafeString | str:
        return moment(notice.sent_at) if notice.sent_at else _("not yet")

    @admin.display(description=gettext_lazy("error"))
    def answer(self, notice: Notice) -> SafeString | str:
        return in_english(notice.error) if notice.error else self.get_empty_value_display()

    @admin.display(description=gettext_lazy("what it says"))
    def said(self, notice: Notice) -> SafeString | str:
        lines = [(told.code, told.get_kind_display()) for told in notice.told.select_related("code")[:LISTED]]
        return format_html_join(mark_safe("<br>"), "{} {}", lines) if lines else _("no codes")
