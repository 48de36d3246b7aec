"""Tokens of shops: made, shown once, switched off and on."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST

from main.admin.display import moment, yes_or_no
from main.admin.notes import Note, note
from main.admin.once import AddsOnce
from main.checkout.models import ApiToken
from main.checkout.tokens import make_token
from main.codes.text import is_id


@admin.register(ApiToken)
class TokenAdmin(AddsOnce):
    actions = None
    fields: ClassVar[Any] = ["name", "begins", "rights", "works", "created", "last_used"]
    readonly_fields = fields
    list_display = ["name", "begins", "rights", "works", "last_used", "switch"]
    list_per_page = 50
    ordering = ["name", "pk"]

    @admin.display(description=gettext_lazy("begins with"))
    def begins(self, token: ApiToken) -> str:
        return f"{token.prefix}…"

    @admin.display(description=gettext_lazy("rights"))
    def rights(self, token: ApiToken) -> str:
        rights = {pgettext("right", "check"): token.may_check, pgettext("right", "redeem"): token.may_redeem}
        return ", ".join(right for right, given in rights.items() if given) or pgettext("right", "none")

    @admin.display(description=pgettext_lazy("a token", "active"), ordering="is_active")
    def works(self, token: ApiToken) -> SafeString:
        return yes_or_no(token.is_active)

    @admin.display(description=gettext_lazy("created"))
    def created(self, token: ApiToken) -> SafeString:
        return moment(token.created_at)

    @admin.display(description=gettext_lazy("last used"), ordering="last_used_at")
    def last_used(self, token: ApiToken) -> SafeString | str:
        return moment(token.last_used_at) if token.last_used_at else _("never")

    @admin.display(description=gettext_lazy("what you can do"))
    def switch(self, token: ApiToken) -> SafeString:
        """One click; the list is a form already, with its token. The address says to what, so it may be sent twice."""
        return format_html(
            '<button class="button" formaction="{}" formmethod="post">{}'
            '<span class="visually-hidden"> {}</span></button>',
            reverse(f"admin:checkout_apitoken_switch_{'off' if token.is_active else 'on'}", args=[token.pk]),
            _("Switch off") if token.is_active else _("Switch on"),
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
        context = {**self.admin_site.each_context(request), "opts": self.opts, "token": obj, "title": _("A new token")}
        return TemplateResponse(request, "admin/checkout/apitoken/made.html", context)

    def response_again(self, request: HttpRequest, note: LogEntry) -> HttpResponse:
        """The browser may have dropped the page with the text, and nobody can show that again."""
        answer = super().response_again(request, note)
        messages.warning(request, _("If you have not seen the text of this token, switch it off and add another one."))
        return answer

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
            raise Http404(_("There is no token %(number)s.") % {"number": object_id})
        if not _may_switch(request):
            raise PermissionDenied
        if ApiToken.objects.filter(pk=token.pk).exclude(is_active=on).update(is_active=on):
            self.log_change(request, token, note(Note.SWITCHED_ON if on else Note.SWITCHED_OFF))
            done = _("%(token)s was switched on.") if on else _("%(token)s was switched off.")
            messages.success(request, done % {"token": token})
        else:
            was = _("%(token)s was switched on already.") if on else _("%(token)s was switched off already.")
            messages.warning(request, was % {"token": token})
        return HttpResponseRedirect(reverse("admin:checkout_apitoken_changelist"))


def _may_switch(request: HttpRequest) -> bool:
    return request.user.has_perm("checkout.change_apitoken")
