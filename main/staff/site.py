"""The admin site with the staff's name, sign-in page and front page."""

from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from main.accounts.forms import StaffSignInForm
from main.accounts.passwords import OldPasswordForm
from main.models import CodeImport, ExpirationRun, ReferralCode, UserProfile
from main.staff.chart import chart_of
from main.staff.dashboard import Dashboard
from main.staff.decisions import decisions
from main.staff.words_of_scripts import WordsOfScripts

# The order of our models on the front page; others follow.
FIRST = [ReferralCode, UserProfile, ExpirationRun, CodeImport]


class StaffSite(AdminSite):
    site_header = _("Knossos staff")
    site_title = _("Knossos staff")
    index_title = _("Referral codes")
    index_template = "admin/dashboard.html"
    enable_nav_sidebar = False  # there are few models, and the list needs the width
    login_template = "admin/staff_login.html"
    login_form = StaffSignInForm

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's, but with a limit to guesses of the old password."""
        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=OldPasswordForm,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def i18n_javascript(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return WordsOfScripts.as_view()(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the figures, but only to people who may view codes."""
        context = dict(extra_context or {})
        if request.user.has_perm("main.view_referralcode"):
            dashboard = Dashboard.now()
            context |= {
                "dashboard": dashboard,
                "chart": chart_of(dashboard.weeks, timezone.localdate()),
                "decisions": decisions(request, dashboard),
            }
        return super().index(request, context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """The codes first, with what belongs to them; then the other apps; Django's own, with the accounts, last."""
        found = super().get_app_list(request, app_label)
        for app in found:
            app["models"].sort(key=_place_of_model)
        return sorted(found, key=_place_of_app)


def _place_of_model(found: dict[str, Any]) -> int:
    return FIRST.index(found["model"]) if found["model"] in FIRST else len(FIRST)


def _place_of_app(found: dict[str, Any]) -> tuple[bool, bool]:
    name = apps.get_app_config(found["app_label"]).name
    return name != "main", name.startswith("django.")
