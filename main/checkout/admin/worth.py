"""The staff's lists of codes and people, with what codes are worth."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from main.admin.codes import CodeAdmin
from main.admin.display import labelled, moment
from main.admin.profiles import ProfileAdmin
from main.admin.strict import StrictAdmin
from main.checkout.models import Redemption
from main.checkout.worth import Worth, of_codes, sums, tried_codes, uses_of, worth_by
from main.codes.editing import Task
from main.codes.wording import day_in_words
from main.models import ReferralCode, UserProfile

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

    @admin.display(description=gettext_lazy("uses"), ordering="uses")
    def uses(self, row: Any) -> SafeString:
        return labelled(_("Uses"), _and_this_month(row.worth, row.worth.uses, row.worth.uses_this_month))

    @admin.display(description=gettext_lazy("last use"))
    def last_use(self, row: Any) -> SafeString:
        if row.worth.last_use is None:
            return labelled(_("Last use"), _("never"))
        return labelled(_("Last use"), day_in_words(timezone.localdate(row.worth.last_use)))

    @admin.display(description=gettext_lazy("orders came to"))
    def came_to(self, row: Any) -> SafeString:
        in_all, this_month = sums(row.worth.sums), sums(row.worth.sums_this_month)
        return labelled(_("Orders came to"), _and_this_month(row.worth, in_all, this_month))


def _and_this_month(worth: Worth, in_all: object, this_month: object) -> object:
    if not worth.uses:
        return in_all
    return format_html("{} <br>{}", in_all, _("this month: %(figure)s") % {"figure": this_month})


admin.site.unregister([ReferralCode, UserProfile])


@admin.register(ReferralCode)
class CodeAdminWithWorth(WorthAdmin, CodeAdmin):
    """The staff's list and form of codes, with what each is worth and how often it is tried in vain."""

    by = "code"
    list_display = [*CodeAdmin.list_display, *OF_WORTH]
    record = readonly_fields = [*CodeAdmin.record, "redeemed", "tried"]

    @admin.display(description=gettext_lazy("redeemed"))
    def redeemed(self, code: ReferralCode) -> SafeString | str:
        worth = of_codes([code]).get(code.pk)
        if worth is None or worth.last_use is None:
            return _("never")
        told = ngettext(
            "{count} time, {this_month} of them this month; last {last}. Orders came to {sums}, this month to {now}.",
            "{count} times, {this_month} of them this month; last {last}. Orders came to {sums}, this month to {now}.",
            worth.uses,
        )
        return format_html(
            told, count=worth.uses, this_month=worth.uses_this_month, last=moment(worth.last_use),
            sums=sums(worth.sums), now=sums(worth.sums_this_month),
        )  # fmt: skip

    @admin.display(description=gettext_lazy("tried since it ended"))
    def tried(self, code: ReferralCode) -> SafeString | str:
        tried = tried_codes(ReferralCode.objects.filter(pk=code.pk), timezone.now())
        count = tried.values_list("tries", flat=True).first()  # type: ignore[misc] # the plugin forgets annotations
        if count is None:
            return _("no")
        place = {"pk": code.agent_id, "code_pk": code.pk, "task": Task.EXTEND}
        # A house code is on no agent's page: its date is a field of this form.
        address = reverse("manage_referral_codes", kwargs=place) if code.agent_id else "#id_expires_at_0"
        times = ngettext("%(count)d time", "%(count)d times", count) % {"count": count}
        return format_html('{}: <a href="{}">{}</a>', times, address, _("extend?"))


@admin.register(UserProfile)
class ProfileAdminWithWorth(WorthAdmin, ProfileAdmin):
    """The staff's list of people, with what the codes of each agent are worth."""

    by = "code__agent"
    list_display = [*ProfileAdmin.list_display, *OF_WORTH]
