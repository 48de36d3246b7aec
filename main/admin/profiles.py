"""People: agents and clients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from main.admin.guarded import GuardedAdmin
from main.meanwhile import MeanwhileForm
from main.models import UserProfile


@admin.register(UserProfile)
class ProfileAdmin(GuardedAdmin):
    form = MeanwhileForm
    raw_id_fields = ["user"]  # where the user cannot be searched for
    list_display = ["name", "role", "user", "can_sign_in", "codes"]
    list_filter = ["role", "user__is_active"]
    list_per_page = 50
    list_select_related = ["user"]
    show_facets = admin.ShowFacets.NEVER
    ordering = ["name", "pk"]
    readonly_fields = ["can_sign_in", "codes"]
    search_fields = ["folded_name", f"user__{get_user_model().USERNAME_FIELD}"]

    def view_on_site(self, profile: UserProfile) -> str:
        return reverse("profile", args=[profile.pk])

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """The user, if this site has an admin of users that can search."""
        users = get_user_model()
        if self.admin_site.is_registered(users) and self.admin_site.get_model_admin(users).search_fields:
            return ["user"]
        return []

    def get_fields(self, request: HttpRequest, obj: UserProfile | None = None) -> Any:
        return ["name", "role", "user", "can_sign_in", "codes"] if obj else ["name", "role", "user"]

    def get_readonly_fields(self, request: HttpRequest, obj: UserProfile | None = None) -> Any:
        """Keep the account of a person fixed: with another account, somebody else would get the agent's codes."""
        return [*self.readonly_fields, "user"] if obj else self.readonly_fields

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Propose the role agent: staff mostly add agents, and a code's form accepts only agents."""
        return {"role": UserProfile.Role.AGENT, **super().get_changeform_initial_data(request)}

    @admin.display(description="can sign in", boolean=True)
    def can_sign_in(self, profile: UserProfile) -> bool:
        return profile.user.is_active

    @admin.display(description="codes")
    def codes(self, profile: UserProfile) -> SafeString:
        url = reverse("admin:main_referralcode_changelist")
        return format_html(
            '<a href="{}?agent={}">Codes<span class="visually-hidden"> of {}</span></a>', url, profile.pk, profile
        )

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
        kept = UserProfile.objects.filter(pk__in=[profile.pk for profile in objs], referral_codes__isnull=False)
        protected = [
            f"{profile} has {profile.count} code{'' if profile.count == 1 else 's'}"
            for profile in kept.annotate(count=Count("referral_codes")).order_by("name", "pk")
        ]
        if protected:
            return [], {}, set(), protected
        return super().get_deleted_objects(objs, request)
