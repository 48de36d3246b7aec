"""The admin site with the staff's name, sign-in page and front page."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from main.accounts.forms import StaffSignInForm
from main.accounts.passwords import OldPasswordForm
from main.staff.chart import chart_of
from main.staff.dashboard import Dashboard


class StaffSite(AdminSite):
    site_header = "Knossos staff"
    site_title = "Knossos staff"
    index_title = "Referral codes"
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

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the figures, but only to people who may view codes."""
        context = dict(extra_context or {})
        if request.user.has_perm("main.view_referralcode"):
            dashboard = Dashboard.now()
            context |= {"dashboard": dashboard, "chart": chart_of(dashboard.weeks)}
        return super().index(request, context)
