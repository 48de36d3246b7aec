"""The forms of signing in, and of the time zone."""

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from main.accounts.zone import zones


class SignInForm(AuthenticationForm):
    """Says that an account is switched off, to one who knows its password; all others read what they always read."""

    def get_invalid_login_error(self) -> ValidationError:
        if self._password_of_account_that_is_off():
            return ValidationError(
                _("This account is switched off, so nobody can sign in with it. Ask the office to switch it on."),
                "inactive",
            )
        return super().get_invalid_login_error()

    def _password_of_account_that_is_off(self) -> bool:
        if getattr(self.request, "axes_locked_out", False):  # the page that says so takes the place of ours
            return False
        users = get_user_model()
        try:
            user = users._default_manager.get_by_natural_key(self.cleaned_data["username"])
        except users.DoesNotExist:
            user = None
        # One more hash for every name and password, known or not: how long it takes tells nobody anything.
        password = user.password if user else UNUSABLE_PASSWORD_PREFIX
        return check_password(self.cleaned_data["password"], password) and not (user and user.is_active)


class StaffSignInForm(SignInForm, AdminAuthenticationForm):
    """The same for the admin."""


class ZoneForm(forms.Form):
    zone = forms.ChoiceField(
        label=_("Time zone"), choices=lambda: [(name, name.replace("_", " ")) for name in zones()]
    )
