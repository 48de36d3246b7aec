"""The list and the form of referral codes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.paginator import Paginator
from django.db.models import F, Field, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from main.admin import actions
from main.admin.asking import undo_view
from main.admin.changelist import CodeChangeList, PaginatorByStatus
from main.admin.display import badge, labelled, moment
from main.admin.export import WRITERS, export_view
from main.admin.filters import AgentFilter, ExpiryFilter, ImportFilter, RunFilter, StateFilter
from main.admin.forms import CodeForm
from main.admin.guarded import GuardedAdmin
from main.admin.hint import what_a_save_does
from main.admin.many import many_view
from main.admin.new_code import FIELDSETS_OF_NEW, NewCodeForm
from main.admin.share import SHARE_FIELDSET, share_of
from main.admin.week_filter import WeekFilter
from main.codes.counting import COUNTED_AT_MOST, is_cut
from main.codes.editing import referred_to
from main.codes.history import history_of
from main.codes.history_in_words import for_staff
from main.codes.percent import percent_in_words
from main.codes.searching import with_words
from main.codes.sharing import shop_address
from main.codes.telling import tell_saved
from main.codes.text import is_id
from main.codes.wording import day_in_words, in_words
from main.models import ReferralCode

EVENTS_ON_A_PAGE = 100


class NullsLast(OrderBy):
    """Codes without a date come last in both directions."""

    def __init__(self, field: str) -> None:
        super().__init__(F(field), nulls_last=True)

    def reverse_ordering(self) -> NullsLast:
        self.descending = not self.descending
        return self


@admin.register(ReferralCode)
class CodeAdmin(GuardedAdmin):
    taken = gettext_lazy("Nothing was saved: this code was created by someone else just now.")
    form = CodeForm
    actions = actions.ALL
    autocomplete_fields = ["agent"]
    date_hierarchy = "expires_at"
    list_display = ["code", "state", "expires", "agent_link", "percent", "created_on"]
    list_filter = [RunFilter, ImportFilter, AgentFilter, WeekFilter, StateFilter, ExpiryFilter]
    list_per_page = 50
    # Overdue codes first, because they need attention; then the active ones by their date; inactive codes last.
    ordering: ClassVar[Any] = ["status", NullsLast("expires_at"), "pk"]
    paginator = PaginatorByStatus
    search_fields = ["code", "agent__name"]
    show_facets = admin.ShowFacets.NEVER  # the tabs have the figures
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["code", "agent", "discount"]}),
        (gettext_lazy("Expiry"), {"fields": ["expires_at", "status"]}),
    ]
    record = readonly_fields = ["state", "ended_by", "created", "edited"]

    @admin.display(description=gettext_lazy("state"))
    def state(self, code: ReferralCode) -> SafeString:
        return badge(code.state())

    @admin.display(description=gettext_lazy("expires"), ordering=NullsLast("expires_at"))
    def expires(self, code: ReferralCode) -> SafeString | str:
        return moment(code.expires_at) if code.expires_at else _("never")

    @admin.display(description=gettext_lazy("agent"), ordering="agent__folded_name")
    def agent_link(self, code: ReferralCode) -> SafeString | str:
        if not code.agent:
            return _("house code")
        return format_html('<a href="{}?agent={}">{}</a>', _list_url(), code.agent.pk, code.agent)

    @admin.display(description=gettext_lazy("discount"), ordering="discount")
    def percent(self, code: ReferralCode) -> str:
        return percent_in_words(code.discount)

    @admin.display(description=gettext_lazy("created"), ordering="created_at")
    def created_on(self, code: ReferralCode) -> SafeString:
        return labelled(_("Created"), day_in_words(timezone.localdate(code.created_at)))

    @admin.display(description=gettext_lazy("created"))
    def created(self, code: ReferralCode) -> SafeString:
        return moment(code.created_at)

    @admin.display(description=gettext_lazy("last edited"))
    def edited(self, code: ReferralCode) -> SafeString:
        return moment(code.updated_at)

    @admin.display(description=gettext_lazy("marked inactive"))
    def ended_by(self, code: ReferralCode) -> SafeString | str:
        """Who or what marked the code inactive; a run with a link to it."""
        if not code.expired_at:
            return _("by a person, or before it was imported")
        if not code.expired_by:
            return _("on save, %(date)s") % {"date": in_words(code.expired_at)}
        started = timezone.localtime(code.expired_by.started_at)
        return format_html(
            _('expired by the <a href="{address}">run of {time} on {day}</a>'),
            address=reverse("admin:main_expirationrun_change", args=[code.expired_by.pk]),
            time=f"{started:%H:%M}",
            day=day_in_words(started.date()),
        )

    def action_checkbox(self, code: ReferralCode) -> SafeString:
        """Beside a chosen code, a link to the actions: from there it is one step by keyboard."""
        box = super().action_checkbox(code)
        return format_html('{}<a class="to-actions" href="#actions">{}</a>', box, _("Actions for the chosen codes"))

    def get_urls(self) -> list[URLPattern]:
        hint = self.admin_site.admin_view(partial(what_a_save_does, model_admin=self))
        undo = self.admin_site.admin_view(partial(undo_view, self))
        export = self.admin_site.admin_view(partial(export_view, self))
        many = self.admin_site.admin_view(partial(many_view, self))
        return [
            *(path(f"{kind}/", export, {"kind": kind}, name=f"main_referralcode_{kind}") for kind in WRITERS),
            path("many/", many, name="main_referralcode_many"),
            path("undo/<slug:key>/", undo, name="main_referralcode_undo"),
            path("add/what-a-save-does/", hint, name="main_referralcode_hint_for_new"),
            path("<path:object_id>/what-a-save-does/", hint, name="main_referralcode_hint"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReferralCode]:
        # No join: the database would join all rows before it sorts them. Agents are read for one page only.
        return super().get_queryset(request).prefetch_related("agent__user")

    def get_fieldsets(self, request: HttpRequest, obj: ReferralCode | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if not obj:
            return FIELDSETS_OF_NEW
        active = obj.status == ReferralCode.Status.ACTIVE
        fields = [field for field in self.record if field != "ended_by" or not active]
        share = [SHARE_FIELDSET] if shop_address(obj.code) else []
        return [*fieldsets, *share, (_("Record"), {"fields": fields})]

    @admin.display(description=gettext_lazy("address in the shop"))
    def share(self, code: ReferralCode) -> SafeString:
        return share_of(code)

    def get_readonly_fields(self, request: HttpRequest, obj: ReferralCode | None = None) -> Any:
        return [*super().get_readonly_fields(request, obj), "share"]

    def get_form(
        self, request: HttpRequest, obj: ReferralCode | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(request, obj, change, **(kwargs if obj else {"form": NewCodeForm, **kwargs}))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's page, with all that has happened to the code."""
        code = self.get_object(request, unquote(object_id))
        rows = list(for_staff(history_of(code), request.user.has_perm)) if code else []
        page = Paginator(rows, EVENTS_ON_A_PAGE).get_page(request.GET.get("page"))
        return super().history_view(request, object_id, {"rows": page, **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ReferralCode], search_term: str
    ) -> tuple[QuerySet[ReferralCode], bool]:
        """Search once and keep the ids: the count, the tabs and the page would each read all codes again.

        Of many codes the first are soon found, each time.
        """
        if not search_term.strip():
            return queryset, False
        codes: Any = queryset
        found = with_words(codes, search_term)
        ids = list(found.prefetch_related(None).order_by().values_list("pk", flat=True)[: COUNTED_AT_MOST + 1])
        return (found if is_cut(len(ids)) else queryset.filter(pk__in=ids)), False

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Keep codes that a run has expired, because the ledger counts them, and codes that other records need."""
        in_use = referred_to(objs)
        by_run = _("%(code)s, expired by run %(run)d")
        by_others = _("%(code)s, redeemed or needed by other records")
        kept = [by_run % {"code": code, "run": code.expired_by_id} for code in objs if code.expired_by_id]
        kept += [by_others % {"code": code} for code in objs if code.pk in in_use]
        return ([], {}, set(), kept) if kept else super().get_deleted_objects(objs, request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CodeChangeList]:
        return CodeChangeList

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: Any, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "agent":
            words = {"data-name": _("Agent"), "data-choices": _("Agents"), "data-search": _("Search agents")}
            field.widget.widget.attrs |= words
            # The list of choices opens inside the main part of the page, so that screen readers find it.
            field.widget.widget.attrs["data-dropdown-parent"] = "#content-start"
            field.widget.can_delete_related = field.widget.can_change_related = False
        return field

    def save_model(self, request: HttpRequest, obj: ReferralCode, form: CodeForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not obj.is_usable:  # for a code that works, Django's own message is enough
            tell_saved(request, obj)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[ReferralCode], **where: Any
    ) -> HttpResponse | None:
        """Refuse ids that none of our pages sends, and more codes than one transaction should lock."""
        chosen = set(request.POST.getlist(ACTION_CHECKBOX_NAME))
        everything = request.POST.get("select_across", "0") != "0"
        found = queryset.order_by()
        if not all(map(is_id, chosen)):
            found = found.none()
        elif not everything:
            found = found.filter(pk__in=chosen)
        count = found[: actions.AT_MOST + 1].count()
        if not count or count > actions.AT_MOST:
            too_many = _("Nothing was done: choose at most %(count)d codes at a time.") % {"count": actions.AT_MOST}
            missing = _("Nothing was done: the chosen codes could not be found in the list.")
            messages.error(request, too_many if count else missing)
            return HttpResponseRedirect(request.get_full_path())
        if not everything and count < len(chosen):
            lost = len(chosen) - count
            told = ngettext(
                "%(count)d of the chosen codes could not be found in the list.",
                "%(count)d of the chosen codes could not be found in the list.",
                lost,
            )
            messages.warning(request, told % {"count": lost})
        return super().response_action(request, queryset, **where)


def _list_url() -> str:
    return reverse("admin:main_referralcode_changelist")
