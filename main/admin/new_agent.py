"""The form of a new agent or client: the person and the account at once, or an account that exists already."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from main.accounts.users import new_user, signs_in_by_email
from main.models import UserProfile


def makes_accounts(person: Any) -> bool:
    """Whether `person` may make accounts, and a name and an e-mail address are all that an account needs here."""
    users = get_user_model()
    needed = {*users.REQUIRED_FIELDS} - {users.get_email_field_name()}
    return not needed and bool(person.has_perm(f"{users._meta.app_label}.add_{users._meta.model_name}"))


class NewAgentForm(forms.ModelForm):  # type: ignore[type-arg] # generic for the stubs only
    """Makes an account without a password, or takes one that exists."""

    account: Any = None  # the new one, once the form is valid

    email = forms.EmailField(label=gettext_lazy("E-mail address"), required=False)
    user_name = forms.CharField(
        label=gettext_lazy("User name"), required=False, help_text=gettext_lazy("With this name the person signs in.")
    )
    invitation = forms.BooleanField(
        label=gettext_lazy("Send an invitation"), required=False, initial=True,
        help_text=gettext_lazy("A mail with a link by which the person chooses a password."),
    )  # fmt: skip

    class Meta:
        model = UserProfile
        fields = ["name", "role", "user"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].required = False
        if signs_in_by_email():
            del self.fields["user_name"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        email, name = given.get("email", ""), given.get("user_name", "")
        if given.get("user"):
            if email or name:
                raise ValidationError(_("Choose an account that exists, or say what a new one needs; not both."))
            return given
        if self.errors:
            return given
        signs_in_with = "email" if signs_in_by_email() else "user_name"
        if not given[signs_in_with]:
            self.add_error(signs_in_with, _("A new account needs this. Or choose an account that exists."))
        elif given["invitation"] and not email:
            self.add_error("email", _("An invitation needs an address."))
        else:
            self.account = self._new_account(name, email)
        return given

    def _new_account(self, name: str, email: str) -> Any:
        """An account without a password, not saved yet; what is wrong with it becomes errors of this form."""
        users = get_user_model()
        fields = {users.USERNAME_FIELD: "user_name", users.get_email_field_name(): "email"}
        account = new_user(name, email)
        account.set_unusable_password()
        try:
            account.full_clean()
        except ValidationError as error:
            for field, messages in error.message_dict.items():
                self.add_error(fields.get(field), messages)
        # Capitals do not make another address, nor another name for the eye.
        for field, ours in fields.items():
            text = getattr(account, field)
            taken = text and users._default_manager.filter(**{f"{field}__iexact": text}).exists()
            if taken and ours not in self.errors:
                self.add_error(ours, _("An account with this exists already: choose it below."))
        return account
