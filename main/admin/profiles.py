"""People: agents and clients, with what their codes do, and their accounts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from main.accounts.users import address_of, signs_in_by_email
from main.admin.accounts import invite_view, may_invite, may_switch, send_invitation, switch_view
from main.admin.display import labelled, moment, yes_or_no
from main.admin.guarded import GuardedAdmin
from main.admin.new_agent import NewAgentForm, makes_accounts
from main.admin.notes import Note, note
from main.admin.strict import StrictChangeList
from main.codes.by_agent import Codes, codes_by_agent
from main.codes.counting import counted, in_figures
from main.codes.meanwhile import MeanwhileForm
from main.models import ReferralCode, UserProfile

EMAIL = f"user__{get_user_model().get_email_field_name()}"
USER_NAME = f"user__{get_user_model().USERNAME_FIELD}"
OF_CODES = ["working", "stops_next", "latest", "codes"]


class ProfileChangeList(StrictChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Give each person of the page what the list tells of the codes, and whether the account may be switched."""
        super().get_results(request)
        people = list(self.result_list)
        told = codes_by_agent(people, timezone.now()) if request.user.has_perm("main.view_referralcode") else {}
        for person in people:
            person.told = told.get(person.pk)
            person.may_be_switched = may_switch(request, person)


@admin.register(UserProfile)
class ProfileAdmin(GuardedAdmin):
    taken = gettext_lazy("Nothing was saved: this account was created by someone else just now.")
    form = MeanwhileForm
    raw_id_fields = ["user"]  # where the user cannot be searched for
    list_display = ["name", "role", "email", "can_sign_in", "switch", *OF_CODES]
    list_filter = ["role", "user__is_active"]
    list_per_page = 50
    list_select_related = ["user"]
    show_facets = admin.ShowFacets.NEVER
    ordering = ["folded_name", "pk"]  # "Άννα" stands beside "Αντώνης", whatever the database knows of alphabets
    readonly_fields = ["can_sign_in", "email", "codes"]
    search_fields = ["folded_name", USER_NAME, *({EMAIL} - {USER_NAME})]

    class Media:
        js = ["main/admin_labels.js"]

    def view_on_site(self, profile: UserProfile) -> str:
        return reverse("profile", args=[profile.pk])

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """The user, if this site has an admin of users that can search."""
        users = get_user_model()
        if self.admin_site.is_registered(users) and self.admin_site.get_model_admin(users).search_fields:
            return ["user"]
        return []

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without codes, for people who may not view them."""
        hidden = [] if request.user.has_perm("main.view_referralcode") else OF_CODES
        return [column for column in self.list_display if column not in hidden]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ProfileChangeList]:
        return ProfileChangeList

    def get_form(self, request: Any, obj: UserProfile | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None and makes_accounts(request.user):
            kwargs["form"] = NewAgentForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: UserProfile | None = None) -> Any:
        return ["name", "role", "user", "email", "can_sign_in", "codes"]

    def get_fieldsets(self, request: HttpRequest, obj: UserProfile | None = None) -> Any:
        """For a new person: one form for the person and the account."""
        if obj:
            return super().get_fieldsets(request, obj)
        if not makes_accounts(request.user):
            return [(None, {"fields": ["name", "role", "user"]})]
        new = [*([] if signs_in_by_email() else ["user_name"]), "email", "invitation"]
        return [
            (None, {"fields": ["name", "role"]}),
            (_("A new account"), {"fields": new}),
            (_("Or an account that exists"), {"fields": ["user"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: UserProfile | None = None) -> Any:
        """Keep the account of a person fixed: with another account, somebody else would get the agent's codes."""
        return [*self.readonly_fields, "user"] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Propose the role agent: staff mostly add agents, and a code's form accepts only agents."""
        return {"role": UserProfile.Role.AGENT, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: UserProfile, form: Any, change: bool) -> None:
        """Store a new account with its person. The invitation is mailed once both are stored."""
        if account := getattr(form, "account", None):
            account.save()
            obj.user = account
            self.log_addition(request, account, note(Note.ADDED_FOR, person=obj.name))
        super().save_model(request, obj, form, change)
        if account and form.cleaned_data["invitation"]:
            transaction.on_commit(partial(send_invitation, request, obj))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if agent := kwargs.get("obj"):
            context |= {"may_switch": may_switch(request, agent), "may_invite": may_invite(request, agent)}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        switch, invite = map(self.admin_site.admin_view, (self.switch_account, self.invite))
        return [
            path("<path:object_id>/switch/", switch, name="main_userprofile_switch"),
            path("<path:object_id>/invite/", invite, name="main_userprofile_invite"),
            *super().get_urls(),
        ]

    def switch_account(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return switch_view(request, self._person(request, object_id), self)

    def invite(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return invite_view(request, self._person(request, object_id))

    def _person(self, request: HttpRequest, object_id: str) -> UserProfile:
        person: UserProfile | None = self.get_object(request, object_id)
        if person is None or not self.has_view_permission(request, person):
            raise Http404(_("There is no person %(number)s.") % {"number": object_id})
        return person

    @admin.display(description=gettext_lazy("e-mail"), ordering=EMAIL)
    def email(self, profile: UserProfile) -> str:
        return address_of(profile.user)

    @admin.display(description=gettext_lazy("can sign in"), ordering="user__is_active")
    def can_sign_in(self, profile: UserProfile) -> SafeString:
        return labelled(_("Can sign in"), yes_or_no(profile.user.is_active))

    @admin.display(description=gettext_lazy("work now"))
    def working(self, profile: UserProfile) -> SafeString:
        hidden = _("codes that work of %(person)s") % {"person": profile}
        link = _codes_link(profile, in_figures(_told(profile).working), hidden, "&state=working")
        return labelled(_("Work now"), link)

    @admin.display(description=gettext_lazy("stops next"))
    def stops_next(self, profile: UserProfile) -> SafeString:
        code, when = _told(profile).next_to_stop, pgettext("code", "none")
        if code and code.expires_at:
            when = format_html("{} {}", _code_link(code), moment(code.expires_at))
        return labelled(_("Stops next"), when)

    @admin.display(description=gettext_lazy("latest code"))
    def latest(self, profile: UserProfile) -> SafeString:
        code = _told(profile).latest
        return labelled(_("Latest"), _code_link(code) if code else pgettext("code", "none"))

    @admin.display(description=gettext_lazy("codes"))
    def codes(self, profile: UserProfile) -> SafeString:
        return _codes_link(profile, _("Codes"), _("of %(person)s") % {"person": profile})

    @admin.display(description=gettext_lazy("account"))
    def switch(self, profile: Any) -> SafeString | str:
        if not profile.may_be_switched:
            return ""
        url = reverse("admin:main_userprofile_switch", args=[profile.pk])
        word = _("Switch off") if profile.user.is_active else _("Switch on")
        return format_html('<a href="{}">{}<span class="visually-hidden"> {}</span></a>', url, word, profile)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[UserProfile], search_term: str
    ) -> tuple[QuerySet[UserProfile], bool]:
        """Offer only agents when staff choose the agent of a code."""
        if request.GET.get("field_name") == "agent":
            queryset = queryset.filter(role=UserProfile.Role.AGENT)
        return super().get_search_results(request, queryset, search_term)

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Keep people with codes. Name each person with the number of codes, not with every code."""
        counts = {profile: counted(profile.referral_codes.all()) for profile in objs}
        protected = [
            ngettext("%(person)s has %(count)s code", "%(person)s has %(count)s codes", count)
            % {"person": profile, "count": in_figures(count)}
            for profile, count in counts.items()
            if count
        ]
        if protected:
            return [], {}, set(), protected
        return super().get_deleted_objects(objs, request)


def _told(profile: Any) -> Codes:
    told: Codes = profile.told
    return told


def _code_link(code: ReferralCode) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("admin:main_referralcode_change", args=[code.pk]), code)


def _codes_link(profile: UserProfile, text: str, hidden: str, query: str = "") -> SafeString:
    """A link to the codes of `profile` in the list; screen readers say `hidden` behind its `text`."""
    url = f"{reverse('admin:main_referralcode_changelist')}?agent={profile.pk}{query}"
    return format_html('<a href="{}">{}<span class="visually-hidden"> {}</span></a>', url, text, hidden)
