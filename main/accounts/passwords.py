"""Passwords: the mail that resets one, and how often the old one may be guessed."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import BoundedSemaphore
from typing import Any

from django import forms
from django.contrib.auth import views as auth
from django.contrib.auth.forms import PasswordChangeForm, PasswordResetForm
from django.contrib.sites.shortcuts import get_current_site
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from main.accounts.choices import Reader, reader_of
from main.throttle import Rate, client_network

logger = logging.getLogger(__name__)

RESETS_OF_A_NETWORK = Rate("password resets of a network", "10 per hour")
RESETS_OF_AN_ACCOUNT = Rate("password resets of an account", "3 per hour")
OLD_PASSWORDS = Rate("old passwords", "10 per 15 minutes")

# One thread: a mail server that hangs stalls the mails alone. Python waits for it when the process ends.
_mails = ThreadPoolExecutor(1, "password mails")
MAILS_WAITING_AT_MOST = 100
_room = BoundedSemaphore(MAILS_WAITING_AT_MOST)


class OldPasswordForm(PasswordChangeForm):
    """Changes a password. Whoever comes to an open session must not guess the password without end."""

    required_css_class = "required"

    def clean_old_password(self) -> str:
        if not OLD_PASSWORDS.take(self.user.pk):
            raise forms.ValidationError(_("There were too many tries. Wait 15 minutes, then try again."), "throttled")
        return super().clean_old_password()


class ResetForm(PasswordResetForm):
    """Mails to each account in its own language; where it has chosen none, in that of the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._page = Reader.of_page()  # the mails are made by another thread

    def get_users(self, email: str) -> Iterator[Any]:
        """The accounts with this address, except those that got enough mails in the last hour."""
        return (user for user in super().get_users(email) if RESETS_OF_AN_ACCOUNT.take(user.pk))

    def send_mail(  # noqa: PLR0913, PLR0917 - as Django calls it
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        with override(reader_of(context["user"], self._page).language):
            super().send_mail(
                subject_template_name, email_template_name, context, from_email, to_email, html_email_template_name
            )


class PasswordResetView(auth.PasswordResetView):
    """Looks the address up and mails behind the page, which so takes as long for a stranger as for an agent."""

    form_class = ResetForm
    template_name = "main/accounts/password_reset.html"
    email_template_name = "main/accounts/password_reset_mail.txt"
    subject_template_name = "main/accounts/password_reset_subject.txt"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not RESETS_OF_A_NETWORK.take(client_network(request)):
            return render(request, "main/accounts/too_many_resets.html", status=429)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        send = partial(
            form.save,
            domain_override=get_current_site(self.request).domain,
            use_https=self.request.is_secure(),
            token_generator=self.token_generator,
            from_email=self.from_email,
            email_template_name=self.email_template_name,
            subject_template_name=self.subject_template_name,
            html_email_template_name=self.html_email_template_name,
            extra_email_context=self.extra_email_context,
        )
        if not send_behind_the_page(send):
            form.add_error(None, _("No mail can be sent at the moment. Try again in a few minutes."))
            return self.form_invalid(form)
        return HttpResponseRedirect(self.get_success_url())


def send_behind_the_page(send: Callable[[], object]) -> Future[None] | None:
    """Call `send` in another thread, which logs what it raises; None, and logged, if too many mails wait already."""
    if not _room.acquire(blocking=False):
        logger.error("%s mails about passwords wait already: one more was refused.", MAILS_WAITING_AT_MOST)
        return None
    return _mails.submit(_send, send)


def _send(send: Callable[[], object]) -> None:
    try:
        send()
    except Exception:  # whatever it is, mostly nobody else hears of it
        logger.exception("A mail about a password was not sent.")
        raise
    finally:
        _room.release()
        connections.close_all()
