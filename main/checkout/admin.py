"""The staff's pages of the checkout: tokens of shops, and redemptions to be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from main.admin.codes import CodeAdmin
from main.admin.display import labelled, moment
from main.admin.profiles import ProfileAdmin
from main.admin.strict import StrictAdmin
from main.checkout.export import csv_lines
from main.checkout.models import ApiToken, Redemption
from main.checkout.tokens import make_token
from main.checkout.worth import Worth, of_codes, sums, tried_codes, uses_of, worth_by
from main.codes.dates import end_of_day
from main.codes.editing import Task
from main.codes.percent import percent_in_words
from main.codes.text import is_id
from main.models import ReferralCode, UserProfile


@admin.register(ApiToken)
class TokenAdmin(StrictAdmin):
    actions = None
    fields: ClassVar[Any] = ["name", "begins", "rights", "is_active", "created", "last_used"]
    readonly_fields = fields
    list_display = ["name", "begins", "rights", "is_active", "last_used", "switch"]
    list_per_page = 50
    ordering = ["name", "pk"]

    @admin.display(description="begins with")
    def begins(self, token: ApiToken) -> str:
        return f"{token.prefix}…"

    @admin.display(description="rights")
    def rights(self, token: ApiToken) -> str:
        rights = {"check": token.may_check, "redeem": token.may_redeem}
        return ", ".join(right for right, given in rights.items() if given) or "none"

    @admin.display(description="created")
    def created(self, token: ApiToken) -> SafeString:
        return moment(token.created_at)

    @admin.display(description="last used", ordering="last_used_at")
    def last_used(self, token: ApiToken) -> SafeString | str:
        return moment(token.last_used_at) if token.last_used_at else "never"

    @admin.display(description="what you can do")
    def switch(self, token: ApiToken) -> SafeString:
        """One click; the list is a form already, with its token. The address says to what, so it may be sent twice."""
        return format_html(
            '<button class="button" formaction="{}" formmethod="post">{}'
            '<span class="visually-hidden"> {}</span></button>',
            reverse(f"admin:checkout_apitoken_switch_{'off' if token.is_active else 'on'}", args=[token.pk]),
            "Switch off" if token.is_active else "Switch on",
            token,
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.list_display if _may_switch(request) else self.list_display[:-1]

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        return self.fields if obj else ["name", "may_check", "may_redeem"]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        return self.readonly_fields if obj else []

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """What a token may do stays: a shop with other rights gets another token."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        obj.text = make_token(obj)  # type: ignore[attr-defined] # for the page that shows it

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        """Show the token, once; not by a message, as these wait in a cookie."""
        context = {**self.admin_site.each_context(request), "opts": self.opts, "token": obj, "title": "A new token"}
        return TemplateResponse(request, "admin/checkout/apitoken/made.html", context)

    def get_urls(self) -> list[URLPattern]:
        switch = self.admin_site.admin_view(require_POST(self.switch_view))
        switches = [
            path(f"<path:object_id>/switch-{to}/", switch, {"on": to == "on"}, name=f"checkout_apitoken_switch_{to}")
            for to in ("on", "off")
        ]
        return [*switches, *super().get_urls()]

    def switch_view(self, request: HttpRequest, object_id: str, *, on: bool) -> HttpResponse:
        """Switch the token on or off; one that is so already stays so, and nothing is noted."""
        token = ApiToken.objects.filter(pk=object_id).first() if is_id(object_id) else None
        if token is None:
            raise Http404(f"There is no token {object_id}.")
        if not _may_switch(request):
            raise PermissionDenied
        done = "switched on" if on else "switched off"
        if ApiToken.objects.filter(pk=token.pk).exclude(is_active=on).update(is_active=on):
            self.log_change(request, token, f"{done.capitalize()}.")
            messages.success(request, f"{token} was {done}.")
        else:
            messages.warning(request, f"{token} was {done} already.")
        return HttpResponseRedirect(reverse("admin:checkout_apitoken_changelist"))


def _may_switch(request: HttpRequest) -> bool:
    return request.user.has_perm("checkout.change_apitoken")


