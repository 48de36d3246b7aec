"""The sign-in page, and what visitors choose for all pages: their time zone and their language."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from main import conf
from main.accounts import choices
from main.accounts.forms import SignInForm, ZoneForm
from main.accounts.next_page import next_page


class SignInView(LoginView):
    template_name = "main/accounts/sign_in.html"
    authentication_form = SignInForm

    def form_valid(self, form: Any) -> HttpResponse:
        """Django keeps the key of a session in which the same person signs in once more."""
        response = super().form_valid(form)
        self.request.session.cycle_key()
        return response

    def get_default_redirect_url(self) -> str:
        return reverse("admin:index") if self.request.user.is_staff else resolve_url(conf.login_redirect_url())


def choose_zone(request: HttpRequest) -> HttpResponse:
    """Keep the chosen zone, and go back to where the visitor came from."""
    form = ZoneForm(request.POST or None, initial={"zone": timezone.get_current_timezone_name()})
    if not form.is_valid():
        return render(request, "main/accounts/zone.html", {"form": form})
    response = HttpResponseRedirect(next_page(request, reverse("profile")))
    choices.keep(request, response, "zone", form.cleaned_data["zone"])
    return response


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language, if the site has it, and go back to the page that the visitor came from."""
    response = HttpResponseRedirect(next_page(request, reverse("profile")))
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        choices.keep(request, response, "language", chosen)
    return response
