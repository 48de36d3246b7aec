"""A second factor for staff, where SECOND_FACTOR is on: after the password, six digits from an app.

Whoever is of the staff and has no such device yet sets one up at the first sign-in. One that is lost is deleted by
somebody with a shell on the server (docs/security.md).
"""

from collections.abc import Callable
from typing import Any

import django_otp
import segno
from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex


class TokenForm(forms.Form):
    token = forms.CharField(
        label=_("Six digits from your app"), max_length=6,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )  # fmt: skip

    def __init__(self, device: TOTPDevice, *args: Any) -> None:
        super().__init__(*args)
        self._device = device

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"]
        if not self._device.verify_is_allowed()[0]:
            raise forms.ValidationError(_("There were wrong digits. Wait some seconds, then try the next ones."))
        if not self._device.verify_token(token):
            raise forms.ValidationError(_("These are not the digits of this half minute. They work once."))
        return token


def ask_staff(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: staff who have given the password alone get no page but the one that asks for the second factor."""

    def answer(request: Any) -> HttpResponse:
        open_to_all = (reverse("second_factor"), reverse("sign_out"), reverse("admin:logout"), reverse("health"))
        user = request.user
        if (user.is_staff or user.is_superuser) and not user.is_verified() and request.path not in open_to_all:
            return HttpResponseRedirect(f"{reverse('second_factor')}?{urlencode({'next': request.get_full_path()})}")
        return get_response(request)

    return answer


@login_required
@transaction.atomic
def second_factor(request: Any) -> HttpResponse:
    """Ask for the digits of the device; of one who has none, show the secret of a new device first."""
    devices = TOTPDevice.objects.select_for_update().filter(user=request.user)
    device = devices.order_by("-confirmed", "pk").first() or TOTPDevice.objects.create(
        user=request.user, name="second factor", confirmed=False
    )
    if not device.confirmed and request.method != "POST":
        # Each look makes a new secret: who looked before with the password alone knows none that will count.
        device.key = random_hex(20)
        device.save()
    form = TokenForm(device, request.POST or None)
    if form.is_valid():
        device.confirmed = True
        device.save()
        request.session.cycle_key()
        django_otp.login(request, device)
        wanted = request.GET.get("next", "")
        own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
        return HttpResponseRedirect(wanted) if own and wanted.startswith("/") else redirect("profile")
    context: dict[str, Any] = {"form": form}
    if not device.confirmed:
        code = segno.make(device.config_url)
        context |= {
            "secret": device.config_url.partition("secret=")[2].partition("&")[0],
            "code": mark_safe(code.svg_inline(scale=5, border=2, light="white")),  # noqa: S308 - paths, no text
        }
    return render(request, "main/accounts/second_factor.html", context)


urlpatterns = [path("", second_factor, name="second_factor")]