class PeriodForm(forms.Form):
    """The days of a file: both count whole."""

    error_css_class = "errors"
    first = forms.DateField(label="From", widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    last = forms.DateField(label="to the end of", widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "first" in data and "last" in data:
            if data["first"] > data["last"]:
                raise forms.ValidationError("The first day is after the last.")
            for day in ("first", "last"):
                end_of_day(data[day])  # refuses years that no database stores
        return data


OF_WORTH = ["uses", "last_use", "came_to"]


class WorthAdmin(StrictAdmin):
    """A list with what the codes of each row are worth: sorted by uses, the rest read for the page alone."""

    by: str  # the field of a redemption that says to which row it belongs

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without what codes are worth, for people who may not view codes."""
        hidden = [] if request.user.has_perm("main.view_referralcode") else OF_WORTH
        return [column for column in super().get_list_display(request) if column not in hidden]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        # Counted for each row of the table: only where somebody wants them sorted.
        return rows.annotate(uses=uses_of(self.by)) if "o" in request.GET else rows

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        response = super().changelist_view(request, extra_context)
        if changelist := (getattr(response, "context_data", None) or {}).get("cl"):
            rows = list(changelist.result_list)
            of_rows = Redemption.objects.filter(**{f"{self.by}__in": [row.pk for row in rows]})
            worths = worth_by(self.by, of_rows)
            for row in rows:
                row.worth = worths.get(row.pk, Worth())
            changelist.result_list = rows
        return response

    @admin.display(description="uses", ordering="uses")
    def uses(self, row: Any) -> SafeString:
        return labelled("Uses", row.worth.uses)

    @admin.display(description="last use")
    def last_use(self, row: Any) -> SafeString:
        if row.worth.last_use is None:
            return labelled("Last use", "never")
        local = timezone.localtime(row.worth.last_use)
        return labelled("Last use", f"{local.day} {local:%b %Y}")

    @admin.display(description="orders came to")
    def came_to(self, row: Any) -> SafeString:
        return labelled("Orders came to", sums(row.worth.sums))


admin.site.unregister([ReferralCode, UserProfile])


@admin.register(ReferralCode)
class CodeAdminWithWorth(WorthAdmin, CodeAdmin):
    """The staff's list and form of codes, with what each is worth and how often it is tried in vain."""

    by = "code"
    list_display = [*CodeAdmin.list_display, *OF_WORTH]
    record = readonly_fields = [*CodeAdmin.record, "redeemed", "tried"]

    @admin.display(description="redeemed")
    def redeemed(self, code: ReferralCode) -> SafeString | str:
        worth = of_codes([code]).get(code.pk)
        if worth is None or worth.last_use is None:
            return "never"
        return format_html(
            "{} times, {} of them this month; last {}. Orders came to {}, this month to {}.",
            worth.uses, worth.uses_this_month, moment(worth.last_use), sums(worth.sums), sums(worth.sums_this_month),
        )  # fmt: skip

    @admin.display(description="tried since it ended")
    def tried(self, code: ReferralCode) -> SafeString | str:
        tried = tried_codes(ReferralCode.objects.filter(pk=code.pk), timezone.now())
        count = tried.values_list("tries", flat=True).first()  # type: ignore[misc] # the plugin forgets annotations
        if count is None:
            return "no"
        place = {"pk": code.agent_id, "code_pk": code.pk, "task": Task.EXTEND}
        address = reverse("manage_referral_codes", kwargs=place) if code.agent_id else ""
        times = f"{count} time{'' if count == 1 else 's'}"
        return format_html('{}: <a href="{}">extend?</a>', times, address) if address else times


@admin.register(UserProfile)
class ProfileAdminWithWorth(WorthAdmin, ProfileAdmin):
    """The staff's list of people, with what the codes of each agent are worth."""

    by = "code__agent"
    list_display = [*ProfileAdmin.list_display, *OF_WORTH]


def _this_month() -> dict[str, date]:
    today = timezone.localdate()
    return {"first": today.replace(day=1), "last": today}


class ShopFilter(admin.SimpleListFilter):
    """The shops that have a token, and this project itself, whose redemptions have no shop."""

    title = "shop"
    parameter_name = "shop"
    PROJECT = "this-project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = ApiToken.objects.order_by("name").values_list("name", flat=True).distinct()
        return [(self.PROJECT, "this project itself"), *((name, name) for name in names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Redemption]) -> QuerySet[Redemption]:
        if self.value() is None:
            return queryset
        return queryset.filter(shop="" if self.value() == self.PROJECT else self.value())


@admin.register(Redemption)
class RedemptionAdmin(StrictAdmin):
    """To be read; redemptions are written and voided by shops alone."""

    actions = None
    date_hierarchy = "redeemed_at"
    list_display = ["order", "shop", "code_link", "percent", "money", "redeemed", "voided"]
    list_filter = [("voided_at", admin.EmptyFieldListFilter), ShopFilter]
    list_per_page = 50
    list_select_related = ["code"]
    ordering = ["-redeemed_at", "-pk"]
    search_fields = ["order", "code__code"]
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    fields: ClassVar[Any] = ["order", "shop", "code_link", "percent", "money", "redeemed", "promised", "voided"]
    readonly_fields = fields

    @admin.display(description="code")
    def code_link(self, redemption: Redemption) -> SafeString:
        address = reverse("admin:main_referralcode_change", args=[redemption.code_id])
        return format_html('<a href="{}">{}</a>', address, redemption.code)

    @admin.display(description="discount", ordering="discount")
    def percent(self, redemption: Redemption) -> str:
        return percent_in_words(redemption.discount)

    @admin.display(description="amount", ordering="amount")
    def money(self, redemption: Redemption) -> str:
        return "not said" if redemption.amount is None else f"{redemption.amount:.2f} {redemption.currency}"

    @admin.display(description="redeemed", ordering="redeemed_at")
    def redeemed(self, redemption: Redemption) -> SafeString:
        return moment(redemption.redeemed_at)

    @admin.display(description="promised")
    def promised(self, redemption: Redemption) -> SafeString | str:
        return moment(redemption.promised_at) if redemption.promised_at else "without a promise"

    @admin.display(description="voided", ordering="voided_at")
    def voided(self, redemption: Redemption) -> SafeString | str:
        return moment(redemption.voided_at) if redemption.voided_at else "no"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Redemption | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Redemption | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        form = PeriodForm(initial=_this_month()) if request.user.has_perm("checkout.export_redemption") else None
        return super().changelist_view(request, {"period": form, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view: Callable[..., Any] = self.admin_site.admin_view(self.csv_view)
        return [path("csv/", view, name="checkout_redemption_csv"), *super().get_urls()]

    def csv_view(self, request: HttpRequest) -> Any:
        """The redemptions of the chosen days as a file, for those with the right to have it."""
        if not request.user.has_perm("checkout.export_redemption"):
            raise PermissionDenied
        form = PeriodForm(request.GET)
        if not form.is_valid():
            messages.error(request, "No file was made: give the first and the last day, such as 2026-01-31.")
            return HttpResponseRedirect(reverse("admin:checkout_redemption_changelist"))
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        lines = csv_lines(end_of_day(first - timedelta(days=1)), end_of_day(last))
        name = f"redemptions-{first}-{last}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
