"""Redemptions, to be read, and as a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from main.admin.display import moment
from main.admin.strict import StrictAdmin
from main.checkout.export import csv_lines
from main.checkout.models import ApiToken, Redemption
from main.checkout.worth import sums
from main.codes.dates import end_of_day
from main.codes.percent import percent_in_words


class PeriodForm(forms.Form):
    """The days of a file: both count whole."""

    error_css_class = "errors"
    first = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    last = forms.DateField(label=gettext_lazy("to the end of"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "first" in data and "last" in data:
            if data["first"] > data["last"]:
                raise forms.ValidationError(_("The first day is after the last."))
            for day in ("first", "last"):
                end_of_day(data[day])  # refuses years that no database stores
        return data


def _this_month() -> dict[str, date]:
    today = timezone.localdate()
    return {"first": today.replace(day=1), "last": today}


class ShopFilter(admin.SimpleListFilter):
    """The shops that have a token, and this project itself, whose redemptions have no shop."""

    title = gettext_lazy("shop")
    parameter_name = "shop"
    PROJECT = "this-project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = ApiToken.objects.order_by("name").values_list("name", flat=True).distinct()
        return [(self.PROJECT, _("this project itself")), *((name, name) for name in names)]

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

    @admin.display(description=gettext_lazy("code"))
    def code_link(self, redemption: Redemption) -> SafeString:
        address = reverse("admin:main_referralcode_change", args=[redemption.code_id])
        return format_html('<a href="{}">{}</a>', address, redemption.code)

    @admin.display(description=gettext_lazy("discount"), ordering="discount")
    def percent(self, redemption: Redemption) -> str:
        return percent_in_words(redemption.discount)

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money(self, redemption: Redemption) -> str:
        return _("not said") if redemption.amount is None else sums({redemption.currency: redemption.amount})

    @admin.display(description=gettext_lazy("redeemed"), ordering="redeemed_at")
    def redeemed(self, redemption: Redemption) -> SafeString:
        return moment(redemption.redeemed_at)

    @admin.display(description=gettext_lazy("promised"))
    def promised(self, redemption: Redemption) -> SafeString | str:
        return moment(redemption.promised_at) if redemption.promised_at else _("without a promise")

    @admin.display(description=gettext_lazy("voided"), ordering="voided_at")
    def voided(self, redemption: Redemption) -> SafeString | str:
        return moment(redemption.voided_at) if redemption.voided_at else _("no")

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
            messages.error(request, _("No file was made: give the first and the last day, such as 2026-01-31."))
            return HttpResponseRedirect(reverse("admin:checkout_redemption_changelist"))
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        lines = csv_lines(end_of_day(first - timedelta(days=1)), end_of_day(last))
        name = f"redemptions-{first}-{last}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
